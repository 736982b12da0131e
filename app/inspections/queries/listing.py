"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, of each organization the reader sees or of all of them, so that a page costs the
same at any size of the table. All that is said of a list comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql.expression import SQLColumnExpression

from app.accounts.models import Organization
from app.dashboard.filters import DAYS, Chosen, ListKind, reach_kind, reach_values, spread, within_reach
from app.dashboard.listing import (
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
    counted,
    counter_key,
)
from app.inspections.models import (
    ATTENDED,
    BROKEN,
    COUNTS,
    UNANCHORED,
    WAITING,
    Anchoring,
    Campaign,
    Inspection,
    Invite,
    Status,
)
from app.inspections.rules import TTL
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

T = TypeVar("T")

NOW, UPCOMING, STUCK, ENDED, EXPIRED, EVERYTHING = "now", "upcoming", "unanchored", "ended", "expired", "all"
BROKEN_RECORDS = "broken"
ARRIVED = "waiting"
"""The first group of the board, by itself."""
VIEWS = (NOW, ARRIVED, UPCOMING, STUCK, BROKEN_RECORDS, ENDED, EXPIRED, EVERYTHING)
SORTS: dict[str, Column] = {"when": Inspection.expires_at, "ended": Inspection.ended_at}
"""Orders besides urgency. When it takes place is ordered by when it expires, which is 24 hours after that."""


_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MISSING = (Anchoring.PENDING.value, Anchoring.FAILED.value)

CURSOR_NAMES = ("view", "campaign", "language", "operator", "with", "organization", "from", "to", "q", "tag", "sort")
"""The arguments that bind a cursor to its list, in the order of every version."""


def _newest_invite(column: SQLColumnExpression[T]) -> ScalarSelect[T]:
    mine = select(column).where(Invite.inspection_id == Inspection.id)
    return mine.order_by(Invite.created_at.desc(), Invite.id.desc()).limit(1).correlate(Inspection).scalar_subquery()


def _guest() -> ScalarSelect[str]:
    """Whom the newest invite is for: name, e-mail address and telephone number, a line each."""
    name = func.trim(Invite.recipient_first_name + " " + Invite.recipient_last_name)
    return _newest_invite(name + "\n" + Invite.recipient_email + "\n" + Invite.recipient_phone)


def _of(column: SQLColumnExpression[T], id: Column, wanted: Column) -> ScalarSelect[T]:
    # Not a join: beside one, PostgreSQL may leave the index's order and sort.
    return select(column).where(id == wanted).scalar_subquery()


COLUMNS = (
    Inspection.id,
    Inspection.version,
    Inspection.status,
    Inspection.scheduled_for,
    Inspection.expires_at,
    Inspection.started_at,
    Inspection.attended_at,
    Inspection.ended_at,
    Inspection.notes,
    Inspection.locale,
    Inspection.consent_state,
    Inspection.anchoring,
    Inspection.chain_length,
    Inspection.broken_at,
    Inspection.operator_email,
    Inspection.operator_name,
    Inspection.assignee_id,
    Inspection.assignee_name,
    Inspection.created_at,
    Inspection.organization_id,
    _of(Organization.name, Organization.id, Inspection.organization_id).label("organization_name"),
    _of(Organization.time_zone, Organization.id, Inspection.organization_id).label("zone"),
    _of(Campaign.name, Campaign.id, Inspection.campaign_id).label("campaign_name"),
    _newest_invite(Invite.id).label("invite_id"),
    _guest().label("guest"),
)


class ListedInspection(Protocol):
    """A row of the list: what COLUMNS reads."""

    id: UUID
    version: int
    status: str
    scheduled_for: datetime | None
    expires_at: datetime
    started_at: datetime | None
    attended_at: datetime | None
    ended_at: datetime | None
    notes: str
    locale: str
    consent_state: dict[str, str]
    anchoring: str
    chain_length: int
    broken_at: datetime | None
    operator_email: str
    operator_name: str
    assignee_id: int | None
    assignee_name: str | None
    created_at: datetime
    organization_id: int
    organization_name: str
    zone: str
    campaign_name: str | None
    invite_id: UUID | None
    guest: str | None


_EARLIER = (
    select(*COLUMNS)
    .where(
        Inspection.organization_id == bindparam("organization_id"),
        Inspection.created_at <= bindparam("created_at"),
        Inspection.id != bindparam("id"),
    )
    .order_by(Inspection.created_at.desc(), Inspection.id.desc())
    .limit(6)
)


def earlier(db: Db, inspection: Inspection) -> list[ListedInspection]:
    """The organization's inspections that were made before this one, the latest first."""
    values = {
        "organization_id": inspection.organization_id,
        "created_at": inspection.created_at,
        "id": inspection.id,
    }
    return [cast(ListedInspection, row) for row in db.execute(_EARLIER, values)]


