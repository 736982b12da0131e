"""What the tabs of the desk's list count, whatever narrows it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import and_, case, func, select

from app.dashboard.filters import Chosen, reach_kind, reach_values, within_reach
from app.dashboard.listing import (
    MOST_COUNTED,
    ZERO,
    Conditions,
    CounterQueries,
    CounterQuery,
    CounterRow,
    capped_count,
    counted,
    counter_key,
)
from app.depositions.models import BOOKED, COUNTS, Deposition, State
from app.depositions.models import OVERLAPPING as OVERLAPPING_COUNTS
from app.depositions.queries.tabs import (
    ASKED,
    CANCELLATION,
    EVERYTHING,
    GROUPS_OF_NEXT,
    MOVED,
    NEEDS,
    NEXT,
    NOT_UP_TO_DATE,
    OFFERED,
    OVERLAPPING,
    SCHEDULED,
    STARTING,
    STATES_OF,
    behind,
    in_states,
    in_states_beside,
    moments,
    offered_groups,
    organization_beside,
    states_of,
    until_next,
    within_soon,
)
from app.kernel.db.columns import number
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared


@lru_cache(maxsize=8)
def counter_queries(reach: str) -> CounterQueries:
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
    beside = within_reach(organization_beside(), reach)
    soon = (Deposition.state == State.INITIAL.value, *within_soon(), *here)
    overlapping = select(counter_key(OVERLAPPING), ZERO, func.sum(OVERLAPPING_COUNTS.c.n)).where(
        *within_reach(OVERLAPPING_COUNTS.c.organization_id, reach)
    )
    return (
        counters,
        capped_count(STARTING, Deposition, soon),
        capped_count(NOT_UP_TO_DATE, Deposition, (*behind(), *here)),
        _counted_next(beside),
        _counted_asked(beside),
        _counted_offered(beside),
        overlapping,
        capped_count(MOVED, Deposition, (Deposition.hour_moved, *beside)),
    )


def _counted_asked(here: Conditions) -> CounterQuery:
    """How many questions are open, and how many answers wait."""
    among = in_states_beside(STATES_OF[ASKED])
    cut = number(MOST_COUNTED + 1)
    rows = (
        select(Deposition.question.label("key"))
        .where(Deposition.question.is_not(None), among, *here)
        .limit(cut)
        .subquery()
    )
    return select(counter_key("asked_") + rows.c.key, ZERO, func.count()).group_by(rows.c.key)


def _counted_offered(here: Conditions) -> CounterQuery:
    """How many sessions are in each of these groups."""
    *named, last = offered_groups()
    group = case(*((and_(*offered_groups()[key]), counter_key(key)) for key in named), else_=counter_key(last))
    cut = number(MOST_COUNTED + 1)
    offered = (Deposition.agreement.is_not(None), in_states_beside(STATES_OF[OFFERED]), *here)
    rows = select(group.label("key")).where(*offered).limit(cut).subquery()
    return select(rows.c.key, ZERO, func.count()).group_by(rows.c.key)


def _counted_next(here: Conditions) -> CounterQuery:
    """How many sessions until the end of the next business day are in each of its groups."""
    *named, (last, _) = GROUPS_OF_NEXT
    group = case(*((given, counter_key(key)) for key, given in named), else_=counter_key(last))
    cut = number(MOST_COUNTED + 1)
    rows = select(group.label("key")).where(in_states(BOOKED), *until_next(), *here).limit(cut).subquery()
    return select(rows.c.key, ZERO, func.count()).group_by(rows.c.key)


def tab_counts(counters: Sequence[CounterRow]) -> dict[str, int]:
    """How many each tab holds, and each group of the next business day, of what a listing's counters say."""

    def counted_in(view: str) -> int:
        return sum(n for state, _, n in counters if state in STATES_OF[view])

    def in_group(key: str) -> int:
        return sum(n for found, _, n in counters if found == key)

    groups = {key: in_group(key) for key, _ in GROUPS_OF_NEXT}
    asked = {key: in_group(key) for key in ("asked_answered", "asked_open")}
    offered = {key: in_group(key) for key in offered_groups()}
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
    values = {**moments(now), **reach_values(organization_ids)}
    return tab_counts(counted(db, counter_queries(reach_kind(organization_ids)), values))


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
