"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, so that a page costs the same at any size of the table. All that is said of a list
comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    not_,
    select,
)

from app.dashboard.filters import DAYS, Chosen, Filter, ListKind, reach_kind, reach_values, spread, within_reach
from app.dashboard.listing import (
    MOST_COUNTED,
    ZERO,
    Column,
    CompiledListing,
    Condition,
    Conditions,
    CounterQueries,
    CounterQuery,
    CounterRow,
    Listing,
    Segment,
    capped_count,
    counted,
    counter_key,
)
from app.depositions.models import BOOKED, COUNTS, Deposition, State
from app.depositions.models import OVERLAPPING as OVERLAPPING_COUNTS
from app.depositions.queries import marks
from app.depositions.queries.listed import COLUMNS as COLUMNS
from app.depositions.queries.listed import ListedDeposition as ListedDeposition
from app.depositions.rules import business_days
from app.depositions.rules.business_days import HOUR
from app.depositions.rules.proposals import Agreement
from app.depositions.rules.questions import QuestionState
from app.depositions.rules.reconfirmation import ALARMING, Reconfirmation
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.text import datetimes

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
_MARKS: dict[str, Condition] = {
    CANCELLATION: Deposition.cancellation_open,
    OVERLAPPING: Deposition.overlapping,
    MOVED: Deposition.hour_moved,
}
"""Tabs of the rows that have a mark, for which there is an index."""
MANAGED = (CANCELLATION, NOT_UP_TO_DATE, ASKED, OFFERED, NEXT, OVERLAPPING, MOVED, SCHEDULED, EVERYTHING)
"""Tabs with sessions that have a manager."""
SORTS: dict[str, Column] = {"starts": Deposition.starts_at, "received": Deposition.created_at}
"""Orders besides urgency, each carried by an index in every state."""


def _answered(*words: Reconfirmation) -> Condition:
    return Deposition.reconfirmation.in_([literal_column(f"'{word.value}'") for word in words])


GROUPS_OF_NEXT: tuple[tuple[str, Condition], ...] = (
    ("next_no", _answered(*ALARMING)),
    ("next_silent", _answered(Reconfirmation.SILENT)),
    ("next_unasked", Deposition.reconfirmation.is_(None)),
    ("next_yes", _answered(Reconfirmation.YES, Reconfirmation.ASSUMED)),
)
"""The groups of that tab, each with what was answered about its sessions. Those who are to be called come first."""
AFTERNOON = 12
"""From this hour on, on the team's clock, those who have not answered come before all others."""


FOUND_BY = ("q", "case", "zone")
"""Filters that leave few rows, whose ids are known: what the search index finds, and what is looked for nearby."""
LOOKED_FOR = tuple(flag for flag in marks.STORED if flag not in marks.INDEXED)
"""Flags that are looked for among the nearest rows (nearest.py)."""
CURSOR_NAMES = ("view", "state", "organization", "from", "to", "q", "tag", "with", "sort")
"""The arguments that bind a cursor to its list, in the order of every version."""


def _found(filters: Iterable[tuple[Filter[Any], object]]) -> bool:  # of any type of value
    """Whether one of these filters leaves few rows, whose ids are known."""
    return any(one.name in FOUND_BY or (one.name == "flag" and value in LOOKED_FOR) for one, value in filters)


def looks(chosen: Chosen) -> bool:
    """Whether a filter is set that looks among the nearest rows alone."""
    return any(one.name == "zone" or value in LOOKED_FOR for one, value in chosen.values.items())


_BY_GROUP = (CANCELLATION, NOT_UP_TO_DATE, ASKED, OFFERED, NEXT)
"""Tabs of a few rows, which have an order of their own."""


def sorts(chosen: Chosen) -> Sequence[str]:
    """The orders that an index carries for these filters. What text found is few, and sorted as the reader likes."""
    found = _found(chosen.values.items())
    if not found and (chosen.has("flag") or chosen.tab in _BY_GROUP):
        return ()
    if not found and (chosen.has(*DAYS) or chosen.tab in (STARTING, OVERLAPPING, MOVED)):
        return ("starts",)
    return tuple(SORTS)


def listing(db: Db, chosen: Chosen, now: datetime) -> Listing:
    """The list of these filters at this moment."""
    values = {**_moments(now), **chosen.bind(db)}
    silent_first = chosen.tab == NEXT and datetimes.local(now, db.config.desk_hours.zone).hour >= AFTERNOON
    purpose = chosen.purpose("depositions", CURSOR_NAMES) + (":silent" if silent_first else "")
    return Listing(_compiled(chosen.kind, silent_first), values, purpose=purpose)


