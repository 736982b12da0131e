"""The desk's list: which urgency groups each tab has, what narrows them, and what the counters say.

A group is one range on one index, of each organization the reader sees or of the whole house, so that a page costs the
same at any size of the table. All that is said of a list comes from its `listing()` (app/dashboard/listing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
)

from app.accounts.models import Organization, Person
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.dashboard.listing import CompiledListing, Listing, Segment
from app.inspections.events import SUBJECT
from app.inspections.models import (
    ATTENDED,
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
from app.kernel.text import search

T: Any = Inspection.__table__.c
V: Any = Invite.__table__.c
ORG: Any = Organization.__table__.c

NOW, UPCOMING, STUCK, ENDED, EXPIRED, EVERYTHING = "now", "upcoming", "unanchored", "ended", "expired", "all"
VIEWS = {
    NOW: "Now and today",
    UPCOMING: "Upcoming",
    STUCK: "Ended, not anchored",
    ENDED: "Ended",
    EXPIRED: "Expired",
    EVERYTHING: "Everything",
}
SORTS: dict[str, Any] = {"when": T.expires_at, "ended": T.ended_at}
"""Orders besides urgency. When it takes place is ordered by when it expires, which is 24 hours after that."""


MOST_PLACES = 8
"""Of so many organizations each has its own range; people with more read the house's and leave out the others."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MISSING = (Anchoring.PENDING.value, Anchoring.FAILED.value)


def _newest_invite(column: Any) -> Any:
    mine = select(column).where(V.inspection_id == T.id).order_by(V.created_at.desc(), V.id.desc()).limit(1)
    return mine.correlate(Inspection.__table__).scalar_subquery()


def _guest() -> Any:
    """Whom the newest invite is for: the name, else the address."""
    name = func.trim(V.recipient_first_name + " " + V.recipient_last_name)
    known = (func.nullif(name, ""), func.nullif(V.recipient_email, ""), V.recipient_phone)
    return _newest_invite(func.coalesce(*known))


def _of(column: Any, table: Any, id: Any) -> Any:
    # Not a join: beside one, PostgreSQL may leave the index's order and sort.
    return select(column).where(table.id == id).scalar_subquery()


