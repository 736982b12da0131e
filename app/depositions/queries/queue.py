"""The desk's list: tabs, urgency groups, counts, search, and the neighbours of a row.

A group is one range on one index, so that a page costs the same at any size of the table. All that a page says of its
list (rows, counts, neighbours) comes from the same `Filters`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, literal, not_, select

from app.accounts.models import Organization
from app.depositions.models import COUNTS, Deposition, DepositionWord, State
from app.depositions.rules.asking import search_words
from app.kernel.db import Db
from app.kernel.paging import Group, Page, beyond, page_of

D: Any = Deposition.__table__
T: Any = D.c
W: Any = DepositionWord.__table__.c
ORG: Any = Organization.__table__.c

SOON = timedelta(hours=24)
MOST_COUNTED = 1000
MOST_FOUND = 1000
MOST_CANDIDATES = 20_000
PAGE = 50

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
    T.assigned_id,
    T.assigned_name,
    T.manager_name,
    T.created_at,
    T.organization_id,
    # Not a join: beside one, PostgreSQL may leave the index's order and sort.
    select(ORG.name).where(ORG.id == T.organization_id).scalar_subquery().label("organization_name"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list says. `reach` are the organizations the reader may see, None is all of them.

    `first` and `last` are days in the reader's `zone`, both included.
    """

    view: str = NEEDS
    state: str | None = None
    organization_id: int | None = None
    first: date | None = None
    last: date | None = None
    q: str = ""
    reach: frozenset[int] | None = None
    zone: str = "UTC"

    @property
    def states(self) -> tuple[State, ...]:
        return (State(self.state),) if self.state else STATES_OF[self.view]

    @property
    def filtered(self) -> bool:
        """Whether anything besides the tab narrows the list."""
        return bool(self.q or self.first or self.last or self.state or self.organization_id is not None)

    def whose(self, column: Any) -> list[ColumnElement[bool]]:
        """The conditions that keep to the organizations chosen and allowed."""
        if self.organization_id is not None:
            allowed = self.reach is None or self.organization_id in self.reach
            return [column == self.organization_id] if allowed else [false()]
        if self.reach is None:
            return []
        return [column == next(iter(self.reach))] if len(self.reach) == 1 else [column.in_(sorted(self.reach))]

    def days(self) -> list[ColumnElement[bool]]:
        """The conditions that keep to the days chosen."""
        zone, conditions = ZoneInfo(self.zone), []
        if self.first is not None:
            conditions.append(T.starts_at >= datetime.combine(self.first, time(), zone))
        if self.last is not None:
            conditions.append(T.starts_at < datetime.combine(self.last + timedelta(days=1), time(), zone))
        return conditions


@dataclass(frozen=True, slots=True)
class Stretch:
    """One group of the list before it is asked for: which rows, in which order."""

    key: str
    conditions: tuple[ColumnElement[bool], ...]
    order: tuple[Any, ...]
    descending: bool = False

    def group(self) -> Group:
        return Group(self.key, select(*COLUMNS).where(*self.conditions), self.order, self.descending)


def stretches(db: Db, f: Filters, now: datetime) -> list[Stretch]:
    """The groups of the list in their sequence."""
    whose = tuple(f.whose(T.organization_id))
    if f.q:
        found = _found(db, f.q)
        wanted = [T.id.in_(found), T.state.in_([state.value for state in f.states]), *f.days(), *whose]
        if f.view in (STARTING, CANCELLATION):
            wanted += _only(f.view, now)
        return [Stretch("found", tuple(wanted), (T.starts_at, T.id), descending=True)]
    if f.view == STARTING:
        return [_by_start("soon", State.INITIAL, [*_only(STARTING, now), *f.days(), *whose])]
    if f.view == CANCELLATION:
        asked = (T.cancellation_open, *f.days(), *whose)
        return [Stretch("cancellation", asked, (T.cancellation_requested_at, T.id))]
    if f.first or f.last:
        return [_by_start(f"{state}_days", state, [*f.days(), *whose]) for state in f.states]
    return [stretch for state in f.states for stretch in _of_state(state, whose, now)]


def _of_state(state: State, whose: tuple[ColumnElement[bool], ...], now: datetime) -> Iterator[Stretch]:
    within = and_(T.starts_at >= now, T.starts_at < now + SOON)
    if state == State.INITIAL:
        mine = (T.state == state.value, *whose)
        by_age = (T.created_at, T.id)
        yield _by_start("soon", state, [within, *whose])
        yield Stretch("waiting", (*mine, T.created_at < now - SOON, not_(within)), by_age)
        yield Stretch("fresh", (*mine, T.created_at >= now - SOON, not_(within)), by_age)
    elif state in (State.SCHEDULED, State.READY):
        yield _by_start(f"{state}_soon", state, [within, *whose])
        yield _by_start(f"{state}_later", state, [T.starts_at >= now + SOON, *whose])
        yield _by_start(f"{state}_passed", state, [T.starts_at < now, *whose], descending=True)
    else:
        yield _by_start(state.value, state, [*whose], descending=state != State.ACTIVE)


def _by_start(key: str, state: State, conditions: Sequence[ColumnElement[bool]], descending: bool = False) -> Stretch:
    return Stretch(key, (T.state == state.value, *conditions), (T.starts_at, T.id), descending)


def _only(view: str, now: datetime) -> list[ColumnElement[bool]]:
    """What a tab asks for besides its states."""
    if view == STARTING:
        return [T.starts_at >= now, T.starts_at < now + SOON]
    return [T.cancellation_open] if view == CANCELLATION else []


