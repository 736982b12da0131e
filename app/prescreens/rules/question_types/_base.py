"""What every type of question says: how its answers are parsed, written, asked for, refused and judged."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from app.kernel.text.i18n import Translator
from app.prescreens.models import QuestionType
from app.prescreens.rules.questions import Answer, Question


class Refused(ValueError):
    """What was typed is no answer of this type. `code` is one of the type's `errors`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reader:
    """Who answers: the language in which they type numbers, and the day where they are; None knows no day."""

    locale: str = "en"
    today: date | None = None

    @classmethod
    def of(cls, locale: str, time_zone: str, now: datetime) -> "Reader":
        return cls(locale, now.astimezone(ZoneInfo(time_zone)).date())


ANYBODY = Reader()


@dataclass(frozen=True, slots=True)
class Widget:
    """The control of the chat: an `input` with its attributes, a `textarea`, buttons to choose from, or files."""

    kind: Literal["input", "textarea", "radio", "checkbox", "file"] = "input"
    type: str = "text"
    inputmode: str = ""
    autocomplete: str = "off"
    dir: str = ""


class AnswerType(ABC):
    """One type of question. A subclass has a file of its own and one instance, in `TYPES`."""

    type: ClassVar[QuestionType]
    title: ClassVar[str]
    """What staff read: `a number`."""
    widget: ClassVar[Widget] = Widget()
    errors: ClassVar[Mapping[str, str]] = {}
    """The English sentence of each code that `parse` refuses with, which never repeats what was typed. Pages say the
    same from their catalog: `error_<code>`, or `bound_<code>` for the codes of `bounds.LIMITING`."""
    empty: ClassVar[str] = "Please answer this question."
    """The sentence where a required question is left empty."""
    several: ClassVar[bool] = False
    """Whether an answer may be more than one value."""
    limit: ClassVar[int | None] = None
    """Most characters, of an answer that is text."""
    bounds: ClassVar[Sequence[str]] = ()
    """The members of `Bounds` that a question of this type may state."""
    criterion: ClassVar[Sequence[str]] = ()
    """The members of `Expectation` that a question of this type may state; without any a person reads the answer."""
    read_back: ClassVar[bool] = False
    """Whether the chat says back how it reads what is being typed."""

    @abstractmethod
    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        """The JSON value of what was typed or picked, at least one value that is not empty. Raises Refused."""

    def format(self, question: Question, value: Answer, t: Translator) -> str:
        """An answer as text. A value of another type, of an earlier version, comes as it is."""
        return plain_text(value, t)

    def fields(self, value: Answer, locale: str) -> list[str]:
        """A stored answer as values of the form's fields; `parse` reads it back."""
        return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def plain_text(value: Answer, t: Translator) -> str:
    """A value whose question is not known, as text."""
    if isinstance(value, bool):
        return t("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(plain_text(each, t) for each in value)
    if isinstance(value, int | float):
        return str(format_decimal(value, locale=t.lang, decimal_quantization=False))
    return str(value)
