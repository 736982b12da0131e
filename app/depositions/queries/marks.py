"""Flags that are stored, by which lists are narrowed: what the condition is, and which states can have them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select

from app.dashboard.listing import Condition
from app.depositions.models import BOOKED, ChecklistItem, Deposition, State
from app.depositions.rules.conflicts import OPEN
from app.depositions.rules.proposals import Agreement
from app.depositions.rules.questions import QuestionState
from app.depositions.rules.reconfirmation import ALARMING


class Mark(NamedTuple):
    """A flag to choose: its name in the filter, its condition, and the states that can have it."""

    label: str
    condition: Condition
    states: Sequence[State]


_WAITING = (State.INITIAL, *BOOKED)
INDEXED: Mapping[str, Mark] = {
    "overlap": Mark("Overlaps another", Deposition.overlapping, OPEN),
    "cancellation": Mark("Cancellation requested", Deposition.cancellation_open, BOOKED),
    "moved": Mark("The hour moved", Deposition.hour_moved, _WAITING),
    "answered": Mark("Answer came", Deposition.question == QuestionState.ANSWERED.value, _WAITING),
    "asked": Mark("Question open", Deposition.question == QuestionState.OPEN.value, _WAITING),
    "agreed": Mark("Hour agreed", Deposition.agreement == Agreement.AGREED.value, BOOKED),
    "offered": Mark("Hours offered", Deposition.agreement == Agreement.OPEN.value, BOOKED),
}
"""Those that have an index of their own, which lists walk (tests/depositions/test_plans.py)."""
STORED: Mapping[str, Mark] = {
    **INDEXED,
    "calls": Mark(
        "Does not take place, or asks for a call",
        Deposition.reconfirmation.in_([answer.value for answer in ALARMING]),
        BOOKED,
    ),
    "checklist": Mark(
        "Open on the checklist",
        select(ChecklistItem.item).where(ChecklistItem.deposition_id == Deposition.id, ~ChecklistItem.done).exists(),
        OPEN,
    ),
    "webhook": Mark("No webhook", Deposition.postback_url.is_(None), (State.INITIAL,)),
}
"""All of them. One day is narrowed by each; a list looks for the others among its nearest rows (nearest.py)."""
