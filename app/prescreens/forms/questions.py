"""The editor of a questionnaire: what is typed for a question, and the question that it makes."""

from collections.abc import Sequence

from flask import request
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField

from app.kernel.errors import FieldError, Invalid
from app.kernel.json_types import JsonObject
from app.kernel.text import normalization
from app.kernel.web.forms import NOT_CHECKED, DeskForm, NameField, VersionedForm, at_most, choices, needed, optional
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import QuestionType
from app.prescreens.rules.bounds import Bounds
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.questionnaires import LENGTHS, MOST, Content, values_of
from app.prescreens.rules.questions import Answer, Clause, Condition, Expectation, Option, Question
from app.prescreens.rules.texts import OUTCOMES

TYPE_CHOICES = choices(*((type.value, kind.title[0].upper() + kind.title[1:]) for type, kind in TYPES.items()))
TESTS = choices(("", "is not looked at"), ("one_of", "is"), ("at_least", "is at least"), ("answered", "is answered"))
ROWS = 3
"""Rows for the parts of a condition; one that has more gets more."""


class MakeForm(DeskForm):
    """A new questionnaire: its name, and what it starts from (a ready-made one, a copy, nothing)."""

    name = NameField("Name", validators=[needed("Type a name."), at_most(LENGTHS["name"])])
    start = RadioField("Start from", validators=[needed("Choose what to start from.")])
    organization = SelectField("Organization", validators=[optional()])


class RenameForm(VersionedForm):
    name = NameField("Name", validators=[needed("Type a name."), at_most(LENGTHS["name"])])


class IntroductionForm(VersionedForm):
    introduction = TextAreaField("Introduction", validators=[at_most(LENGTHS["introduction"])])


class TextsForm(VersionedForm):
    """The language of a draft, and what is said once the answers are sent and in the e-mail of each decision."""

    language = SelectField(
        "Language", choices=choices(("", "That of the organization"), *TRANSLATIONS.languages.items())
    )
    closing_sent = TextAreaField("Closing words: sent", validators=[at_most(LENGTHS["closing"])])
    closing_approved = TextAreaField("Closing words: approved", validators=[at_most(LENGTHS["closing"])])
    closing_denied = TextAreaField("Closing words: denied", validators=[at_most(LENGTHS["closing"])])

    @classmethod
    def of(cls, content: Content, revision: int) -> "TextsForm":
        """The form of a draft."""
        words = {f"closing_{outcome}": getattr(content.closing, outcome) for outcome in OUTCOMES}
        return cls(formdata=None, data={**words, "language": content.language, "version": revision})


class AddForm(VersionedForm):
    """A question at the end of the draft."""

    label = StringField("Question", validators=[needed("Write the question."), at_most(LENGTHS["label"])])
    type = SelectField("Answer", choices=TYPE_CHOICES)


class ReasonsForm(VersionedForm):
    """The reasons of denials, one a line."""

    reasons = TextAreaField("Reasons, one a line")


class PublishForm(VersionedForm):
    """The reason of a version."""

    reason = TextAreaField("Why this change?", validators=[at_most(LENGTHS["reason"])])