def _found(db: Db, q: str) -> list[int]:
    """The newest of at most MOST_FOUND depositions all of whose searched words begin so."""
    words = sorted(search_words(q), key=len, reverse=True)[:6]
    if not words:
        return []
    # One word's range is cut off first, so that a letter typed alone does not read the whole index.
    first = select(W.deposition_id).where(*_begins(W.word, words[0])).limit(MOST_CANDIDATES).subquery()
    conditions = []
    for word in words[1:]:
        other = DepositionWord.__table__.alias()
        conditions.append(
            select(literal(1))
            .where(other.c.deposition_id == first.c.deposition_id, *_begins(other.c.word, word))
            .exists()
        )
    statement = select(first.c.deposition_id).where(*conditions).distinct().limit(MOST_FOUND)
    return list(db.execute(statement).scalars())


def _begins(column: Any, word: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= word, column < word + "\U0010ffff"


def page(db: Db, f: Filters, now: datetime, after: str | None) -> Page:
    """One page of the list. Raises BadRequest for a cursor of another list."""
    groups = [stretch.group() for stretch in stretches(db, f, now)]
    return page_of(db, groups, after, purpose=purpose(f), size=PAGE)


def purpose(f: Filters) -> str:
    """What binds a cursor to this list and this reader."""
    reach = "all" if f.reach is None else ",".join(map(str, sorted(f.reach)))
    return f"depositions:{f.view}:{f.state}:{f.organization_id}:{f.first}:{f.last}:{f.q}:{reach}"


def group_counts(db: Db, f: Filters, now: datetime, keys: set[str]) -> dict[str, int]:
    """How many each of these groups holds; more than MOST_COUNTED are not counted further."""
    return {s.key: _count(db, s.conditions) for s in stretches(db, f, now) if s.key in keys}


def total(db: Db, f: Filters, now: datetime) -> int:
    """How many the list holds under all its filters; beyond MOST_COUNTED it is not counted further."""
    return min(sum(_count(db, s.conditions) for s in stretches(db, f, now)), MOST_COUNTED + 1)


def view_counts(db: Db, f: Filters, now: datetime) -> dict[str, int]:
    """How many each tab holds, whatever else narrows the list. All but what time decides come from kept counters."""
    whole = Filters(reach=f.reach)
    kept = db.execute(
        select(COUNTS.c.state, COUNTS.c.cancellation_open, func.sum(COUNTS.c.n))
        .where(*whole.whose(COUNTS.c.organization_id))
        .group_by(COUNTS.c.state, COUNTS.c.cancellation_open)
    ).all()

    def kept_in(view: str) -> int:
        return sum(int(n) for state, _, n in kept if state in STATES_OF[view])

    soon = [T.state == State.INITIAL.value, *_only(STARTING, now), *whole.whose(T.organization_id)]
    return {
        NEEDS: kept_in(NEEDS),
        STARTING: _count(db, soon),
        CANCELLATION: sum(int(n) for _, asked, n in kept if asked),
        SCHEDULED: kept_in(SCHEDULED),
        EVERYTHING: kept_in(EVERYTHING),
    }


def waiting(db: Db, reach: frozenset[int] | None, now: datetime) -> int:
    """How many requests wait for the team: the count beside the desk's name."""
    whose = Filters(reach=reach).whose(COUNTS.c.organization_id)
    rows = select(func.sum(COUNTS.c.n)).where(COUNTS.c.state == State.INITIAL.value, *whose)
    return int(db.execute(rows).scalar() or 0)


def _count(db: Db, conditions: Sequence[ColumnElement[bool]]) -> int:
    inner = select(literal(1)).select_from(D).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    return int(db.execute(select(func.count()).select_from(inner)).scalar_one())


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The rows before and after one in its list."""

    previous: int | None
    next: int | None


def neighbours(db: Db, f: Filters, deposition_id: int, now: datetime) -> Neighbours | None:
    """What comes before and after a deposition in this list; None when it is not in it."""
    groups = [s.group() for s in stretches(db, f, now)]
    for index, group in enumerate(groups):
        here = db.execute(group.statement.where(T.id == deposition_id)).first()
        if here is not None:
            values = [here._mapping[column] for column in group.order]
            later = [beyond(group, values), *(g.statement for g in groups[index + 1 :])]
            back = replace(group, descending=not group.descending)
            earlier = [beyond(back, values), *(g.statement for g in reversed(groups[:index]))]
            forth = zip(groups[index:], later, strict=True)
            backward = zip(reversed(groups[: index + 1]), earlier, strict=True)
            return Neighbours(_first(db, backward, flip=True), _first(db, forth, flip=False))
    return None


def _first(db: Db, ways: Iterator[tuple[Group, Select]], *, flip: bool) -> int | None:
    for group, statement in ways:
        descending = group.descending != flip
        order = [column.desc() if descending else column.asc() for column in group.order]
        row = db.execute(statement.order_by(*order).limit(1)).first()
        if row is not None:
            return int(row.id)
    return None


def organizations(db: Db, reach: frozenset[int] | None) -> Sequence[Row]:
    """The organizations to filter by."""
    wanted = [] if reach is None else [ORG.id.in_(sorted(reach))]
    return db.execute(select(ORG.id, ORG.name).where(*wanted).order_by(ORG.name, ORG.id)).all()
