"""Bounds of an answer: the numbers and dates that a question takes.

A question may state its own. One that does not has those of what it asks for, as far as its key names it: rent and
income are not negative, people are counted in whole numbers, and nobody moves in in a year that is long past.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from decimal import Decimal

from app.kernel.json_types import JsonObject
from app.kernel.text import normalization
from app.prescreens.models import QuestionType

LIMITING = ("too_small", "too_large", "not_step", "too_early", "too_late")
"""Codes of refusals that name the bound."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and largest number, whether it must be whole or a multiple of `step`; days before and after today
    for a date; how many files at most, of how many megabytes each, and whether `only` pictures or PDF are taken."""

    at_least: float | None = None
    at_most: float | None = None
    whole: bool = False
    days_before: int | None = None
    days_after: int | None = None
    step: float | None = None
    files: int | None = None
    megabytes: int | None = None
    only: str | None = None

    @classmethod
    def read(cls, stored: JsonObject) -> "Bounds":
        return cls(**{each.name: stored[each.name] for each in fields(cls) if each.name in stored})

    def stored(self) -> JsonObject:
        return {name: value for name, value in asdict(self).items() if value is not None and value is not False}

    def broken_by(self, value: float | date, today: date | None) -> str:
        """The code of the bound that a value breaks; empty when it keeps all."""
        if isinstance(value, date):
            return self._broken_by_day((value - today).days) if today else ""
        if self.whole and value != int(value):
            return "not_whole"
        if self.at_least is not None and value < self.at_least:
            return "too_small"
        if self.at_most is not None and value > self.at_most:
            return "too_large"
        # As written: 0.3 is a multiple of 0.1.
        return "not_step" if self.step and Decimal(str(value)) % Decimal(str(self.step)) else ""

    def _broken_by_day(self, days: int) -> str:
        if self.days_before is not None and days < -self.days_before:
            return "too_early"
        return "too_late" if self.days_after is not None and days > self.days_after else ""

    def limit(self, code: str, today: date | None) -> float | str:
        """The bound behind a code of LIMITING, as an answer: a number, or a day in ISO 8601."""
        if today is not None and code in ("too_early", "too_late"):
            days = -(self.days_before or 0) if code == "too_early" else self.days_after or 0
            return (today + timedelta(days=days)).isoformat()
        return {"too_large": self.at_most, "not_step": self.step}.get(code, self.at_least) or 0


UNBOUNDED = Bounds()
PEOPLE = Bounds(at_least=1, at_most=100, whole=True)
THINGS = Bounds(at_least=0, at_most=100, whole=True)
MOVING = Bounds(days_before=366)
AMOUNT = Bounds(at_least=0)

_WORDS: Sequence[tuple[QuestionType, Bounds, str]] = (
    (
        QuestionType.NUMBER,
        PEOPLE,
        "people persons person occupants occupant residents tenants adults household family personas ocupantes "
        "inquilinos adultos personnes occupants habitants locataires adultes foyer",
    ),
    (
        QuestionType.NUMBER,
        THINGS,
        "children child kids minors dependents dependants pets cats dogs animals cars vehicles bedrooms bathrooms "
        "rooms ninos hijos menores mascotas coches habitaciones enfants animaux voitures chambres pieces",
    ),
    (QuestionType.DATE, MOVING, "move movein moving mudanza entrada emmenagement entree"),
)
"""What a question asks for, by the words of its key."""
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])")


def default(key: str, kind: QuestionType) -> Bounds:
    """The bounds of a question that states none."""
    found = {normalization.fold(word) for word in _WORD.findall(key)}
    for of, bounds, words in _WORDS:
        if of is kind and not found.isdisjoint(words.split()):
            return bounds
    return AMOUNT if kind in (QuestionType.NUMBER, QuestionType.MONEY) else UNBOUNDED