class QuestionForm(VersionedForm):
    """Everything that a question says besides its type, which says what fields it takes (rules/question_types)."""

    label = StringField("Question", validators=[needed("Write the question."), at_most(LENGTHS["label"])])
    short = StringField("Short name", validators=[at_most(LENGTHS["short"])])
    key = StringField("Key", description="The name of the answer in the API.")
    hint = StringField("Help", validators=[at_most(LENGTHS["hint"])])
    required = BooleanField("Required")
    headline = BooleanField("Show in the list")
    hidden = BooleanField("Hide at the first look")
    options = TextAreaField(
        "Answers to choose from", description="One a line. A line “value | label” gives a value of its own."
    )
    currency = StringField("Currency")
    bound_at_least = StringField("At least")
    bound_at_most = StringField("At most")
    bound_step = StringField("In steps of")
    bound_whole = BooleanField("Whole numbers")
    bound_days_before = StringField("Days before today")
    bound_days_after = StringField("Days after today")
    bound_files = StringField("Files at most", description="5 if left empty, 20 at most.")
    bound_megabytes = StringField("Megabytes a file", description="32 if left empty, which is the most.")
    bound_only = SelectField(
        "Takes",
        choices=choices(("", "pictures and PDF"), ("pictures", "pictures"), ("pdf", "PDF")),
        validators=[optional()],
    )
    criterion = StringField("Criterion, as the agent reads it", validators=[at_most(LENGTHS["criterion"])])
    rule_at_least = StringField("Met when at least")
    rule_at_most = StringField("Met when at most")
    rule_one_of = SelectMultipleField("Met when it is", validate_choice=False)
    asked = RadioField(
        "Asked",
        choices=choices(
            ("always", "always"), ("all", "only if all of these hold"), ("any", "only if one of these holds")
        ),
    )

    @classmethod
    def of(cls, question: Question, revision: int) -> "QuestionForm":
        """The form of a question, with its values."""
        form = cls(formdata=None, data=_values(question) | {"version": revision})
        form.rule_one_of.choices = choices(
            *((_written(value), _label(question, value)) for value in values_of(question))
        )
        return form

    def question(self, former: Question, earlier: Sequence[Question]) -> Question:
        """The question that was typed. Raises Invalid with a sentence a field."""
        read = _Reading(self.data)
        kind = TYPES[former.type]
        bounds = Bounds.read({name: read.bound(name) for name in kind.bounds})
        rules = {name: read.number(f"rule_{name}") for name in kind.criterion if name != "one_of"}
        one_of = tuple(
            v for v in values_of(former) if "one_of" in kind.criterion and _written(v) in self.rule_one_of.data
        )
        condition = _condition(str(self.asked.data), read, earlier)
        read.check()
        expects = Expectation(**rules, one_of=one_of)
        return Question(
            key=(self.key.data or "").strip() or former.key,
            label=self.label.data or "",
            type=former.type,
            required=bool(self.required.data),
            hint=self.hint.data or "",
            options=_options(self.options.data or "") if "choice" in former.type else (),
            criterion=self.criterion.data or "",
            expects=None if expects == Expectation() else expects,
            condition=condition,
            headline=bool(self.headline.data),
            short=self.short.data or "",
            bounds=bounds,
            currency=(self.currency.data or "").upper() if former.type is QuestionType.MONEY else "",
            hidden=bool(self.hidden.data),
        )


class _Reading:
    """Reads typed numbers, and collects what is wrong with them."""

    def __init__(self, data: JsonObject) -> None:
        self.data, self.errors = data, list[FieldError]()

    def number(self, name: str, text: str | None = None) -> int | float | None:
        typed = (self.data.get(name) or "") if text is None else text
        if not typed:
            return None
        try:
            value = normalization.number(typed, "en")
        except normalization.NotANumber:
            self.wrong(name, "Type a number in digits, for example 2500.")
            return None
        if abs(value) > MOST:
            self.wrong(name, f"Type a number of at most {MOST:,}.")
        return value

    def bound(self, name: str) -> int | float | bool | str | None:
        field = f"bound_{name}"
        if name == "only":
            return str(self.data.get(field) or "") or None
        if name == "whole":
            return bool(self.data.get(field))
        value = self.number(field)
        if name in ("days_before", "days_after") and isinstance(value, float):
            self.wrong(field, "Type a whole number of days.")
        if name in ("files", "megabytes") and isinstance(value, float):
            self.wrong(field, "Type a whole number.")
        return value

    def wrong(self, name: str, sentence: str) -> None:
        self.errors.append(FieldError(name, "invalid", sentence))

    def check(self) -> None:
        if self.errors:
            raise Invalid(NOT_CHECKED, errors=self.errors)


def _options(text: str) -> tuple[Option, ...]:
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        value, separator, label = (part.strip() for part in line.partition("|"))
        found.append(Option(value, label or value) if separator else Option(line, line))
    return tuple(found)