def sorts(chosen: Chosen) -> Sequence[str]:
    """The orders that an index carries for these filters. What text found is few, and sorted as the reader likes."""
    if chosen.tab in (ARRIVED, BROKEN_RECORDS):
        return ()
    if chosen.tab == STUCK:
        return ("ended",)
    if chosen.tab == ENDED and (chosen.has("q") or not chosen.has(*DAYS)):
        return ("when", "ended")
    return ("when",)


def operated_by(person: ColumnElement[int]) -> Condition:
    """The condition of what a person made, by the person's id."""
    return Inspection.operator_id == person


def listing(db: Db, chosen: Chosen, now: datetime) -> Listing:
    """The list of these filters at this moment."""
    values = {**_moments(chosen.reader.time_zone, now), **chosen.bind(db)}
    return Listing(_compiled(chosen.kind), values, purpose=chosen.purpose("inspections-board", CURSOR_NAMES))


def _moments(zone: str, now: datetime) -> dict[str, object]:
    """The moments that groups and counts are cut at. `until`: when what begins before the reader's midnight expires."""
    there = ZoneInfo(zone)
    tomorrow = datetime.combine(now.astimezone(there).date() + timedelta(days=1), time(), there).astimezone(UTC)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight.strftime("%Y-%m-%d")
    return {"now": now, "ever": _EVER, "until": tomorrow + TTL, "midnight": midnight, "day": day}


@lru_cache(maxsize=1024)
def _compiled(kind: ListKind) -> CompiledListing:
    reach = within_reach(Inspection.organization_id, kind.reach)
    return CompiledListing(
        Inspection,
        COLUMNS,
        spread(_segments(kind), Inspection.organization_id, kind),
        reach=reach,
        counter_queries=_counter_queries(kind.reach),
    )


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=Inspection.expires_at.type)


def _in(status: Status) -> Condition:
    return Inspection.status == status.value


# In the very words of the partial indexes, so that both planners know that these may serve.
_WAITING: Condition = literal_column(WAITING)
_ATTENDED: Condition = literal_column(ATTENDED)
_UNANCHORED: Condition = literal_column(UNANCHORED)
_BROKEN: Condition = literal_column(BROKEN)


@lru_cache(maxsize=1)
def _groups() -> dict[str, Segment]:
    """Every group, of all organizations and without any filter."""
    created, expiry, end = (
        _in(Status.CREATED),
        (Inspection.expires_at, Inspection.id),
        (Inspection.ended_at, Inspection.id),
    )
    today = (created, Inspection.expires_at > _moment("now"), Inspection.expires_at < _moment("until"))
    over = Inspection.ended_at > _moment("ever")
    found = (
        Segment("waiting", ((_WAITING,),), (Inspection.started_at, Inspection.id)),
        Segment("live", ((_ATTENDED,),), (Inspection.started_at, Inspection.id)),
        Segment("today", (today,), expiry),
        Segment("upcoming", ((created, Inspection.expires_at >= _moment("until")),), expiry),
        Segment("expired", ((created, Inspection.expires_at <= _moment("now")),), expiry, descending=True),
        Segment("unanchored", ((_UNANCHORED, over),), end, descending=True),
        Segment("broken", ((_BROKEN,),), (Inspection.broken_at, Inspection.id), descending=True),
        Segment("ended", ((over,),), end, descending=True),
        Segment(
            "all",
            ((Inspection.created_at > _moment("ever"),),),
            (Inspection.created_at, Inspection.id),
            descending=True,
        ),
    )
    return {segment.key: segment for segment in found}


GROUPS_OF = {NOW: ("waiting", "live", "today")}
"""The groups of the tabs that have several; of the others, it is the one of their name."""


def _by_status(view: str) -> tuple[Conditions, ...]:
    """The same rows as the tab's groups, cut so that each part is one range of the indexes by status and expiry."""
    if view == NOW:
        joined = Inspection.attended_at.is_not(None)
        return (_in(Status.OPEN),), (_in(Status.RECORDING), joined), _groups()["today"].branches[0]
    if view == ENDED:
        return ((_in(Status.CLOSED),),)
    if view == EVERYTHING:
        return tuple((_in(status),) for status in (Status.CREATED, Status.OPEN, Status.RECORDING, Status.CLOSED))
    return _groups()[view].branches


