"""Answers beside their criteria: what is met, by how much it is missed, and what a person reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from app.kernel.text.i18n import Translator
from app.prescreens.answer_files import AnswerFile
from app.prescreens.models import Inquiry, QuestionType, Submission
from app.prescreens.presentation.files import FileRow, file_rows
from app.prescreens.presentation.questions import ENGLISH, answer_text
from app.prescreens.rules.contradictions import contradictions
from app.prescreens.rules.files import named
from app.prescreens.rules.inquiries import asked_questions
from app.prescreens.rules.questions import Answer, Question, applicable

LONG_ANSWER = 280
"""Number of characters above which the page shows only the beginning of an answer, with the rest folded away."""


class AnswerRow(NamedTuple):
    """An answer beside its criterion. `met` is None when only a reader can say; `asked` is false without an answer;
    `distance` is how far it is from the criterion; `free` marks text written at length that has none."""

    question: str
    answer: str
    criterion: str = ""
    met: bool | None = None
    asked: bool = True
    long: bool = False
    short: str = ""
    distance: str = ""
    free: bool = False
    files: Sequence[FileRow] = ()


def answer_rows(
    questions: Sequence[Question],
    submission: Submission,
    t: Translator = ENGLISH,
    files: Mapping[str, AnswerFile] | None = None,
) -> list[AnswerRow]:
    """Every question that is due with its answer, in order; at the end answers that the questionnaire does not know.

    `files` are those that are kept, by their SHA-256; without them answers name theirs only.
    """
    due = {question.key for question in applicable(questions, submission)}
    rows = [
        AnswerRow(
            question.label,
            answer_text(question, submission.get(question.key), t),
            question.criterion,
            question.met(submission),
            question.key in submission,
            question.type is not QuestionType.FILE and len(str(submission.get(question.key, ""))) > LONG_ANSWER,
            question.name,
            distance(question, submission.get(question.key), t),
            question.type is QuestionType.LONGTEXT and question.key in submission and not question.criterion,
            file_rows(submission.get(question.key), files, t)
            if files is not None and question.type is QuestionType.FILE
            else (),
        )
        for question in questions
        if question.key in submission or question.key in due
    ]
    known = {question.key for question in questions}
    rows += [
        AnswerRow(key, answer_text(None, value, t), short=key) for key, value in submission.items() if key not in known
    ]
    return rows


def distance(question: Question, value: Answer | None, t: Translator = ENGLISH) -> str:
    """How far a number is from its criterion: `850 short`, `2 over`; empty where it meets it or cannot be computed."""
    expects = question.expects
    if expects is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if expects.at_least is not None and value < expects.at_least:
        short = _amount(question.type, question.currency, _difference(expects.at_least, value), t)
        return t("distance_short", amount=short)
    if expects.at_most is not None and value > expects.at_most:
        over = _amount(question.type, question.currency, _difference(value, expects.at_most), t)
        return t("distance_over", amount=over)
    return ""


@lru_cache(maxsize=4096)
def _amount(type: QuestionType, currency: str, value: float, t: Translator) -> str:
    """A number as answers of this type are written; lists ask for it in every row."""
    return answer_text(Question("", "", type, currency=currency), value, t)


def _difference(more: float, less: float) -> float:
    """The difference of two numbers as they are written, 0.3 of 1.1 and 0.8."""
    return float(Decimal(str(more)) - Decimal(str(less)))


class Verdicts(NamedTuple):
    """Answers by what their criteria say: not met, to be read by a person, met, and those without a criterion."""

    not_met: Sequence[AnswerRow]
    to_read: Sequence[AnswerRow]
    met: Sequence[AnswerRow]
    plain: Sequence[AnswerRow]


def verdicts(answers: Sequence[AnswerRow]) -> Verdicts:
    """The answers by verdict, each in the order of the questionnaire. Text written at length is shown by itself."""
    ruled = [answer for answer in answers if answer.criterion]
    return Verdicts(
        [answer for answer in ruled if answer.met is False],
        [answer for answer in ruled if answer.met is None],
        [answer for answer in ruled if answer.met],
        [answer for answer in answers if not answer.criterion and not answer.free],
    )


def headlines(questions: Sequence[Question], submission: Submission) -> list[tuple[str, str]]:
    """The few answers that the list shows: (short name, answer)."""
    found = [
        (question.short or question.label, answer_text(question, submission[question.key]))
        for question in questions
        if question.headline and question.key in submission
    ]
    return found[:2]


def missed(questions: Sequence[Question], submission: Submission) -> list[str]:
    """The criteria that are known to be not met, each in a few words: `Budget 850 short`, `Pets not met`."""
    return [
        f"{question.name} {distance(question, submission.get(question.key)) or 'not met'}"
        for question in questions
        if question.met(submission) is False
    ]


def csv_heads(questions: Iterable[Question], taken: Iterable[str]) -> list[tuple[str, str]]:
    """The heads of the questions' columns by key: their names, with the key where another column is called so."""
    names = {question.key: question.name for question in questions}
    often = Counter([*names.values(), *taken])
    return [(key, f"{name} ({key})" if often[name] > 1 else name) for key, name in names.items()]


def csv_value(value: Answer | None) -> str | int | float:
    """An answer as a cell: numbers stay numbers, and of files their names are said."""
    files = named(value)
    if files and all(each.sha256 for each in files):
        return ", ".join(each.name for each in files)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return answer_text(None, value)


class InquiryRow(NamedTuple):
    """What was asked again: by whom and when, the questions, when it was answered, and the answers as they were."""

    asked_by: str
    asked_at: datetime
    answered_at: datetime | None
    questions: Sequence[str]
    text: str
    former: Sequence[tuple[str, str]]


def inquiry_row(inquiry: Inquiry, questions: Sequence[Question], t: Translator = ENGLISH) -> InquiryRow:
    """An inquiry as the page shows it."""
    known = {question.key: question for question in questions}
    former = (inquiry.former or {}).items()
    return InquiryRow(
        inquiry.asked_by,
        inquiry.asked_at,
        inquiry.answered_at,
        [question.name for question in asked_questions(inquiry, questions)],
        inquiry.text,
        [(known[key].name if key in known else key, answer_text(known.get(key), value, t)) for key, value in former],
    )


class ContradictionRow(NamedTuple):
    """Two things that do not go together, in words; the first is in bold. `key` is the question to ask again."""

    key: str

    answer: str
    against: str


def contradiction_rows(questions: Sequence[Question], submission: Submission, sent_on: date) -> list[ContradictionRow]:
    """The contradictions within the answers, as the page shows them."""
    asked = {question.key: question for question in questions}
    rows = []
    for found in contradictions(questions, submission, sent_on):
        answer = f"{asked[found.key].name}: {answer_text(asked[found.key], found.value)}"
        past = "which was over when the answers were sent."
        rows.append(ContradictionRow(found.key, answer, past if found.kind == "past" else f"but also “{found.other}”."))
    return rows
