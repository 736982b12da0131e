"""The audit: all events in a user's scope, newest first.

A page is read along one index (the subject, the actor, the organization, or time itself); filters that no index covers
are applied to windows of a fixed size, so that a page costs the same however many events there are. A page whose window
ends before it is full says so, and the next page continues from there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, Subquery, and_, func, literal_column, select, union_all

from app.accounts.events import EVENTS as accounts
from app.accounts.models import Organization, Person
from app.accounts.scope import Scope
from app.dashboard.day_forms import day_form
from app.dashboard.events import EXPORTED
from app.dashboard.filters.days import days_of
from app.dashboard.saved_views.events import EVENTS as saved_views
from app.desks import DESKS, SUBJECTS
from app.kernel import clock
from app.kernel.changes.event_types import EventTypes
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor
from app.kernel.text.datetimes import local

PAGE = 50
WINDOW = 5000
"""Events that one page looks through for what no index carries."""
MOST_ORGANIZATIONS = 50
"""Organizations whose ranges are merged; for more of them events are read by time."""
SLACK = timedelta(minutes=5)
"""How far an event's number and its time may disagree: transactions end in another order than they begin."""
PURPOSE = "audit"
GENERAL = "general"
"""Everything that belongs to no desk: people, organizations, keys, views."""

PERSON = literal_column("'person'", String())
"""A literal, because no database takes a partial index for a value it learns later."""
_LEAN = (
    Event.id,
    Event.subject_type,
    Event.kind,
    Event.via,
    Event.actor_kind,
    Event.actor_id,
    Event.organization_id,
    Event.created_at,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. `first` and `last` are days in the reader's `zone`, both included; `period` names days
    instead of them."""

    organization_id: int | None = None
    person_id: int | None = None
    desk: str = ""
    kind: str = ""
    subject_id: str = ""
    first: date | None = None
    last: date | None = None
    period: str = ""
    zone: str = "UTC"

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and last day that are asked for; a period's are those it means now."""
        if not self.period:
            return self.first, self.last
        return days_of(self.period, local(clock.now(), self.zone).date(), day_form(self.zone))

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return self != Filters(zone=self.zone)


class AuditEvent(NamedTuple):
    """One event with everything that was recorded of it."""

    id: int
    organization_id: int | None
    subject_type: str
    subject_id: str
    kind: str
    actor_kind: str
    actor_id: str | None
    actor_name: str
    via: str
    request_id: str | None
    address: str | None
    data: dict[str, object]
    created_at: datetime


_EVENT = tuple(getattr(Event, name) for name in AuditEvent._fields)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `looked_back_to` is set when a window ended before the page was full: there may be more beyond."""

    rows: Sequence[AuditEvent]
    next_cursor: str | None
    looked_back_to: datetime | None
    first: bool


def page(db: Db, scope: Scope, filters: Filters, after: str | None, size: int = PAGE) -> Page:
    """Returns one page of the events in scope that fit the filters. Raises BadRequest for a damaged cursor."""
    before = int(decode_cursor(db, PURPOSE, after)[0]) if after else None
    rows, next_id, back_to = _read_page(db, scope, filters, _bounds(db, filters), before, size)
    return Page(rows, encode_cursor(db, PURPOSE, [next_id]) if next_id else None, back_to, first=before is None)


def all_rows(db: Db, scope: Scope, filters: Filters) -> Iterator[AuditEvent]:
    """All of them, a page at a time, for a file."""
    bounds, before = _bounds(db, filters), None
    while True:
        rows, before, _ = _read_page(db, scope, filters, bounds, before, 500)
        yield from rows
        if before is None:
            return


def _read_page(
    db: Db, scope: Scope, filters: Filters, bounds: tuple[int, int] | None, before: int | None, size: int
) -> tuple[Sequence[AuditEvent], int | None, datetime | None]:
    """Returns rows, the id after which to continue (None at the end), and how far back an unfilled page has read."""
    newest = _window(scope, filters, bounds, before)
    if newest is None:
        return [], None, None
    window = newest.subquery()
    ids = select(window.c.id).where(*_conditions(window, scope, filters)).order_by(window.c.id.desc()).limit(size + 1)
    wanted = select(ids.subquery().c.id)
    found = db.execute(select(*_EVENT).where(Event.id.in_(wanted)).order_by(Event.id.desc()))
    rows = [AuditEvent._make(row) for row in found]
    if len(rows) > size:
        return rows[:size], rows[size - 1].id, None
    n, last, back_to = db.execute(select(func.count(), func.min(window.c.id), func.min(window.c.created_at))).one()
    return (rows, last, back_to) if n == WINDOW else (rows, None, None)


def _window(scope: Scope, filters: Filters, bounds: tuple[int, int] | None, before: int | None) -> Select | None:
    """The newest WINDOW events along one index, before other filters; None when no organization is in scope."""
    where: list[ColumnElement[bool]] = []
    if bounds is not None:
        where += [Event.id >= bounds[0], Event.id <= bounds[1]]
    if before is not None:
        where.append(Event.id < before)
    ids = _organizations(scope, filters)
    if ids is not None and not ids:
        return None
    if filters.subject_id and filters.desk in SUBJECTS.of_desks:
        where += [
            Event.subject_type == SUBJECTS.of_desks[filters.desk][0],
            Event.subject_id == filters.subject_id,
        ]
    elif filters.person_id is not None:
        where += [Event.actor_kind == PERSON, Event.actor_id == str(filters.person_id)]
    elif ids is not None and len(ids) <= MOST_ORGANIZATIONS:
        ranges = [_newest([*where, Event.organization_id == id]).subquery() for id in ids]
        if len(ranges) > 1:
            merged = union_all(*(select(each) for each in ranges)).subquery()
            return select(merged).order_by(merged.c.id.desc()).limit(WINDOW)
        where.append(Event.organization_id == ids[0])
    return _newest(where)


def _newest(where: list[ColumnElement[bool]]) -> Select:
    return select(*_LEAN).where(*where).order_by(Event.id.desc()).limit(WINDOW)


def _organizations(scope: Scope, filters: Filters) -> list[int] | None:
    """The organizations to read; None stands for all of them, and for what belongs to none."""
    if filters.organization_id is not None:
        return [filters.organization_id] if scope.covers(filters.organization_id) else []
    return None if scope.everything else sorted(scope.organization_ids)


def _conditions(window: Subquery, scope: Scope, filters: Filters) -> list[ColumnElement[bool]]:
    """All filters, as conditions on the rows of a window."""
    fits: list[ColumnElement[bool]] = []
    c, ids = window.c, _organizations(scope, filters)
    if ids is not None:
        fits.append(c.organization_id.in_(ids))
    if filters.person_id is not None:
        fits.append(and_(c.actor_kind == PERSON, c.actor_id == str(filters.person_id)))
    if filters.desk == GENERAL:
        fits.append(c.subject_type.not_in(SUBJECTS.known))
    elif filters.desk:
        fits.append(c.subject_type.in_(SUBJECTS.of_desks[filters.desk]))
    if filters.kind:
        fits.append(c.kind.in_(EVENTS[filters.kind].stored_kinds))
    zone, (first_day, last_day) = ZoneInfo(filters.zone), filters.days
    if first_day is not None:
        fits.append(c.created_at >= datetime.combine(first_day, time(), zone))
    if last_day is not None:
        fits.append(c.created_at < datetime.combine(last_day + timedelta(days=1), time(), zone))
    return fits


def _bounds(db: Db, filters: Filters) -> tuple[int, int] | None:
    """The ids between which the chosen days lie, found by bisection: events are numbered as they happen."""
    first_day, last_day = filters.days
    if first_day is None and last_day is None:
        return None
    newest = int(db.execute(select(func.max(Event.id))).scalar() or 0)
    zone = ZoneInfo(filters.zone)
    low, high = 0, newest
    if first_day is not None:
        low = _first_since(db, datetime.combine(first_day, time(), zone) - SLACK, newest)
    if last_day is not None:
        high = _first_since(db, datetime.combine(last_day + timedelta(days=1), time(), zone) + SLACK, newest)
    return low, high


def _first_since(db: Db, instant: datetime, newest: int) -> int:
    """The number of the first event at or after a moment; one past the newest when there is none."""
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = db.execute(
            select(Event.id, Event.created_at).where(Event.id >= middle).order_by(Event.id).limit(1)
        ).first()
        if row is None or row.created_at >= instant:
            high = middle
        else:
            low = row.id + 1
    return low


EVENTS = EventTypes(
    each
    for types in (accounts, *(desk.events for desk in DESKS), saved_views, EventTypes([EXPORTED]))
    for each in types.values()
)
"""Every kind of event of every package."""


def facts(data: Mapping[str, object] | None) -> list[tuple[str, str]]:
    """The data of an event as pairs of label and text; a change as `before → after`."""
    kept = dict(data or {})
    before, after = kept.get("before"), kept.get("after")
    pairs = []
    if isinstance(before, dict) and isinstance(after, dict):
        kept.pop("before"), kept.pop("after")
        pairs = [(_label(name), f"{_text(before[name])} → {_text(after.get(name))}") for name in before]
    return pairs + [(_label(name), _text(value)) for name, value in kept.items()]


def _label(name: str) -> str:
    return name.replace("_", " ")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{_label(name)}: {_text(each)}" for name, each in value.items())
    return str(value)


def subject_names(db: Db, rows: Iterable[AuditEvent]) -> dict[tuple[str, str], str]:
    """The names of the people and organizations among the subjects; two statements at most."""
    found: dict[tuple[str, str], str] = {}
    wanted = {
        kind: sorted({int(row.subject_id) for row in rows if row.subject_type == kind and row.subject_id.isdecimal()})
        for kind in ("person", "organization")
    }
    if wanted["person"]:
        people = db.execute(select(Person.id, Person.name).where(Person.id.in_(wanted["person"])))
        found |= {("person", str(id)): name for id, name in people}
    if wanted["organization"]:
        organizations = select(Organization.id, Organization.name).where(Organization.id.in_(wanted["organization"]))
        found |= {("organization", str(id)): name for id, name in db.execute(organizations)}
    return found
