"""Calibration: decided cases that every agent decides once more without names, and how far the agents agree. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from app.dashboard.statistics import Agreement, fleiss
from app.kernel.errors import Conflict, FieldError, Invalid
from app.prescreens.models import QuestionType
from app.prescreens.rules import first_look
from app.prescreens.rules.questions import Question
from app.prescreens.rules.review import DECISIONS

CASES = 5
"""Cases of a round."""
EVERY = timedelta(days=7)
"""How long a round can be answered; then comes the next."""
ENOUGH = 10
"""Cases that two agents answered, from which on agreement is spoken of."""

Choices = Mapping[int, str]
"""What was chosen, by the place of the case."""


class Rated(NamedTuple):
    """A case of a round: how it was decided (`approve`, `deny`), and what each person chose."""

    outcome: str
    choices: Mapping[int, str]


class Same(NamedTuple):
    """How often an agent chose as the others mostly did, and as it was decided: (part, n) each."""

    others: tuple[int, int]
    decided: tuple[int, int]


def chosen(candidates: Iterable[UUID], organization_id: int, number: int) -> list[UUID]:
    """The cases of a round, out of the candidates: always the same ones. Empty where there are too few."""
    found = sorted(candidates, key=lambda id: sha256(f"{organization_id}/{number}/{id}".encode()).digest())
    return found[:CASES] if len(found) >= CASES else []


def shown(questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions whose answers a case shows: those of a blind first look, without any free text."""
    return tuple(each for each in first_look.shown(questions) if each.type is not QuestionType.TEXT)


def check_answers(choices: Choices, places: Iterable[int], closes_at: datetime, now: datetime) -> None:
    """Whether a round may be answered so. Raises Invalid, Conflict."""
    if now >= closes_at:
        raise Conflict("This round has ended, so nothing was kept.", code="calibration.over")
    errors = [
        FieldError(f"choice-{place}", "required", "Choose one of the two.")
        for place in places
        if choices.get(place) not in DECISIONS
    ]
    if errors:
        raise Invalid("Say of every case whether you would approve or deny it. Nothing was kept.", errors=errors)


def agreement(cases: Sequence[Rated]) -> Agreement | None:
    """How far agents agree, over the cases that two or more answered; None for too few, or without any difference."""
    if several(cases) < ENOUGH:
        return None
    both = (list(case.choices.values()) for case in cases if len(case.choices) > 1)
    return fleiss([[choices.count(verb) for verb in DECISIONS] for choices in both])


def several(cases: Iterable[Rated]) -> int:
    """How many cases two agents or more answered."""
    return sum(len(case.choices) > 1 for case in cases)


def same(cases: Iterable[Rated], person_id: int) -> Same:
    """One agent against all. Cases in which the others are divided evenly say nothing about that."""
    others, decided = [], []
    for case in cases:
        own = case.choices.get(person_id)
        if own is None:
            continue
        decided.append(own == case.outcome)
        votes = Counter(choice for id, choice in case.choices.items() if id != person_id)
        if votes["approve"] != votes["deny"]:
            others.append(own == max(votes, key=lambda verb: votes[verb]))
    return Same((sum(others), len(others)), (sum(decided), len(decided)))