def _segments(kind: ListKind) -> list[Segment]:
    """The groups of the list in their sequence."""
    view, narrow = kind.tab, kind.conditions()
    groups = [_groups()[key] for key in GROUPS_OF.get(view, (view,))]
    name, down = kind.order, kind.descending or not kind.sort

    def narrowed(branches: tuple[Conditions, ...]) -> tuple[Conditions, ...]:
        return tuple((*branch, *narrow) for branch in branches)

    if kind.has("q"):
        inside = or_(*(and_(*branch) for group in groups for branch in group.branches))
        order = (SORTS.get(name, Inspection.created_at), Inspection.id)
        return [Segment("found", ((inside, *narrow),), order, descending=down)]
    if name == "ended":
        return [Segment("sorted", narrowed(groups[0].branches), (Inspection.ended_at, Inspection.id), descending=down)]
    if name == "when" or (view in (ENDED, EVERYTHING) and kind.has(*DAYS)):
        key = "sorted" if name else "days"
        return [Segment(key, narrowed(_by_status(view)), (Inspection.expires_at, Inspection.id), descending=down)]
    return [Segment(group.key, narrowed(group.branches), group.order, group.descending) for group in groups]


@lru_cache(maxsize=16)
def _counter_queries(reach: str) -> CounterQueries:
    """What the tabs count, whatever narrows the list, as (key, flag, n): each status, flagged when a time stamp is
    missing; what is `over` though created; what begins `today`; who is `waiting`;
    whose record is `broken`.

    Exact, without counting rows that only grow: sums of kept counters; only the expiries of a day, the few who wait
    and the few records that do not hold are read from their index.
    """
    k = COUNTS.c
    counted = within_reach(k.organization_id, reach)
    missing = case((k.anchoring.in_(_MISSING), 1), else_=0)

    def rows(key: str, *conditions: Condition) -> CounterQuery:
        mine = within_reach(Inspection.organization_id, reach)
        found = select(counter_key(key), ZERO, func.count()).select_from(Inspection)
        return found.where(*mine, *conditions)

    created = k.status == Status.CREATED.value
    before = (*counted, created, k.expires_on < bindparam("day"))
    today = (Inspection.expires_at >= _moment("midnight"), Inspection.expires_at <= _moment("now"))
    return (
        select(k.status, missing, func.sum(k.n)).where(*counted).group_by(k.status, missing),
        select(counter_key("over"), ZERO, func.sum(k.n)).where(*before),
        rows("over", _in(Status.CREATED), *today),
        rows("today", *_groups()["today"].branches[0]),
        rows("waiting", _WAITING),
        rows("broken", _BROKEN),
    )


def tab_counts(counters: Sequence[CounterRow]) -> dict[str, int]:
    """How many each tab holds, and each group of the first one, of what a listing's counters say."""

    def n(*keys: str) -> int:
        return sum(n for key, _, n in counters if key in keys)

    waiting, today, over = n("waiting"), n("today"), n("over")
    live = n(Status.OPEN, Status.RECORDING) - waiting
    return {
        "waiting": waiting,
        "live": live,
        "today": today,
        NOW: waiting + live + today,
        UPCOMING: n(Status.CREATED) - over - today,
        BROKEN_RECORDS: n("broken"),
        STUCK: sum(n for _, missing, n in counters if missing),
        ENDED: n(Status.CLOSED),
        EXPIRED: over,
        EVERYTHING: n(*(status.value for status in Status)),
    }


def counted_total(chosen: Chosen, counters: Sequence[CounterRow]) -> int | None:
    """How many the list holds where the counters know it: when nothing but the tab narrows it."""
    return None if chosen.values else tab_counts(counters)[chosen.tab]


def view_counts(db: Db, organization_ids: Collection[int] | None, now: datetime, zone: str = "UTC") -> dict[str, int]:
    """How many each tab holds, whatever narrows the list; `zone` is the reader's."""
    values = {**_moments(zone, now), **reach_values(organization_ids)}
    return tab_counts(counted(db, _counter_queries(reach_kind(organization_ids)), values))


def waiting(db: Db, organization_ids: Collection[int] | None) -> int:
    """How many field users wait for an operator: the count beside the desk's name."""
    statement, values = _waiting(reach_kind(organization_ids)), reach_values(organization_ids)
    return int(statement.scalar(db, values) or 0)


def broken(db: Db, organization_ids: Collection[int] | None) -> int:
    """How many records do not hold."""
    statement, values = _broken(reach_kind(organization_ids)), reach_values(organization_ids)
    return int(statement.scalar(db, values) or 0)


def awaiting_stamp(db: Db) -> int:
    """How many ended inspections wait for a time stamp, of all organizations."""
    pending = select(func.sum(COUNTS.c.n)).where(COUNTS.c.anchoring == Anchoring.PENDING.value)
    return int(db.scalar(pending) or 0)


@lru_cache(maxsize=8)
def _broken(reach: str) -> Prepared[tuple[int]]:
    mine = within_reach(Inspection.organization_id, reach)
    return Prepared(select(func.count()).select_from(Inspection).where(*mine, _BROKEN))


@lru_cache(maxsize=8)
def _waiting(reach: str) -> Prepared[tuple[int]]:
    mine = within_reach(Inspection.organization_id, reach)
    return Prepared(select(func.count()).select_from(Inspection).where(*mine, _WAITING))
