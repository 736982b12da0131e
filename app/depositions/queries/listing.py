"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, so that a page costs the same at any size of the table. All that is said of a list
comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, not_, select

from app.accounts.models import Organization
from app.dashboard import listing as desk
from app.dashboard.filters import Chosen, ListKind, reach_kind, reach_values, within_reach
from app.dashboard.listing import CompiledListing, Conditions, Listing, Segment, counted
from app.depositions.models import COUNTS, Deposition, State
from app.kernel.db.engine import Db

D: Any = Deposition.__table__
T: Any = D.c
ORG: Any = Organization.__table__.c

SOON = timedelta(hours=24)

NEEDS, STARTING, CANCELLATION, SCHEDULED, EVERYTHING = "needs", "soon", "cancellation", "scheduled", "everything"
VIEWS = (NEEDS, STARTING, CANCELLATION, SCHEDULED, EVERYTHING)
STATES_OF: dict[str, tuple[State, ...]] = {
    NEEDS: (State.INITIAL,),
    STARTING: (State.INITIAL,),
    CANCELLATION: (State.SCHEDULED, State.READY),
    SCHEDULED: (State.ACTIVE, State.SCHEDULED, State.READY),
    EVERYTHING: (State.INITIAL, State.ACTIVE, State.SCHEDULED, State.READY, State.ENDED, State.CANCELED),
}
SORTS: dict[str, Any] = {"starts": T.starts_at, "received": T.created_at}
"""Orders besides urgency, each carried by an index in every state."""

COLUMNS = (
    T.id,
    T.state,
    T.version,
    T.starts_at,
    T.ends_at,
    T.zone,
    T.ambiguous,
    T.deponent_name,
    T.deponent_role,
    T.title,
    T.case_name,
    T.details,
    T.postback_url,
    T.cancellation_open,
    T.cancellation_requested_at,
    T.assignee_id,
    T.assignee_name,
    T.manager_name,
    T.created_at,
    T.updated_at,
    T.organization_id,
    # Not a join: beside one, PostgreSQL may leave the index's order and sort.
    select(ORG.name).where(ORG.id == T.organization_id).scalar_subquery().label("organization_name"),
)


class ListedDeposition(Protocol):
    """A row of the list: what COLUMNS reads."""

    id: int
    state: str
    version: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    deponent_name: str | None
    deponent_role: str | None
    title: str
    case_name: str
    details: dict[str, str]
    postback_url: str | None
    cancellation_open: bool
    cancellation_requested_at: datetime | None
    assignee_id: int | None
    assignee_name: str | None
    manager_name: str | None
    created_at: datetime
    updated_at: datetime
    organization_id: int
    organization_name: str


def sorts(chosen: Chosen) -> Sequence[str]:
    """The orders that an index carries for these filters. What text found is few, and sorted as the reader likes."""
    if not chosen.has("q") and chosen.tab == CANCELLATION:
        return ()
    if not chosen.has("q") and (chosen.has("from", "to") or chosen.tab == STARTING):
        return ("starts",)
    return tuple(SORTS)


def listing(db: Db, chosen: Chosen, now: datetime) -> Listing:
    """The list of these filters at this moment."""
    values = {**_moments(now), **chosen.bind(db)}
    return Listing(_compiled(chosen.kind), values, purpose=chosen.purpose("depositions"))


def _moments(now: datetime) -> dict[str, object]:
    """The moments that groups and counts are cut at."""
    return {"now": now, "soon": now + SOON, "a_day_ago": now - SOON}


@lru_cache(maxsize=1024)
def _compiled(kind: ListKind) -> CompiledListing:
    reach = within_reach(T.organization_id, kind.reach)
    return CompiledListing(COLUMNS, _stretches(kind), version=T.version, reach=reach, kept=_kept(kind.reach))


@lru_cache(maxsize=8)
def _kept(reach: str) -> tuple[Select, ...]:
    """What the tabs count, whatever narrows the list: (state, asked to cancel, n) from the counters, and what starts
    soon, which no counter keeps."""
    asked = case((COUNTS.c.cancellation_open, 1), else_=0)
    counters = (
        select(COUNTS.c.state, asked, func.sum(COUNTS.c.n))
        .where(*within_reach(COUNTS.c.organization_id, reach))
        .group_by(COUNTS.c.state, asked)
    )
    soon = (T.state == State.INITIAL.value, *_within(), *within_reach(T.organization_id, reach))
    return counters, desk.capped_count(STARTING, T.id, soon)


def _within() -> tuple[ColumnElement[bool], ...]:
    return T.starts_at >= bindparam("now", type_=T.starts_at.type), T.starts_at < _soon()


def _soon() -> Any:
    return bindparam("soon", type_=T.starts_at.type)


