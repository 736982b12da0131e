"""Questions and answers: what each type of question accepts, which questions apply, and which one is next."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email

from app.kernel.crypto import sha256
from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.json_types import JsonObject
from app.kernel.text import normalization
from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.bounds import UNBOUNDED, Bounds, default

Answer = str | bool | int | float | list[str]
"""The JSON value of an answer; its type follows from the question's."""

LIMITS = {QuestionType.NAME: 200, QuestionType.TEXT: 200, QuestionType.LONGTEXT: 5000}
"""Most characters of an answer that is text."""
_KEEP = "\t\n"
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` goes into the submission, `label` is what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Condition:
    """The question is asked only when the earlier question `key` was answered with one of `values`."""

    key: str
    values: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A criterion in machine-readable form. It colours a badge; it never decides anything."""

    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Answer, ...] = ()

    def met(self, value: Answer) -> bool | None:
        """Whether an answer meets it; None when that cannot be computed."""
        if self.one_of:
            given = value if isinstance(value, list) else [value]
            return all(any(type(g) is type(w) and g == w for w in self.one_of) for g in given)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Question:
    """One step of the chat. `key` names the answer in the submission, `criterion` is what staff read it against.

    `headline` answers are the few facts that staff see in the list, under their `short` name.
    """

    key: str
    label: str
    type: QuestionType
    required: bool = True
    hint: str = ""
    options: tuple[Option, ...] = ()
    criterion: str = ""
    expects: Expectation | None = None
    condition: Condition | None = None
    headline: bool = False
    short: str = ""
    bounds: Bounds = UNBOUNDED

    @classmethod
    def read(cls, stored: JsonObject) -> "Question":
        """A question as a version of a questionnaire stores it."""
        condition, expects, kind = stored.get("condition"), stored.get("expects"), QuestionType(stored["type"])
        return cls(
            key=stored["key"],
            label=stored["label"],
            type=kind,
            required=stored.get("required", True),
            hint=stored.get("hint", ""),
            options=tuple(Option(o["value"], o["label"]) for o in stored.get("options", ())),
            criterion=stored.get("criterion", ""),
            expects=Expectation(expects.get("at_least"), expects.get("at_most"), tuple(expects.get("one_of", ())))
            if expects
            else None,
            condition=Condition(condition["key"], tuple(condition["values"])) if condition else None,
            headline=stored.get("headline", False),
            short=stored.get("short", ""),
            bounds=Bounds.read(stored["bounds"]) if "bounds" in stored else default(stored["key"], kind),
        )

    def met(self, submission: Submission) -> bool | None:
        """Whether the answer meets the criterion; None when only a reader can say."""
        if self.expects is None or self.key not in submission:
            return None
        return self.expects.met(submission[self.key])

    def label_of(self, value: Answer) -> str:
        """The label of a chosen value; the value itself when the option is gone."""
        return next((o.label for o in self.options if o.value == value), str(value))


def read_questions(stored: Sequence[JsonObject]) -> tuple[Question, ...]:
    return tuple(Question.read(question) for question in stored)


def applicable(questions: Sequence[Question], submission: Submission) -> list[Question]:
    """The questions this prospect is asked, in order, given the answers so far."""
    asked: dict[str, Question] = {}
    for question in questions:
        condition = question.condition
        if condition is None or (condition.key in asked and _meets(condition, submission.get(condition.key))):
            asked[question.key] = question
    return list(asked.values())


def _meets(condition: Condition, value: Answer | None) -> bool:
    given = value if isinstance(value, list) else [value]
    return any(type(one) is type(wanted) and one == wanted for one in given for wanted in condition.values)


def next_question(
    questions: Sequence[Question], submission: Submission, left_empty: Collection[str] | None = None
) -> str | None:
    """The key of the first question that is due: neither answered nor, where that is possible, left empty.

    None when everything was asked, and the answers can be reviewed.
    """
    for question in applicable(questions, submission):
        if question.key not in submission and (question.required or question.key not in (left_empty or ())):
            return question.key
    return None


def missing(questions: Sequence[Question], submission: Submission) -> list[Question]:
    """Required questions without an answer."""
    return [q for q in applicable(questions, submission) if q.required and q.key not in submission]


def with_answer(
    questions: Sequence[Question], submission: Submission, question: Question, value: Answer | None
) -> Submission:
    """The answers with one more, in the questionnaire's order, without those whose question is no longer asked."""
    given = {**submission, question.key: value}
    if value is None:
        given.pop(question.key)
    asked = applicable(questions, given)
    return {q.key: given[q.key] for q in asked if q.key in given}


def still_left_empty(
    questions: Sequence[Question], submission: Submission, left_empty: Collection[str] | None, asked: str
) -> list[str]:
    """The questions that were asked and left empty, after `asked` was the latest that was asked."""
    return [
        question.key
        for question in applicable(questions, submission)
        if question.key not in submission and (question.key == asked or question.key in (left_empty or ()))
    ]


def seen(submission: Submission) -> dict[str, str]:
    """What a prospect reviews: a digest of each answer by its key. It travels in the form that sends the answers."""
    return {key: sha256(json.dumps(value))[:16] for key, value in submission.items()}


def changed(reviewed: Mapping[str, str] | None, submission: Submission) -> set[str]:
    """The keys of the answers that are others than those that were reviewed. None: nothing was shown before."""
    if reviewed is None:
        return set()
    current = seen(submission)
    return {key for key in current.keys() | reviewed.keys() if current.get(key) != reviewed.get(key)}


def check_reviewed(reviewed: Mapping[str, str] | None, submission: Submission) -> None:
    """Whether these are the answers that were reviewed."""
    if changed(reviewed, submission):
        raise Conflict(
            "Your answers changed after you looked at them. Nothing was sent. Please look at them again.",
            code="answers.changed",
        )


def check_complete(questions: Sequence[Question], submission: Submission) -> None:
    """Whether the answers can be sent."""
    left = missing(questions, submission)
    if left:
        raise Invalid(
            f"One question still needs an answer: {left[0].label}"
            if len(left) == 1
            else f"{len(left)} questions still need an answer, the first is: {left[0].label}",
            code="session.incomplete",
            errors=[FieldError(q.key, "required", "This question needs an answer.") for q in left],
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who answers: the language in which they type numbers, and the day where they are; None knows no day."""

    locale: str = "en"
    today: date | None = None

    @classmethod
    def of(cls, locale: str, time_zone: str, now: datetime) -> "Reader":
        return cls(locale, now.astimezone(ZoneInfo(time_zone)).date())


def check_answer(question: Question, typed: Sequence[str], reader: Reader = Reader()) -> Answer | None:
    """The JSON value of what was typed or picked, or None for an optional question left empty.

    Raises Invalid with a sentence that says what would be accepted and does not repeat the input.
    """
    values = [storable(value) for value in typed]
    values = [value for value in values if value]
    if not values:
        if question.required:
            raise _wrong(question, "required", _EMPTY.get(question.type, "Please answer this question."))
        return None
    if question.type is QuestionType.CHOICES:
        return _choices(question, values, reader)
    value = _READERS[question.type](question, values[0], reader)
    if isinstance(value, str) and question.type is QuestionType.DATE:
        _check_bounds(question, date.fromisoformat(value), reader)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_bounds(question, value, reader)
    return value


def storable(value: str) -> str:
    """The text as it is read, without what cannot be stored."""
    value = "".join(c for c in value if c in _KEEP or c == "\r" or unicodedata.category(c) not in ("Cc", "Cs"))
    return normalization.text(value)


_BOUNDS = {
    "not_whole": "Please write a whole number.",
    "too_small": "Please write a number of at least {}.",
    "too_large": "Please write a number of at most {}.",
    "too_early": "Please write a date that is not before {}.",
    "too_late": "Please write a date that is not after {}.",
}


def _check_bounds(question: Question, value: float | date, reader: Reader) -> None:
    code = question.bounds.broken_by(value, reader.today)
    if code:
        raise _wrong(question, code, _BOUNDS[code].format(question.bounds.limit(code, reader.today)))


_EMPTY = {
    QuestionType.YESNO: "Please choose yes or no.",
    QuestionType.CHOICE: "Please choose one of the answers.",
    QuestionType.CHOICES: "Please choose at least one of the answers.",
}


def _wrong(question: Question, code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="answer.invalid", errors=[FieldError(question.key, code, sentence)])


def _text(question: Question, value: str, _reader: Reader) -> str:
    limit = LIMITS[question.type]
    if len(value) > limit:
        raise _wrong(question, "too_long", f"Please shorten this: at most {limit:,} characters fit here.")
    return value if question.type is QuestionType.LONGTEXT else " ".join(value.split())


def _name(question: Question, value: str, reader: Reader) -> str:
    return normalization.name(_text(question, value, reader))


def _number(question: Question, value: str, reader: Reader) -> int | float:
    try:
        return normalization.number(value, reader.locale)
    except normalization.Ambiguous:
        sentence = "This can be read as two numbers. Please write it again without a mark for thousands."
        raise _wrong(question, "two_readings", sentence) from None
    except normalization.NotANumber:
        sentence = "Please write a number in digits, for example 2500 or 2500.50."
        raise _wrong(question, "not_a_number", sentence) from None


def _date(question: Question, value: str, _reader: Reader) -> str:
    found = _DATE.fullmatch(normalization.plain(value))
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _wrong(question, "not_a_date", "Please write a date as year-month-day, for example 2027-04-01.")
    if not 1900 <= day.year <= 2200:
        raise _wrong(question, "not_a_date", "Please write a date between 1900 and 2200.")
    return day.isoformat()


def _yesno(question: Question, value: str, _reader: Reader) -> bool:
    if value not in ("yes", "no"):
        raise _wrong(question, "not_a_choice", "Please choose yes or no.")
    return value == "yes"


def _choice(question: Question, value: str, _reader: Reader) -> str:
    if value not in (option.value for option in question.options):
        raise _wrong(question, "not_a_choice", "Please choose one of the answers.")
    return value


def _choices(question: Question, values: Sequence[str], reader: Reader) -> list[str]:
    chosen = {_choice(question, value, reader) for value in values}
    return [option.value for option in question.options if option.value in chosen]


def _email(question: Question, value: str, _reader: Reader) -> str:
    try:
        return validate_email(normalization.email(value), check_deliverability=False).normalized
    except EmailNotValidError:
        raise _wrong(
            question, "not_an_email", "Please check this e-mail address. It should look like name@example.com."
        ) from None


def _phone(question: Question, value: str, _reader: Reader) -> str:
    number = normalization.telephone(value)
    if not number:
        raise _wrong(question, "not_a_phone", "Please write the number in digits, for example +1 555 010 4477.")
    return number


_READERS = {
    QuestionType.NAME: _name,
    QuestionType.TEXT: _text,
    QuestionType.LONGTEXT: _text,
    QuestionType.NUMBER: _number,
    QuestionType.DATE: _date,
    QuestionType.YESNO: _yesno,
    QuestionType.CHOICE: _choice,
    QuestionType.EMAIL: _email,
    QuestionType.PHONE: _phone,
}


class Person(NamedTuple):
    """The prospect, as far as the answers say: columns of the prescreen."""

    name: str = ""
    email: str | None = None
    phone: str | None = None


def person(questions: Sequence[Question], submission: Submission) -> Person:
    """Name, e-mail and phone as given in this session: the first answered question of each type."""

    def first(kind: QuestionType) -> str | None:
        return next((submission[one.key] for one in questions if one.type is kind and one.key in submission), None)

    return Person(first(QuestionType.NAME) or "", first(QuestionType.EMAIL), first(QuestionType.PHONE))