def _moments(now: datetime) -> dict[str, object]:
    """The moments that groups and counts are cut at."""
    moments = {"now": now, "soon": now + SOON}
    return {**moments, "asked_from": now - LONGEST_BREAK, "asked_until": now + BEFORE_ASKING}


@lru_cache(maxsize=1024)
def _compiled(kind: ListKind, silent_first: bool = False) -> CompiledListing:
    reach = within_reach(Deposition.organization_id, kind.reach)
    segments = spread(_segments(kind), Deposition.organization_id, kind)
    if silent_first:
        segments.sort(key=lambda each: each.key != "next_silent")
    return CompiledListing(Deposition, COLUMNS, segments, reach=reach, counter_queries=_counter_queries(kind.reach))


@lru_cache(maxsize=8)
def _counter_queries(reach: str) -> CounterQueries:
    """What the tabs count, whatever narrows the list: (state, 1 when a cancellation is requested, n) and what overlaps
    from the counters; what starts soon, whose hour moved, and of what somebody is not up to date, which no counter
    keeps."""
    requested = case((COUNTS.c.cancellation_open, 1), else_=0)
    counters = (
        select(COUNTS.c.state, requested, func.sum(COUNTS.c.n))
        .where(*within_reach(COUNTS.c.organization_id, reach))
        .group_by(COUNTS.c.state, requested)
    )
    here = within_reach(Deposition.organization_id, reach)
    soon = (Deposition.state == State.INITIAL.value, *_within(), *here)
    overlapping = select(counter_key(OVERLAPPING), ZERO, func.sum(OVERLAPPING_COUNTS.c.n)).where(
        *within_reach(OVERLAPPING_COUNTS.c.organization_id, reach)
    )
    return (
        counters,
        capped_count(STARTING, Deposition, soon),
        capped_count(NOT_UP_TO_DATE, Deposition, (*_behind(), *here)),
        _counted_next(here),
        _counted_asked(here),
        _counted_offered(here),
        overlapping,
        capped_count(MOVED, Deposition, (Deposition.hour_moved, *here)),
    )


def _behind() -> Conditions:
    """Sessions ahead of which somebody knows what no longer holds. Once the hour is over nobody needs to be told."""
    return Deposition.not_up_to_date, Deposition.starts_at >= _now()


def _in(states: Sequence[State]) -> Condition:
    """Whether a deposition is in one of these states, which stand in the statement itself."""
    return Deposition.state.in_([literal_column(f"'{state.value}'") for state in states])


def _counted_asked(here: Conditions) -> CounterQuery:
    """How many questions are open, and how many answers wait."""
    among = _in(STATES_OF[ASKED])
    cut: ColumnElement[int] = literal_column(str(MOST_COUNTED + 1))
    rows = (
        select(Deposition.question.label("key"))
        .where(Deposition.question.is_not(None), among, *here)
        .limit(cut)
        .subquery()
    )
    return select(counter_key("asked_") + rows.c.key, ZERO, func.count()).group_by(rows.c.key)


@cache
def _offered() -> Mapping[str, Conditions]:
    """The groups of the sessions of which other hours are offered: people agree to one, the time to answer is over
    without that, or answers are waited for. All have an index of the few rows with offered hours."""
    stands, until = Deposition.agreement, Deposition.answers_until
    open_ones = stands == Agreement.OPEN.value
    return {
        "offered_agreed": (stands == Agreement.AGREED.value,),
        "offered_late": (open_ones, until < _now()),
        "offered_open": (open_ones, until >= _now()),
    }


def _counted_offered(here: Conditions) -> CounterQuery:
    """How many sessions are in each of these groups."""
    *named, last = _offered()
    group = case(*((and_(*_offered()[key]), counter_key(key)) for key in named), else_=counter_key(last))
    cut: ColumnElement[int] = literal_column(str(MOST_COUNTED + 1))
    offered = (Deposition.agreement.is_not(None), _in(STATES_OF[OFFERED]), *here)
    rows = select(group.label("key")).where(*offered).limit(cut).subquery()
    return select(rows.c.key, ZERO, func.count()).group_by(rows.c.key)


def _counted_next(here: Conditions) -> CounterQuery:
    """How many sessions until the end of the next business day are in each of its groups."""
    *named, (last, _) = GROUPS_OF_NEXT
    group = case(*((given, counter_key(key)) for key, given in named), else_=counter_key(last))
    cut: ColumnElement[int] = literal_column(str(MOST_COUNTED + 1))
    rows = select(group.label("key")).where(_in(BOOKED), *_until_next(), *here).limit(cut).subquery()
    return select(rows.c.key, ZERO, func.count()).group_by(rows.c.key)