def states_of(kind: ListKind) -> tuple[State, ...]:
    """The states whose rows are in the list."""
    state = kind.get("state")
    return (State(str(state)),) if state else STATES_OF[kind.tab]


def _stretches(kind: ListKind) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow, states = _narrow(kind), states_of(kind)
    if kind.sort or kind.has("q"):
        down = kind.descending or not kind.sort
        order = (SORTS[kind.order or "starts"], T.id)
        only = _only(kind.tab)
        if kind.has("q"):
            among = T.state.in_([state.value for state in states])
            return [Segment("found", ((among, *only, *narrow),), order, descending=down)]
        arms = tuple((T.state == state.value, *only, *narrow) for state in states)
        return [Segment("sorted", arms, order, descending=down)]
    if kind.tab == STARTING:
        return [_by_start("soon", State.INITIAL, [*_within(), *narrow])]
    if kind.tab == CANCELLATION:
        only = () if len(states) > 1 else (T.state == states[0].value,)
        return [Segment("cancellation", ((T.cancellation_open, *only, *narrow),), (T.cancellation_requested_at, T.id))]
    if kind.has("from", "to"):
        return [_by_start(f"{state}_days", state, narrow) for state in states]
    return [stretch for state in states for stretch in _of_state(state, narrow)]


def _narrow(kind: ListKind) -> Conditions:
    """The conditions of the filters besides tab and state; without an organization, the reader's."""
    here = () if kind.has("organization") else within_reach(T.organization_id, kind.reach)
    return (*kind.conditions(), *here)


def _of_state(state: State, narrow: Sequence[ColumnElement[bool]]) -> Iterator[Segment]:
    if state == State.INITIAL:
        waited = bindparam("a_day_ago", type_=T.created_at.type)
        mine, by_age = (T.state == state.value, *narrow), (T.created_at, T.id)
        yield _by_start("soon", state, [*_within(), *narrow])
        yield Segment("waiting", ((*mine, T.created_at < waited, not_(and_(*_within()))),), by_age)
        yield Segment("fresh", ((*mine, T.created_at >= waited, not_(and_(*_within()))),), by_age)
    elif state in (State.SCHEDULED, State.READY):
        passed = T.starts_at < bindparam("now", type_=T.starts_at.type)
        yield _by_start(f"{state}_soon", state, [*_within(), *narrow])
        yield _by_start(f"{state}_later", state, [T.starts_at >= _soon(), *narrow])
        yield _by_start(f"{state}_passed", state, [passed, *narrow], descending=True)
    else:
        yield _by_start(state.value, state, narrow, descending=state != State.ACTIVE)


def _by_start(key: str, state: State, conditions: Sequence[ColumnElement[bool]], descending: bool = False) -> Segment:
    return Segment(key, ((T.state == state.value, *conditions),), (T.starts_at, T.id), descending)


def _only(view: str) -> tuple[ColumnElement[bool], ...]:
    """What a tab asks for besides its states."""
    if view == STARTING:
        return _within()
    return (T.cancellation_open,) if view == CANCELLATION else ()


def tab_counts(kept: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """How many each tab holds, of what a listing's counters say."""

    def kept_in(view: str) -> int:
        return sum(n for state, _, n in kept if state in STATES_OF[view])

    return {
        NEEDS: kept_in(NEEDS),
        STARTING: sum(n for key, _, n in kept if key == STARTING),
        CANCELLATION: sum(n for key, asked, n in kept if asked),
        SCHEDULED: kept_in(SCHEDULED),
        EVERYTHING: kept_in(EVERYTHING),
    }


def kept_total(chosen: Chosen, kept: Sequence[tuple[str, int, int]]) -> int | None:
    """How many the list holds where the counters know it: when nothing but tab and state narrows it."""
    if any(filter.name != "state" for filter in chosen.values):
        return None
    if chosen.tab == STARTING:
        return tab_counts(kept)[STARTING]
    states = states_of(chosen.kind)
    return sum(n for state, asked, n in kept if state in states and (asked or chosen.tab != CANCELLATION))


def view_counts(db: Db, organization_ids: Collection[int] | None, now: datetime) -> dict[str, int]:
    """How many each tab holds, whatever narrows the list."""
    values = {**_moments(now), **reach_values(organization_ids)}
    return tab_counts(counted(db, _kept(reach_kind(organization_ids)), values))


def waiting(db: Db, organization_ids: Collection[int] | None, now: datetime) -> int:
    """How many requests wait for the team: the count beside the desk's name."""
    statement, values = _waiting(reach_kind(organization_ids)), reach_values(organization_ids)
    return int(db.connection().execute(statement, values).scalar() or 0)


@lru_cache(maxsize=8)
def _waiting(reach: str) -> Select:
    return select(func.sum(COUNTS.c.n)).where(
        COUNTS.c.state == State.INITIAL.value, *within_reach(COUNTS.c.organization_id, reach)
    )