class ClauseRow:
    """One part of a condition as it stands in the form."""

    def __init__(self, place: int, clause: Clause | None) -> None:
        self.place = place
        self.key = clause.key if clause else ""
        self.test = "" if clause is None else "one_of" if clause.one_of else "at_least"
        if clause is not None and not clause.one_of and clause.at_least is None:
            self.test = "answered"
        values = [] if clause is None else list(clause.one_of)
        if clause is not None and clause.at_least is not None:
            values = [clause.at_least]
        self.value = ", ".join(_written(value) for value in values)


def clause_rows(question: Question) -> list[ClauseRow]:
    """The rows of a question's condition, and empty ones for more."""
    clauses = question.condition.clauses if question.condition else ()
    known = [*clauses, *[None] * max(1, ROWS - len(clauses))]
    return [ClauseRow(place, clause) for place, clause in enumerate(known)]


def _condition(asked: str, read: _Reading, earlier: Sequence[Question]) -> Condition | None:
    if asked not in ("all", "any"):
        return None
    known = {question.key: question for question in earlier}
    clauses = []
    for place in range(20):
        key, test = request.form.get(f"clause_key_{place}", ""), request.form.get(f"clause_test_{place}", "")
        source = known.get(key)
        if not test or not key:
            continue
        name = f"clause_value_{place}"
        if source is None:
            read.wrong(f"clause_key_{place}", "Choose an earlier question.")
            continue
        text = normalization.text(request.form.get(name, ""))
        if test == "answered":
            clauses.append(Clause(key))
        elif test == "at_least":
            at_least = read.number(name, text)
            clauses.append(Clause(key, at_least=at_least if at_least is not None else 0))
        else:
            clauses.append(Clause(key, one_of=_values_typed(source, text, name, read)))
    if not clauses:
        read.wrong("asked", "Say which earlier answer it depends on.")
    return Condition(tuple(clauses), asked == "any")


def _values_typed(source: Question, text: str, name: str, read: _Reading) -> tuple[Answer, ...]:
    """The answers to an earlier question that were typed: by their value, or as people read them."""
    parts = [text] if _value(source, text) is not None else [part.strip() for part in text.split(",") if part.strip()]
    found = [_value(source, part) for part in parts]
    values = tuple(value for value in found if value is not None)
    if not found or len(values) < len(found):
        offered = ", ".join(_label(source, value) for value in values_of(source)[:8])
        read.wrong(name, f"Type one of its answers: {offered}." if offered else "Write an answer.")
    return values


def _value(source: Question, text: str) -> Answer | None:
    if source.type in (QuestionType.NUMBER, QuestionType.MONEY):
        try:
            return normalization.number(text, "en")
        except normalization.NotANumber:
            return None
    if not values_of(source):
        return text or None
    wanted = normalization.fold(text)
    for value in values_of(source):
        if wanted in (normalization.fold(_written(value)), normalization.fold(_label(source, value))):
            return value
    return None


def _written(value: Answer) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return normalization.written(value, "en") if isinstance(value, int | float) else str(value)


def _label(question: Question, value: Answer) -> str:
    return _written(value).capitalize() if isinstance(value, bool) else question.label_of(value)


def _values(question: Question) -> JsonObject:
    """A question as values of the form."""
    bounds, expects = question.bounds, question.expects or Expectation()
    limits = ("at_least", "at_most", "step", "days_before", "days_after", "files", "megabytes")
    numbers = {f"bound_{name}": getattr(bounds, name) for name in limits}
    numbers |= {"rule_at_least": expects.at_least, "rule_at_most": expects.at_most}
    return {
        **{name: "" if number is None else _written(number) for name, number in numbers.items()},
        **{
            name: getattr(question, name)
            for name in ("label", "short", "key", "hint", "required", "headline", "hidden")
        },
        "options": "\n".join(o.label if o.label == o.value else f"{o.value} | {o.label}" for o in question.options),
        "currency": question.currency,
        "bound_whole": bounds.whole,
        "bound_only": bounds.only or "",
        "criterion": question.criterion,
        "rule_one_of": [_written(value) for value in expects.one_of],
        "asked": "always" if not question.condition else "any" if question.condition.any else "all",
    }
