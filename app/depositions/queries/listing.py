"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, so that a page costs the same at any size of the table. All that is said of a list
comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, false, func, not_, select

from app.accounts.models import Organization
from app.dashboard import listing as desk
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.dashboard.listing import CompiledListing, Listing, Page, Segment
from app.depositions.models import COUNTS, Deposition, State
from app.kernel.db.engine import Db
from app.kernel.text import search

D: Any = Deposition.__table__
T: Any = D.c
ORG: Any = Organization.__table__.c
SUBJECT = "deposition"

SOON = timedelta(hours=24)

NEEDS, STARTING, CANCELLATION, SCHEDULED, EVERYTHING = "needs", "soon", "cancellation", "scheduled", "everything"
VIEWS = {
    NEEDS: "Needs scheduling",
    STARTING: "Starts within 24 h",
    CANCELLATION: "Cancellation asked",
    SCHEDULED: "Scheduled",
    EVERYTHING: "Everything",
}
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


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list says. `reach` are the organizations the reader may see, None is all of them.

    `first` and `last` are days in the reader's `zone`, both included. `person` is who has taken it, NOBODY or anyone
    (None). `sort` is one of SORTS, with a leading `-` when it descends; empty is urgency.
    """

    view: str = NEEDS
    state: str | None = None
    organization_id: int | None = None
    first: date | None = None
    last: date | None = None
    q: str = ""
    reach: frozenset[int] | None = None
    zone: str = "UTC"
    tag: str = ""
    person: int | None = None
    sort: str = ""

    @property
    def states(self) -> tuple[State, ...]:
        return (State(self.state),) if self.state else STATES_OF[self.view]

    @property
    def sorts(self) -> tuple[str, ...]:
        """The orders that an index carries for these filters. What text found is few, and sorted as one likes."""
        if not self.q and self.view == CANCELLATION:
            return ()
        if not self.q and (self.first or self.last or self.view == STARTING):
            return ("starts",)
        return tuple(SORTS)

    @property
    def order(self) -> str:
        """The order in force: another filter may have taken away the one asked for."""
        return self.sort if self.sort.removeprefix("-") in self.sorts else ""


class _Kind(NamedTuple):
    """What of the filters changes the statement, and not only its values."""

    view: str
    states: tuple[State, ...]
    whose: str
    chosen: str
    first: bool
    last: bool
    found: bool
    tagged: bool
    person: str
    sort: str


def listing(db: Db, f: Filters, now: datetime) -> Listing:
    """The list of these filters at this moment."""
    reach = sorted(f.reach or ())
    zone = ZoneInfo(f.zone)
    values: dict[str, Any] = {
        "now": now,
        "soon": now + SOON,
        "a_day_ago": now - SOON,
        "organizations": reach,
        "only": reach[0] if reach else None,
        "organization": f.organization_id,
        "first": datetime.combine(f.first, time(), zone) if f.first else None,
        "last": datetime.combine(f.last + timedelta(days=1), time(), zone) if f.last else None,
        "found": _found(db, f) if f.q else [],
        "tag": f.tag,
        "person": f.person,
    }
    return Listing(_shape(_kind(f)), values, purpose=purpose(f))


def _found(db: Db, f: Filters) -> list[int]:
    """The newest that have every word, looked for among the organizations that may be in the list."""
    whose = f.reach if f.organization_id is None else frozenset({f.organization_id})
    return [int(id) for id in search.ids(db, SUBJECT, f.q, whose)]


def _kind(f: Filters) -> _Kind:
    chosen = ""
    if f.organization_id is not None:
        chosen = "one" if f.reach is None or f.organization_id in f.reach else "none"
    return _Kind(
        f.view,
        f.states,
        "all" if f.reach is None else ("none", "one")[len(f.reach)] if len(f.reach) < 2 else "several",
        chosen,
        f.first is not None,
        f.last is not None,
        bool(f.q),
        bool(f.tag),
        "" if f.person is None else "nobody" if f.person == UNASSIGNED else "one",
        f.order,
    )


def purpose(f: Filters) -> str:
    """What binds a cursor to this list and this reader."""
    reach = "all" if f.reach is None else ",".join(map(str, sorted(f.reach)))
    said = (f.view, f.state, f.organization_id, f.first, f.last, f.q, f.tag, f.person, f.order, reach)
    return "depositions:" + ":".join(map(str, said))


@lru_cache(maxsize=1024)
def _shape(kind: _Kind) -> CompiledListing:
    reach = _whose(T.organization_id, kind.whose)
    return CompiledListing(COLUMNS, _stretches(kind), version=T.version, reach=reach, kept=_kept(kind.whose))


def _whose(column: Any, whose: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions that keep to the reader's organizations."""
    if whose == "several":
        return (column.in_(bindparam("organizations", expanding=True)),)
    return {"all": (), "none": (false(),), "one": (column == bindparam("only"),)}[whose]


