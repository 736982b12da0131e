"""A question of a questionnaire as a version stores it: its type, bounds, condition and criterion."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from app.kernel.json_types import JsonObject
from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.bounds import UNBOUNDED, Bounds, default

Answer = str | bool | int | float | list[str]
"""The JSON value of an answer; its type follows from the question's."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` goes into the submission, `label` is what people read."""

    value: str
    label: str


def is_one_of(value: Answer | None, wanted: Sequence[Answer]) -> bool:
    """Whether an answer is one of these. True is no 1 here, although Python calls them equal; 3 is 3.0."""
    return any(isinstance(value, bool) is isinstance(each, bool) and value == each for each in wanted)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Clause:
    """What a condition asks of the answer to one earlier question: one of `one_of`, `at_least` a number, or any."""

    key: str
    one_of: tuple[Answer, ...] = ()
    at_least: float | None = None

    @classmethod
    def read(cls, stored: JsonObject) -> "Clause":
        return cls(stored["key"], tuple(stored.get("one_of", ())), stored.get("at_least"))

    def stored(self) -> JsonObject:
        if self.one_of:
            return {"key": self.key, "one_of": list(self.one_of)}
        if self.at_least is not None:
            return {"key": self.key, "at_least": self.at_least}
        return {"key": self.key, "answered": True}

    def met(self, value: Answer | None) -> bool:
        """Whether an answer is as the condition asks; None is no answer."""
        if self.one_of:
            return any(is_one_of(each, self.one_of) for each in (value if isinstance(value, list) else [value]))
        if self.at_least is not None:
            return isinstance(value, int | float) and _is_number(value) and value >= self.at_least
        return value is not None


@dataclass(frozen=True, slots=True)
class Condition:
    """When a question is asked: when all `clauses` are met, or with `any` one of them. One of a question that is itself
    not asked is not met."""

    clauses: tuple[Clause, ...]
    any: bool = False

    @classmethod
    def read(cls, stored: JsonObject) -> "Condition":
        """A condition as it is stored; earlier versions stored one key with its values."""
        if "key" in stored:
            return cls((Clause(stored["key"], tuple(stored["values"])),))
        clauses = stored["any"] if "any" in stored else stored["all"]
        return cls(tuple(Clause.read(clause) for clause in clauses), "any" in stored)

    def stored(self) -> JsonObject:
        return {"any" if self.any else "all": [clause.stored() for clause in self.clauses]}

    def met(self, asked: Collection[str], submission: Submission) -> bool:
        found = (clause.key in asked and clause.met(submission.get(clause.key)) for clause in self.clauses)
        return any(found) if self.any else all(found)


@dataclass(frozen=True, slots=True)
class Expectation:
    """A criterion in machine-readable form. It colours a badge; it never decides anything."""

    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Answer, ...] = ()

    @classmethod
    def read(cls, stored: JsonObject) -> "Expectation":
        return cls(stored.get("at_least"), stored.get("at_most"), tuple(stored.get("one_of", ())))

    def stored(self) -> JsonObject:
        return _without({"at_least": self.at_least, "at_most": self.at_most, "one_of": list(self.one_of)}, None, [])

    def met(self, value: Answer) -> bool | None:
        """Whether an answer meets it; None when that cannot be computed."""
        if self.one_of:
            return all(is_one_of(each, self.one_of) for each in (value if isinstance(value, list) else [value]))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Question:
    """One step of the chat. `key` names the answer in the submission, `criterion` is what staff read it against.

    `headline` answers are the few facts that staff see in the list, under their `short` name. `currency` is that of an
    amount of money. `hidden` answers are not shown to an agent who looks for the first time.
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
    currency: str = ""
    hidden: bool = False

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
            expects=Expectation.read(expects) if expects else None,
            condition=Condition.read(condition) if condition else None,
            headline=stored.get("headline", False),
            short=stored.get("short", ""),
            bounds=Bounds.read(stored["bounds"]) if "bounds" in stored else default(stored["key"], kind),
            currency=stored.get("currency", ""),
            hidden=stored.get("hidden", False),
        )

    def stored(self) -> JsonObject:
        """The question as it is stored: what is left out is as `read` assumes, but its bounds are always stated."""
        flags = {"headline": self.headline, "hidden": self.hidden}
        texts = {"hint": self.hint, "short": self.short, "criterion": self.criterion, "currency": self.currency}
        return {
            "key": self.key,
            "label": self.label,
            "type": self.type.value,
            **({} if self.required else {"required": False}),
            **_without(texts, ""),
            **_without(flags, False),
            **({"options": [asdict(option) for option in self.options]} if self.options else {}),
            "bounds": self.bounds.stored(),
            **({"condition": self.condition.stored()} if self.condition else {}),
            **({"expects": self.expects.stored()} if self.expects else {}),
        }

    @property
    def name(self) -> str:
        """The question in a few words."""
        return self.short or self.label.rstrip("?")

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
        if question.condition is None or question.condition.met(asked, submission):
            asked[question.key] = question
    return list(asked.values())


def _without(members: Mapping[str, object], *absent: object) -> JsonObject:
    """The members whose value is none of `absent`."""
    return {name: value for name, value in members.items() if not any(value is a or value == a for a in absent)}