COLUMNS = (
    T.id,
    T.version,
    T.status,
    T.scheduled_for,
    T.expires_at,
    T.started_at,
    T.attended_at,
    T.ended_at,
    T.notes,
    T.locale,
    T.consent_state,
    T.anchoring,
    T.chain_length,
    T.operator_email,
    T.operator_name,
    T.assignee_id,
    T.assignee_name,
    T.created_at,
    T.organization_id,
    _of(ORG.name, ORG, T.organization_id).label("organization_name"),
    _of(ORG.time_zone, ORG, T.organization_id).label("zone"),
    _of(Campaign.__table__.c.name, Campaign.__table__.c, T.campaign_id).label("campaign_name"),
    _newest_invite(V.id).label("invite_id"),
    _guest().label("guest"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list says. `reach` are the organizations the reader may see, None is all of them.

    `first` and `last` are days in the reader's `zone`, both included. `operator` is who made it, `person` who has it,
    NOBODY or anyone (None). `sort` is one of SORTS, with a leading `-` when it descends; empty is urgency.
    """

    view: str = NOW
    campaign: UUID | None = None
    language: str = ""
    operator: int | None = None
    person: int | None = None
    organization_id: int | None = None
    first: date | None = None
    last: date | None = None
    q: str = ""
    tag: str = ""
    reach: frozenset[int] | None = None
    zone: str = "UTC"
    sort: str = ""

    @property
    def sorts(self) -> tuple[str, ...]:
        """The orders that an index carries for these filters. What text found is few, and sorted as one likes."""
        if self.view == STUCK:
            return ("ended",)
        if self.view == ENDED and (self.q or not (self.first or self.last)):
            return ("when", "ended")
        return ("when",)

    @property
    def order(self) -> str:
        """The order in force: another filter may have taken away the one asked for."""
        return self.sort if self.sort.removeprefix("-") in self.sorts else ""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab says what is in the list."""
        chosen = (self.campaign, self.operator, self.person, self.organization_id, self.first, self.last)
        return any(value is not None for value in chosen) or bool(self.language or self.q or self.tag)

    @property
    def places(self) -> tuple[int, ...] | None:
        """The organizations whose rows are in the list; None is all."""
        if self.organization_id is None:
            return None if self.reach is None else tuple(sorted(self.reach))
        known = self.reach is None or self.organization_id in self.reach
        return (self.organization_id,) if known else ()


class _Kind(NamedTuple):
    """What of the filters changes the statement, and not only its values. `reach` and `places` say of how many
    organizations, None is all, more than MOST_PLACES is any number."""

    view: str
    reach: int | None
    places: int | None
    campaign: bool
    language: bool
    operator: bool
    person: str
    first: bool
    last: bool
    found: bool
    tagged: bool
    sort: str


def listing(db: Db, f: Filters, now: datetime) -> Listing:
    """The list of these filters at this moment."""
    zone, places = ZoneInfo(f.zone), f.places
    values: dict[str, Any] = {
        **_moments(f.zone, now),
        "ever": _EVER,
        "organizations": sorted(f.reach or ()),
        "places": list(places or ()),
        **{f"place_{n}": place for n, place in enumerate((places or ())[:MOST_PLACES])},
        "campaign": f.campaign,
        "language": f.language,
        "operator": f.operator,
        "person": f.person,
        "first": _midnight(f.first, zone) + TTL if f.first else None,
        "last": _midnight(f.last + timedelta(days=1), zone) + TTL if f.last else None,
        "found": [UUID(id) for id in search.ids(db, SUBJECT, f.q, places)] if f.q else [],
        "tag": f.tag,
    }
    return Listing(_shape(_kind(f)), values, purpose=_purpose(f))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _moments(zone: str, now: datetime) -> dict[str, Any]:
    """The moments that groups and counts are cut at. `until`: when what begins before the reader's midnight expires."""
    there = ZoneInfo(zone)
    tomorrow = _midnight(now.astimezone(there).date() + timedelta(days=1), there)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"now": now, "until": tomorrow + TTL, "midnight": midnight, "day": midnight.strftime("%Y-%m-%d")}


def _many(places: Sequence[int] | frozenset[int] | None) -> int | None:
    return None if places is None else min(len(places), MOST_PLACES + 1)


def _kind(f: Filters) -> _Kind:
    return _Kind(
        f.view,
        _many(f.reach),
        _many(f.places),
        f.campaign is not None,
        bool(f.language),
        f.operator is not None,
        "" if f.person is None else "nobody" if f.person == UNASSIGNED else "one",
        f.first is not None,
        f.last is not None,
        bool(f.q),
        bool(f.tag),
        f.order,
    )


def _purpose(f: Filters) -> str:
    """What binds a cursor to this list and this reader."""
    reach = "all" if f.reach is None else ",".join(map(str, sorted(f.reach)))
    chosen = (f.campaign, f.language, f.operator, f.person, f.organization_id, f.first, f.last, f.q, f.tag, f.order)
    return "inspections-board:" + ":".join(map(str, (f.view, *chosen, reach)))


@lru_cache(maxsize=1024)
def _shape(kind: _Kind) -> CompiledListing:
    reach = _within(T.organization_id, kind.reach, "organizations")
    return CompiledListing(COLUMNS, _stretches(kind), version=T.version, reach=reach, kept=_kept(kind.reach))


def _within(column: Any, many: int | None, name: str) -> tuple[ColumnElement[bool], ...]:
    """The condition that keeps to the organizations in the values `name`."""
    if many is None:
        return ()
    return (column.in_(bindparam(name, expanding=True)),) if many else (false(),)


Conditions = tuple[Any, ...]


def _moment(name: str) -> Any:
    return bindparam(name, type_=T.expires_at.type)


def _in(status: Status) -> ColumnElement[bool]:
    return T.status == status.value


# In the very words of the partial indexes, so that both planners know that these may serve.
_WAITING: Any = literal_column(WAITING)
_ATTENDED: Any = literal_column(ATTENDED)
_UNANCHORED: Any = literal_column(UNANCHORED)


@lru_cache(maxsize=1)
def _groups() -> dict[str, Segment]:
    """Every group, of all organizations and without any filter."""
    created, expiry, end = _in(Status.CREATED), (T.expires_at, T.id), (T.ended_at, T.id)
    today = (created, T.expires_at > _moment("now"), T.expires_at < _moment("until"))
    over = T.ended_at > _moment("ever")
    found = (
        Segment("waiting", ((_WAITING,),), (T.started_at, T.id)),
        Segment("live", ((_ATTENDED,),), (T.started_at, T.id)),
        Segment("today", (today,), expiry),
        Segment("upcoming", ((created, T.expires_at >= _moment("until")),), expiry),
        Segment("expired", ((created, T.expires_at <= _moment("now")),), expiry, descending=True),
        Segment("unanchored", ((_UNANCHORED, over),), end, descending=True),
        Segment("ended", ((over,),), end, descending=True),
        Segment("all", ((T.created_at > _moment("ever"),),), (T.created_at, T.id), descending=True),
    )
    return {stretch.key: stretch for stretch in found}


GROUPS_OF = {NOW: ("waiting", "live", "today")}
"""The groups of the tabs that have several; of the others, it is the one of their name."""


def _by_status(view: str) -> tuple[Conditions, ...]:
    """The same rows as the tab's groups, cut so that each part is one range of the indexes by status and expiry."""
    if view == NOW:
        joined = T.attended_at.is_not(None)
        return (_in(Status.OPEN),), (_in(Status.RECORDING), joined), _groups()["today"].arms[0]
    if view == ENDED:
        return ((_in(Status.CLOSED),),)
    if view == EVERYTHING:
        return tuple((_in(status),) for status in (Status.CREATED, Status.OPEN, Status.RECORDING, Status.CLOSED))
    return _groups()[view].arms


def _stretches(kind: _Kind) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow = _narrow(kind)
    groups = [_groups()[key] for key in GROUPS_OF.get(kind.view, (kind.view,))]
    name, down = kind.sort.removeprefix("-"), kind.sort.startswith("-") or not kind.sort

    def spread(arms: tuple[Conditions, ...]) -> tuple[Conditions, ...]:
        return tuple((*place, *arm, *narrow) for place in _places(kind.places) for arm in arms)

    if kind.found:
        inside = or_(*(and_(*arm) for group in groups for arm in group.arms))
        place = _within(T.organization_id, kind.places, "places")
        order = (SORTS.get(name, T.created_at), T.id)
        return [Segment("found", ((*place, inside, *narrow),), order, descending=down)]
    if name == "ended":
        return [Segment("sorted", spread(groups[0].arms), (T.ended_at, T.id), descending=down)]
    if name == "when" or (kind.view in (ENDED, EVERYTHING) and (kind.first or kind.last)):
        key = "sorted" if name else "days"
        return [Segment(key, spread(_by_status(kind.view)), (T.expires_at, T.id), descending=down)]
    return [Segment(group.key, spread(group.arms), group.order, group.descending) for group in groups]


def _places(many: int | None) -> list[Conditions]:
    """One condition for each organization, or one for all of them together."""
    if many is None or many == 0 or many > MOST_PLACES:
        return [_within(T.organization_id, many, "places")]
    return [(T.organization_id == bindparam(f"place_{n}", type_=T.organization_id.type),) for n in range(many)]


_OPERATOR = select(Person.__table__.c.email).where(Person.__table__.c.id == bindparam("operator")).scalar_subquery()


def _narrow(kind: _Kind) -> Conditions:
    """The conditions of the filters besides tab and organization."""
    found: list[Any] = []
    if kind.found:
        found.append(T.id.in_(bindparam("found", expanding=True, type_=T.id.type)))
    if kind.campaign:
        found.append(T.campaign_id == bindparam("campaign", type_=T.campaign_id.type))
    if kind.language:
        found.append(T.locale == bindparam("language"))
    if kind.operator:
        found.append(T.operator_email == _OPERATOR)
    if kind.person:
        found.append(T.assignee_id.is_(None) if kind.person == "nobody" else T.assignee_id == bindparam("person"))
    if kind.first:
        found.append(T.expires_at >= _moment("first"))
    if kind.last:
        found.append(T.expires_at < _moment("last"))
    if kind.tagged:
        found.append(tags.wearing(SUBJECT, T.id, bindparam("tag")))
    return tuple(found)


@lru_cache(maxsize=16)
def _kept(reach: int | None) -> tuple[Select, ...]:
    """What the tabs count, whatever narrows the list, as (key, flag, n): each status, flagged when a time stamp is
    missing; what is `over` though created; what begins `today`; who is `waiting`.

    Exact, without counting rows that only grow: sums of kept counters; only the expiries of a day and the few who wait
    are read from their index.
    """
    k = COUNTS.c
    counted = _within(k.organization_id, reach, "organizations")
    missing = case((k.anchoring.in_(_MISSING), 1), else_=0)
    zero: Any = literal_column("0")

    def rows(key: str, *conditions: Any) -> Select:
        mine = _within(T.organization_id, reach, "organizations")
        found = select(literal_column(f"'{key}'"), zero, func.count()).select_from(Inspection.__table__)
        return found.where(*mine, *conditions)

    created = k.status == Status.CREATED.value
    before = (*counted, created, k.expires_on < bindparam("day"))
    today = (T.expires_at >= _moment("midnight"), T.expires_at <= _moment("now"))
    return (
        select(k.status, missing, func.sum(k.n)).where(*counted).group_by(k.status, missing),
        select(literal_column("'over'"), zero, func.sum(k.n)).where(*before),
        rows("over", _in(Status.CREATED), *today),
        rows("today", *_groups()["today"].arms[0]),
        rows("waiting", _WAITING),
    )


def tab_counts(kept: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """How many each tab holds, and each group of the first one, of what a listing's counters say."""

    def n(*keys: str) -> int:
        return sum(n for key, _, n in kept if key in keys)

    waiting, today, over = n("waiting"), n("today"), n("over")
    live = n(Status.OPEN, Status.RECORDING) - waiting
    return {
        "waiting": waiting,
        "live": live,
        "today": today,
        NOW: waiting + live + today,
        UPCOMING: n(Status.CREATED) - over - today,
        STUCK: sum(n for _, missing, n in kept if missing),
        ENDED: n(Status.CLOSED),
        EXPIRED: over,
        EVERYTHING: n(*(status.value for status in Status)),
    }


def kept_total(f: Filters, kept: Sequence[tuple[str, int, int]]) -> int | None:
    """How many the list holds where the counters know it: when nothing but the tab narrows it."""
    return None if f.narrowed else tab_counts(kept)[f.view]


def view_counts(db: Db, f: Filters, now: datetime) -> dict[str, int]:
    """How many each tab holds, whatever else narrows the list."""
    return tab_counts(listing(db, Filters(reach=f.reach, zone=f.zone), now).counts(db)[1])


def waiting(db: Db, reach: frozenset[int] | None) -> int:
    """How many field users wait for an operator: the count beside the desk's name."""
    values = {"organizations": sorted(reach or ())}
    return int(db.connection().execute(_waiting(_many(reach)), values).scalar() or 0)


@lru_cache(maxsize=16)
def _waiting(reach: int | None) -> Select:
    mine = _within(T.organization_id, reach, "organizations")
    return select(func.count()).select_from(Inspection.__table__).where(*mine, _WAITING)


_ALL_ORGANIZATIONS = select(ORG.id, ORG.name).order_by(ORG.name, ORG.id)
_ORGANIZATIONS = _ALL_ORGANIZATIONS.where(ORG.id.in_(bindparam("ids", expanding=True)))


def organizations(db: Db, reach: frozenset[int] | None) -> Sequence[Row]:
    """The organizations to filter by."""
    if reach is None:
        return db.connection().execute(_ALL_ORGANIZATIONS).all()
    return db.connection().execute(_ORGANIZATIONS, {"ids": sorted(reach)}).all()