@lru_cache(maxsize=8)
def _kept(whose: str) -> tuple[Select, ...]:
    """What the tabs count, whatever narrows the list: (state, asked to cancel, n) from the counters, and what starts
    soon, which no counter keeps."""
    asked = case((COUNTS.c.cancellation_open, 1), else_=0)
    counters = (
        select(COUNTS.c.state, asked, func.sum(COUNTS.c.n))
        .where(*_whose(COUNTS.c.organization_id, whose))
        .group_by(COUNTS.c.state, asked)
    )
    soon = (T.state == State.INITIAL.value, *_within(), *_whose(T.organization_id, whose))
    return counters, desk.capped_count(STARTING, T.id, soon)


def _within() -> tuple[ColumnElement[bool], ...]:
    return T.starts_at >= bindparam("now", type_=T.starts_at.type), T.starts_at < _soon()


def _soon() -> Any:
    return bindparam("soon", type_=T.starts_at.type)


def _stretches(kind: _Kind) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow = _narrow(kind)
    if kind.sort or kind.found:
        name, down = kind.sort.removeprefix("-"), kind.sort.startswith("-") or not kind.sort
        order = (SORTS[name or "starts"], T.id)
        only = _only(kind.view)
        if kind.found:
            states = T.state.in_([state.value for state in kind.states])
            return [Segment("found", ((states, *only, *narrow),), order, descending=down)]
        arms = tuple((T.state == state.value, *only, *narrow) for state in kind.states)
        return [Segment("sorted", arms, order, descending=down)]
    if kind.view == STARTING:
        return [_by_start("soon", State.INITIAL, [*_within(), *narrow])]
    if kind.view == CANCELLATION:
        states = () if len(kind.states) > 1 else (T.state == kind.states[0].value,)
        return [
            Segment("cancellation", ((T.cancellation_open, *states, *narrow),), (T.cancellation_requested_at, T.id))
        ]
    if kind.first or kind.last:
        return [_by_start(f"{state}_days", state, narrow) for state in kind.states]
    return [stretch for state in kind.states for stretch in _of_state(state, narrow)]


def _narrow(kind: _Kind) -> list[ColumnElement[bool]]:
    """The conditions of the filters besides tab and state."""
    found: list[ColumnElement[bool]] = []
    if kind.found:
        found.append(T.id.in_(bindparam("found", expanding=True)))
    if kind.first:
        found.append(T.starts_at >= bindparam("first", type_=T.starts_at.type))
    if kind.last:
        found.append(T.starts_at < bindparam("last", type_=T.starts_at.type))
    if kind.tagged:
        found.append(tags.wearing(SUBJECT, T.id, bindparam("tag")))
    if kind.person:
        found.append(T.assignee_id.is_(None) if kind.person == "nobody" else T.assignee_id == bindparam("person"))
    if kind.chosen:
        found.append(T.organization_id == bindparam("organization") if kind.chosen == "one" else false())
    elif kind.whose != "all":
        found += _whose(T.organization_id, kind.whose)
    return found


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


def page(db: Db, f: Filters, now: datetime, after: str | None) -> Page:
    """One page of the list. Raises BadRequest for a cursor of another list."""
    return listing(db, f, now).page(db, after)


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


def kept_total(f: Filters, kept: Sequence[tuple[str, int, int]]) -> int | None:
    """How many the list holds where the counters know it: when nothing but tab and state narrows it."""
    if f.q or f.first or f.last or f.tag or f.person is not None or f.organization_id is not None:
        return None
    if f.view == STARTING:
        return tab_counts(kept)[STARTING]
    return sum(n for state, asked, n in kept if state in f.states and (asked or f.view != CANCELLATION))


def view_counts(db: Db, f: Filters, now: datetime) -> dict[str, int]:
    """How many each tab holds, whatever else narrows the list."""
    return tab_counts(listing(db, Filters(reach=f.reach), now).counts(db)[1])


def waiting(db: Db, reach: frozenset[int] | None, now: datetime) -> int:
    """How many requests wait for the team: the count beside the desk's name."""
    organizations = sorted(reach or ())
    statement = _waiting("all" if reach is None else "several")
    return int(db.connection().execute(statement, {"organizations": organizations}).scalar() or 0)


@lru_cache(maxsize=2)
def _waiting(whose: str) -> Select:
    return select(func.sum(COUNTS.c.n)).where(
        COUNTS.c.state == State.INITIAL.value, *_whose(COUNTS.c.organization_id, whose)
    )


_ALL_ORGANIZATIONS = select(ORG.id, ORG.name).order_by(ORG.name, ORG.id)
_ORGANIZATIONS = select(ORG.id, ORG.name).where(ORG.id.in_(bindparam("ids", expanding=True))).order_by(ORG.name, ORG.id)


def organizations(db: Db, reach: frozenset[int] | None) -> Sequence[Row]:
    """The organizations to filter by."""
    if reach is None:
        return db.connection().execute(_ALL_ORGANIZATIONS).all()
    return db.connection().execute(_ORGANIZATIONS, {"ids": sorted(reach)}).all()
