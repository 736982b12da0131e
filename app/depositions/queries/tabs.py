"""The tabs of the desk's list: the states and marks of their rows, in words that both planners find an index for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, literal_column

from app.dashboard.filters import ListKind
from app.dashboard.listing import ZERO, Condition, Conditions
from app.depositions.models import Deposition, State
from app.depositions.rules import business_days
from app.depositions.rules.business_days import HOUR
from app.depositions.rules.proposals import Agreement
from app.depositions.rules.reconfirmation import ALARMING, Reconfirmation

SOON = timedelta(hours=24)
BEFORE_ASKING = timedelta(hours=HOUR.hour)
"""How long before it is asked whether a session takes place its business day before begins."""
LONGEST_BREAK = timedelta(days=business_days.LONGEST_BREAK + 2)
"""How long before a session it is asked at most."""

NEEDS, STARTING, CANCELLATION, SCHEDULED, EVERYTHING = "needs", "soon", "cancellation", "scheduled", "everything"
NOT_UP_TO_DATE = "not-up-to-date"
OVERLAPPING, MOVED = "overlapping", "moved"
NEXT = "next"
"""The sessions until the end of the next business day: those for which it is time to ask whether they take place."""
ASKED = "asked"
"""The requests and sessions about which the organization was asked something."""
OFFERED = "offered"
"""The sessions of which other hours are offered."""
VIEWS = (NEEDS, STARTING, CANCELLATION, NOT_UP_TO_DATE, ASKED, OFFERED, NEXT, OVERLAPPING, MOVED, SCHEDULED, EVERYTHING)
STATES_OF: dict[str, tuple[State, ...]] = {
    NEEDS: (State.INITIAL,),
    STARTING: (State.INITIAL,),
    CANCELLATION: (State.SCHEDULED, State.READY),
    ASKED: (State.INITIAL, State.SCHEDULED, State.READY),
    OFFERED: (State.SCHEDULED, State.READY),
    NOT_UP_TO_DATE: (State.SCHEDULED, State.READY, State.ACTIVE, State.CANCELED),
    OVERLAPPING: (State.INITIAL, State.ACTIVE, State.SCHEDULED, State.READY),
    MOVED: (State.INITIAL, State.SCHEDULED, State.READY),
    NEXT: (State.SCHEDULED, State.READY),
    SCHEDULED: (State.ACTIVE, State.SCHEDULED, State.READY),
    EVERYTHING: (State.INITIAL, State.ACTIVE, State.SCHEDULED, State.READY, State.ENDED, State.CANCELED),
}
MARKS: dict[str, Condition] = {
    CANCELLATION: Deposition.cancellation_open,
    OVERLAPPING: Deposition.overlapping,
    MOVED: Deposition.hour_moved,
}
"""Tabs of the rows that have a mark, for which there is an index."""
MANAGED = (CANCELLATION, NOT_UP_TO_DATE, ASKED, OFFERED, NEXT, OVERLAPPING, MOVED, SCHEDULED, EVERYTHING)
"""Tabs with sessions that have a manager."""


def answered(*words: Reconfirmation) -> Condition:
    return Deposition.reconfirmation.in_([literal_column(f"'{word.value}'") for word in words])


GROUPS_OF_NEXT: tuple[tuple[str, Condition], ...] = (
    ("next_no", answered(*ALARMING)),
    ("next_silent", answered(Reconfirmation.SILENT)),
    ("next_unasked", Deposition.reconfirmation.is_(None)),
    ("next_yes", answered(Reconfirmation.YES, Reconfirmation.ASSUMED)),
)
"""The groups of that tab, each with what was answered about its sessions. Those who are to be called come first."""


def moments(now: datetime) -> dict[str, object]:
    """The moments that groups and counts are cut at."""
    moments = {"now": now, "soon": now + SOON}
    return {**moments, "asked_from": now - LONGEST_BREAK, "asked_until": now + BEFORE_ASKING}


def behind() -> Conditions:
    """Sessions ahead of which somebody knows what no longer holds. Once the hour is over nobody needs to be told."""
    return Deposition.not_up_to_date, Deposition.starts_at >= moment_now()


def in_states(states: Sequence[State]) -> Condition:
    """Whether a deposition is in one of these states, which stand in the statement itself."""
    return Deposition.state.in_(_named(states))


def in_states_beside(states: Sequence[State]) -> Condition:
    """The same beside a mark that few rows have: compared as text that no index has, so that planners walk the mark's
    own index and not a whole state."""
    return func.coalesce(Deposition.state, "").in_(_named(states))


def organization_beside() -> ColumnElement[int]:
    """The organization of a row, beside a mark whose index does not begin with it: everybody's rows with the mark are
    fewer than all that one organization ever requested."""
    return func.coalesce(Deposition.organization_id, ZERO)


def _named(states: Sequence[State]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{state.value}'") for state in states]


@cache
def offered_groups() -> Mapping[str, Conditions]:
    """The groups of the sessions of which other hours are offered: people agree to one, the time to answer is over
    without that, or answers are waited for. All have an index of the few rows with offered hours."""
    stands, until = Deposition.agreement, Deposition.answers_until
    open_ones = stands == Agreement.OPEN.value
    return {
        "offered_agreed": (stands == Agreement.AGREED.value,),
        "offered_late": (open_ones, until < moment_now()),
        "offered_open": (open_ones, until >= moment_now()),
    }


def within_soon() -> Conditions:
    return Deposition.starts_at >= moment_now(), Deposition.starts_at < moment_soon()


def moment_now() -> BindParameter[datetime]:
    return bindparam("now", type_=Deposition.starts_at.type)


def moment_soon() -> BindParameter[datetime]:
    return bindparam("soon", type_=Deposition.starts_at.type)


def states_of(kind: ListKind) -> tuple[State, ...]:
    """The states whose rows are in the list."""
    state = kind.get("state")
    return (State(str(state)),) if state else STATES_OF[kind.tab]


def until_next() -> Conditions:
    """From midnight of the business day before a session, on its own clock, to its start."""
    asked, starts = Deposition.reconfirm_at, Deposition.starts_at
    return (
        asked > bindparam("asked_from", type_=asked.type),
        asked <= bindparam("asked_until", type_=asked.type),
        starts > bindparam("now", type_=starts.type),
    )
