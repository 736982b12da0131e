"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, so that a page costs the same at any size of the table. All that is said of a list
comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import and_, not_

from app.dashboard.filters import DAYS, AnyFilter, Chosen, ListKind, spread, within_reach
from app.dashboard.listing import Column, CompiledListing, Condition, Conditions, Listing, Segment
from app.depositions.models import BOOKED, Deposition, State
from app.depositions.queries import marks
from app.depositions.queries.counts import counter_queries
from app.depositions.queries.listed import COLUMNS as COLUMNS
from app.depositions.queries.listed import ListedDeposition as ListedDeposition
from app.depositions.queries.tabs import (
    ASKED,
    CANCELLATION,
    GROUPS_OF_NEXT,
    MARKS,
    MOVED,
    NEXT,
    NOT_UP_TO_DATE,
    OFFERED,
    OVERLAPPING,
    STARTING,
    behind,
    in_states_beside,
    moment_now,
    moment_soon,
    moments,
    offered_groups,
    organization_beside,
    states_of,
    until_next,
    within_soon,
)
from app.depositions.rules.questions import QuestionState
from app.kernel.db.engine import Db
from app.kernel.text import datetimes

SORTS: dict[str, Column] = {"starts": Deposition.starts_at, "received": Deposition.created_at}
"""Orders besides urgency, each carried by an index in every state."""


AFTERNOON = 12
"""From this hour on, on the team's clock, those who have not answered come before all others."""


FOUND_BY = ("q", "case", "zone")
"""Filters that leave few rows, whose ids are known: what the search index finds, and what is looked for nearby."""
LOOKED_FOR = tuple(flag for flag in marks.STORED if flag not in marks.INDEXED)
"""Flags that are looked for among the nearest rows (nearest.py)."""
CURSOR_NAMES = ("view", "state", "organization", "from", "to", "q", "tag", "with", "sort")
"""The arguments that bind a cursor to its list, in the order of every version."""


def _found(filters: Iterable[tuple[AnyFilter, object]]) -> bool:
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
    values = {**moments(now), **chosen.bind(db)}
    silent_first = chosen.tab == NEXT and datetimes.local(now, db.config.desk_hours.zone).hour >= AFTERNOON
    purpose = chosen.purpose("depositions", CURSOR_NAMES) + (":silent" if silent_first else "")
    return Listing(_compiled(chosen.kind, silent_first), values, purpose=purpose)


@lru_cache(maxsize=1024)
def _compiled(kind: ListKind, silent_first: bool = False) -> CompiledListing:
    reach = within_reach(Deposition.organization_id, kind.reach)
    by = organization_beside() if kind.tab in (CANCELLATION, MOVED, ASKED, OFFERED) else Deposition.organization_id
    segments = spread(_segments(kind), by, kind)
    if silent_first:
        segments.sort(key=lambda each: each.key != "next_silent")
    return CompiledListing(Deposition, COLUMNS, segments, reach=reach, counter_queries=counter_queries(kind.reach))


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
        return [_by_start("soon", State.INITIAL, [*within_soon(), *narrow])]
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
        asked_in = in_states_beside(states)
        order = (Deposition.starts_at, Deposition.id)
        return [
            Segment(f"asked_{word}", ((Deposition.question == word, asked_in, *narrow),), order)
            for word in (QuestionState.ANSWERED.value, QuestionState.OPEN.value)
        ]
    if kind.tab == OFFERED:
        order = (Deposition.starts_at, Deposition.id)
        return [
            Segment(key, ((*given, in_states_beside(states), *narrow),), order)
            for key, given in offered_groups().items()
        ]
    if kind.tab == NOT_UP_TO_DATE:
        chosen = () if len(states) > 1 else (Deposition.state == states[0].value,)
        branch = (*behind(), *chosen, *narrow)
        return [Segment("not_up_to_date", (branch,), (Deposition.starts_at, Deposition.id))]
    if kind.tab in (OVERLAPPING, MOVED):
        mark = [MARKS[kind.tab], *([Deposition.state == states[0].value] if kind.get("state") else []), *narrow]
        order = (Deposition.starts_at, Deposition.id)
        return [
            Segment(kind.tab, ((*mark, Deposition.starts_at >= moment_now()),), order),
            Segment(f"{kind.tab}_passed", ((*mark, Deposition.starts_at < moment_now()),), order, descending=True),
        ]
    if kind.tab == NEXT:
        return [
            _next(key, [state for state in states if state in BOOKED], given, narrow) for key, given in GROUPS_OF_NEXT
        ]
    if kind.has(*DAYS):
        return [_by_start(f"{state}_days", state, narrow) for state in states]
    return [segment for state in states for segment in _of_state(state, narrow)]


def _flagged(view: str, states: Sequence[State], narrow: Sequence[Condition]) -> list[Segment]:
    """The rows with a flag, by start, from the flag's own index."""
    mark, order = (*narrow, *_only(view), in_states_beside(states)), (Deposition.starts_at, Deposition.id)
    return [
        Segment("flagged", ((*mark, Deposition.starts_at >= moment_now()),), order),
        Segment("flagged_passed", ((*mark, Deposition.starts_at < moment_now()),), order, descending=True),
    ]


def _of_state(state: State, narrow: Sequence[Condition]) -> Iterator[Segment]:
    if state == State.INITIAL:
        mine = (Deposition.state == state.value, *narrow, not_(and_(*within_soon())))
        by_promise = (Deposition.promised_by, Deposition.id)
        yield _by_start("soon", state, [*within_soon(), *narrow])
        yield Segment("waiting", ((*mine, Deposition.promised_by < moment_now()),), by_promise)
        yield Segment("fresh", ((*mine, Deposition.promised_by >= moment_now()),), by_promise)
    elif state in (State.SCHEDULED, State.READY):
        passed = Deposition.starts_at < moment_now()
        yield _by_start(f"{state}_soon", state, [*within_soon(), *narrow])
        yield _by_start(f"{state}_later", state, [Deposition.starts_at >= moment_soon(), *narrow])
        yield _by_start(f"{state}_passed", state, [passed, *narrow], descending=True)
    else:
        yield _by_start(state.value, state, narrow, descending=state != State.ACTIVE)


def _by_start(key: str, state: State, conditions: Sequence[Condition], descending: bool = False) -> Segment:
    return Segment(
        key, ((Deposition.state == state.value, *conditions),), (Deposition.starts_at, Deposition.id), descending
    )


def _next(key: str, states: Sequence[State], given: Condition, narrow: Sequence[Condition]) -> Segment:
    """A group of the sessions until the end of the next business day, in all of these states."""
    branches = tuple((Deposition.state == state.value, *until_next(), given, *narrow) for state in states)
    return Segment(key, branches, (Deposition.starts_at, Deposition.id))


def _only(view: str) -> Conditions:
    """What a tab asks for besides its states."""
    if view == NEXT:
        return until_next()
    if view == ASKED:
        return (Deposition.question.is_not(None),)
    if view == OFFERED:
        return (Deposition.agreement.is_not(None),)
    if view == STARTING:
        return within_soon()
    if view == NOT_UP_TO_DATE:
        return behind()
    return (MARKS[view],) if view in MARKS else ()