def _within() -> Conditions:
    return Deposition.starts_at >= _now(), Deposition.starts_at < _soon()


def _now() -> BindParameter[datetime]:
    return bindparam("now", type_=Deposition.starts_at.type)


def _soon() -> BindParameter[datetime]:
    return bindparam("soon", type_=Deposition.starts_at.type)


def states_of(kind: ListKind) -> tuple[State, ...]:
    """The states whose rows are in the list."""
    state = kind.get("state")
    return (State(str(state)),) if state else STATES_OF[kind.tab]


def _segments(kind: ListKind) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow, states, found = kind.conditions(), states_of(kind), _found(kind.filters)
    if kind.has("flag") and not found:
        return _flagged(kind.tab, states, narrow)
    if kind.sort or found:
        down = kind.descending or not kind.sort
        order = (SORTS[kind.order or "starts"], Deposition.id)
        only = _only(kind.tab)
        if found:
            among = Deposition.state.in_([state.value for state in states])
            return [Segment("found", ((among, *only, *narrow),), order, descending=down)]
        branches = tuple((Deposition.state == state.value, *only, *narrow) for state in states)
        return [Segment("sorted", branches, order, descending=down)]
    if kind.tab == STARTING:
        return [_by_start("soon", State.INITIAL, [*_within(), *narrow])]
    if kind.tab == CANCELLATION:
        only = () if len(states) > 1 else (Deposition.state == states[0].value,)
        return [
            Segment(
                "cancellation",
                ((Deposition.cancellation_open, *only, *narrow),),
                (Deposition.cancellation_requested_at, Deposition.id),
            )
        ]
    if kind.tab == ASKED:
        asked_in = _in(states)
        order = (Deposition.starts_at, Deposition.id)
        return [
            Segment(f"asked_{word}", ((Deposition.question == word, asked_in, *narrow),), order)
            for word in (QuestionState.ANSWERED.value, QuestionState.OPEN.value)
        ]
    if kind.tab == OFFERED:
        order = (Deposition.starts_at, Deposition.id)
        return [Segment(key, ((*given, _in(states), *narrow),), order) for key, given in _offered().items()]
    if kind.tab == NOT_UP_TO_DATE:
        chosen = () if len(states) > 1 else (Deposition.state == states[0].value,)
        branch = (*_behind(), *chosen, *narrow)
        return [Segment("not_up_to_date", (branch,), (Deposition.starts_at, Deposition.id))]
    if kind.tab in (OVERLAPPING, MOVED):
        mark = [_MARKS[kind.tab], *([Deposition.state == states[0].value] if kind.get("state") else []), *narrow]
        order = (Deposition.starts_at, Deposition.id)
        return [
            Segment(kind.tab, ((*mark, Deposition.starts_at >= _now()),), order),
            Segment(f"{kind.tab}_passed", ((*mark, Deposition.starts_at < _now()),), order, descending=True),
        ]
    if kind.tab == NEXT:
        return [
            _next(key, [state for state in states if state in BOOKED], given, narrow) for key, given in GROUPS_OF_NEXT
        ]
    if kind.has(*DAYS):
        return [_by_start(f"{state}_days", state, narrow) for state in states]
    return [segment for state in states for segment in _of_state(state, narrow)]


def _flagged(view: str, states: Sequence[State], narrow: Sequence[Condition]) -> list[Segment]:
    """The rows with a flag, by start. Their states are compared as text that no index has, so that planners walk the
    flag's own index and not the whole of a state."""
    among = func.coalesce(Deposition.state, "").in_([literal_column(f"'{state.value}'") for state in states])
    mark, order = (*narrow, *_only(view), among), (Deposition.starts_at, Deposition.id)
    return [
        Segment("flagged", ((*mark, Deposition.starts_at >= _now()),), order),
        Segment("flagged_passed", ((*mark, Deposition.starts_at < _now()),), order, descending=True),
    ]


def _of_state(state: State, narrow: Sequence[Condition]) -> Iterator[Segment]:
    if state == State.INITIAL:
        mine = (Deposition.state == state.value, *narrow, not_(and_(*_within())))
        by_promise = (Deposition.promised_by, Deposition.id)
        yield _by_start("soon", state, [*_within(), *narrow])
        yield Segment("waiting", ((*mine, Deposition.promised_by < _now()),), by_promise)
        yield Segment("fresh", ((*mine, Deposition.promised_by >= _now()),), by_promise)
    elif state in (State.SCHEDULED, State.READY):
        passed = Deposition.starts_at < _now()
        yield _by_start(f"{state}_soon", state, [*_within(), *narrow])
        yield _by_start(f"{state}_later", state, [Deposition.starts_at >= _soon(), *narrow])
        yield _by_start(f"{state}_passed", state, [passed, *narrow], descending=True)
    else:
        yield _by_start(state.value, state, narrow, descending=state != State.ACTIVE)


def _by_start(key: str, state: State, conditions: Sequence[Condition], descending: bool = False) -> Segment:
    return Segment(
        key, ((Deposition.state == state.value, *conditions),), (Deposition.starts_at, Deposition.id), descending
    )


def _next(key: str, states: Sequence[State], given: Condition, narrow: Sequence[Condition]) -> Segment:
    """A group of the sessions until the end of the next business day, in all of these states."""
    branches = tuple((Deposition.state == state.value, *_until_next(), given, *narrow) for state in states)
    return Segment(key, branches, (Deposition.starts_at, Deposition.id))


def _until_next() -> Conditions:
    """From midnight of the business day before a session, on its own clock, to its start."""
    asked, starts = Deposition.reconfirm_at, Deposition.starts_at
    return (
        asked > bindparam("asked_from", type_=asked.type),
        asked <= bindparam("asked_until", type_=asked.type),
        starts > bindparam("now", type_=starts.type),
    )


def _only(view: str) -> Conditions:
    """What a tab asks for besides its states."""
    if view == NEXT:
        return _until_next()
    if view == ASKED:
        return (Deposition.question.is_not(None),)
    if view == OFFERED:
        return (Deposition.agreement.is_not(None),)
    if view == STARTING:
        return _within()
    if view == NOT_UP_TO_DATE:
        return _behind()
    return (_MARKS[view],) if view in _MARKS else ()


def tab_counts(counters: Sequence[CounterRow]) -> dict[str, int]:
    """How many each tab holds, and each group of the next business day, of what a listing's counters say."""

    def counted_in(view: str) -> int:
        return sum(n for state, _, n in counters if state in STATES_OF[view])

    def in_group(key: str) -> int:
        return sum(n for found, _, n in counters if found == key)

    groups = {key: in_group(key) for key, _ in GROUPS_OF_NEXT}
    asked = {key: in_group(key) for key in ("asked_answered", "asked_open")}
    offered = {key: in_group(key) for key in _offered()}
    return {
        NEEDS: counted_in(NEEDS),
        STARTING: sum(n for key, _, n in counters if key == STARTING),
        CANCELLATION: sum(n for key, requested, n in counters if requested),
        ASKED: sum(asked.values()),
        OFFERED: sum(offered.values()),
        NOT_UP_TO_DATE: sum(n for key, _, n in counters if key == NOT_UP_TO_DATE),
        OVERLAPPING: sum(n for key, _, n in counters if key == OVERLAPPING),
        MOVED: sum(n for key, _, n in counters if key == MOVED),
        NEXT: sum(groups.values()),
        **asked,
        **offered,
        **groups,
        SCHEDULED: counted_in(SCHEDULED),
        EVERYTHING: counted_in(EVERYTHING),
    }


def counted_total(chosen: Chosen, counters: Sequence[CounterRow]) -> int | None:
    """How many the list holds where the counters know it: when nothing but tab and state narrows it."""
    if any(filter.name != "state" for filter in chosen.values):
        return None
    if chosen.tab == STARTING:
        return tab_counts(counters)[STARTING]
    if chosen.tab in (NOT_UP_TO_DATE, ASKED, OFFERED, NEXT, OVERLAPPING, MOVED):
        return None if chosen.has("state") else tab_counts(counters)[chosen.tab]
    states = states_of(chosen.kind)
    return sum(n for state, requested, n in counters if state in states and (requested or chosen.tab != CANCELLATION))


def view_counts(db: Db, organization_ids: Collection[int] | None, now: datetime) -> dict[str, int]:
    """How many each tab holds, whatever narrows the list."""
    values = {**_moments(now), **reach_values(organization_ids)}
    return tab_counts(counted(db, _counter_queries(reach_kind(organization_ids)), values))


def waiting(db: Db, organization_ids: Collection[int] | None, now: datetime) -> int:
    """How many requests wait for the team: the count beside the desk's name."""
    statement, values = _waiting(reach_kind(organization_ids)), reach_values(organization_ids)
    return int(statement.scalar(db, values) or 0)


@lru_cache(maxsize=8)
def _waiting(reach: str) -> Prepared[tuple[int]]:
    return Prepared(
        select(func.sum(COUNTS.c.n)).where(
            COUNTS.c.state == State.INITIAL.value, *within_reach(COUNTS.c.organization_id, reach)
        )
    )
