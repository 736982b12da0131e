"""Who did what to what: every event of the house that a person may look through, newest first.

A list is driven by one index (the thing, the person, the organization, or time itself); what no index carries is
looked for in windows of a fixed size, so that a page costs the same however much happened. A window that ends before
its page is full says so, and the next one goes on from there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal_column, select, union_all

from app.accounts.events import EVENTS as accounts
from app.accounts.models import Organization, Person
from app.accounts.scope import Scope
from app.dashboard.events import EXPORTED
from app.dashboard.saved_views.events import EVENTS as saved_views
from app.depositions.events import EVENTS as depositions
from app.home.overview import SUBJECTS
from app.inspections.events import EVENTS as inspections
from app.kernel.changes.event_types import EventTypes
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor
from app.prescreens.events import EVENTS as prescreens

PAGE = 50
WINDOW = 5000
"""Events that one page looks through for what no index carries."""
MOST_PLACES = 50
"""Organizations whose stretches are merged; who has more of them is looked up by time."""
SLACK = timedelta(minutes=5)
"""How far an event's number and its time may disagree: transactions end in another order than they begin."""
PURPOSE = "audit"
HOUSE = "house"
"""Everything that belongs to no desk: people, organizations, keys, views."""

E: Any = Event.__table__.c
PERSON: Any = literal_column("'person'")
"""A literal, because no database takes a partial index for a value it learns later."""
_LEAN = (E.id, E.subject_type, E.kind, E.via, E.actor_kind, E.actor_id, E.organization_id, E.created_at)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. `first` and `last` are days in the reader's `zone`, both included."""

    organization_id: int | None = None
    person_id: int | None = None
    desk: str = ""
    kind: str = ""
    subject_id: str = ""
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return self != Filters(zone=self.zone)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `looked_back_to` is set when a window ended before the page was full: there may be more beyond."""

    rows: Sequence[Row]
    next_cursor: str | None
    looked_back_to: datetime | None
    first: bool


def page(db: Db, scope: Scope, f: Filters, after: str | None, size: int = PAGE) -> Page:
    """One page of the events in reach that fit the filters. Raises BadRequest for a torn cursor."""
    before = int(decode_cursor(db, PURPOSE, after)[0]) if after else None
    rows, next_id, back_to = _look(db, scope, f, _bounds(db, f), before, size)
    return Page(rows, encode_cursor(db, PURPOSE, [next_id]) if next_id else None, back_to, first=before is None)


def every(db: Db, scope: Scope, f: Filters) -> Iterator[Row]:
    """All of them, a page at a time, for a file."""
    bounds, before = _bounds(db, f), None
    while True:
        rows, before, _ = _look(db, scope, f, bounds, before, 500)
        yield from rows
        if before is None:
            return


def _look(
    db: Db, scope: Scope, f: Filters, bounds: tuple[int, int] | None, before: int | None, size: int
) -> tuple[Sequence[Row], int | None, datetime | None]:
    """Rows, the id after which to go on (None at the end), and how far was looked when the page is not full."""
    reach = _reach(scope, f, bounds, before)
    if reach is None:
        return [], None, None
    window = reach.subquery()
    fits = _fits(window.c, scope, f)
    ids = select(window.c.id).where(*fits).order_by(window.c.id.desc()).limit(size + 1)
    wanted = select(ids.subquery().c.id)
    rows = db.execute(select(Event.__table__).where(E.id.in_(wanted)).order_by(E.id.desc())).all()
    if len(rows) > size:
        return rows[:size], rows[size - 1].id, None
    n, last, back_to = db.execute(select(func.count(), func.min(window.c.id), func.min(window.c.created_at))).one()
    return (rows, last, back_to) if n == WINDOW else (rows, None, None)


def _reach(scope: Scope, f: Filters, bounds: tuple[int, int] | None, before: int | None) -> Select | None:
    """The newest WINDOW events of one index's stretch, without what no index carries; None when nothing is in reach."""
    where: list[ColumnElement[bool]] = []
    if bounds is not None:
        where += [E.id >= bounds[0], E.id <= bounds[1]]
    if before is not None:
        where.append(E.id < before)
    places = _places(scope, f)
    if places is not None and not places:
        return None
    if f.subject_id and f.desk in SUBJECTS:
        where += [E.subject_type == SUBJECTS[f.desk], E.subject_id == f.subject_id]
    elif f.person_id is not None:
        where += [E.actor_kind == PERSON, E.actor_id == str(f.person_id)]
    elif places is not None and len(places) <= MOST_PLACES:
        stretches = [_newest([*where, E.organization_id == place]).subquery() for place in places]
        if len(stretches) > 1:
            merged = union_all(*(select(each) for each in stretches)).subquery()
            return select(merged).order_by(merged.c.id.desc()).limit(WINDOW)
        where.append(E.organization_id == places[0])
    return _newest(where)


def _newest(where: list[ColumnElement[bool]]) -> Select:
    return select(*_LEAN).where(*where).order_by(E.id.desc()).limit(WINDOW)


def _places(scope: Scope, f: Filters) -> list[int] | None:
    """The organizations to look at; None is all of them and what belongs to none."""
    if f.organization_id is not None:
        return [f.organization_id] if scope.covers(f.organization_id) else []
    return None if scope.everything else sorted(scope.organization_ids)


def _fits(c: Any, scope: Scope, f: Filters) -> list[ColumnElement[bool]]:
    """Everything that the list asks for, said again of the window's rows."""
    places, fits = _places(scope, f), []
    if places is not None:
        fits.append(c.organization_id.in_(places))
    if f.person_id is not None:
        fits.append(and_(c.actor_kind == PERSON, c.actor_id == str(f.person_id)))
    if f.desk == HOUSE:
        fits.append(c.subject_type.not_in([*SUBJECTS.values(), "invite"]))
    elif f.desk:
        fits.append(c.subject_type == SUBJECTS[f.desk])
    if f.kind:
        fits.append(c.kind.in_(EVENTS[f.kind].stored_kinds))
    zone = ZoneInfo(f.zone)
    if f.first is not None:
        fits.append(c.created_at >= datetime.combine(f.first, time(), zone))
    if f.last is not None:
        fits.append(c.created_at < datetime.combine(f.last + timedelta(days=1), time(), zone))
    return fits


def _bounds(db: Db, f: Filters) -> tuple[int, int] | None:
    """The numbers between which the chosen days lie, found by halving: events are numbered as they happen."""
    if f.first is None and f.last is None:
        return None
    newest = int(db.execute(select(func.max(E.id))).scalar() or 0)
    zone = ZoneInfo(f.zone)
    low, high = 0, newest
    if f.first is not None:
        low = _first_since(db, datetime.combine(f.first, time(), zone) - SLACK, newest)
    if f.last is not None:
        high = _first_since(db, datetime.combine(f.last + timedelta(days=1), time(), zone) + SLACK, newest)
    return low, high


def _first_since(db: Db, moment: datetime, newest: int) -> int:
    """The number of the first event at or after a moment; one past the newest when there is none."""
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = db.execute(select(E.id, E.created_at).where(E.id >= middle).order_by(E.id).limit(1)).first()
        if row is None or row.created_at >= moment:
            high = middle
        else:
            low = row.id + 1
    return low


EVENTS = EventTypes(
    each
    for types in (accounts, depositions, prescreens, inspections, saved_views, EventTypes([EXPORTED]))
    for each in types.values()
)
"""Every kind of event of every package."""


def facts(data: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What an event keeps, as pairs to read; a change as `before → after`."""
    kept = dict(data or {})
    before, after = kept.get("before"), kept.get("after")
    pairs = []
    if isinstance(before, dict) and isinstance(after, dict):
        kept.pop("before"), kept.pop("after")
        pairs = [(_words(name), f"{_said(before[name])} → {_said(after.get(name))}") for name in before]
    return pairs + [(_words(name), _said(value)) for name, value in kept.items()]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{_words(name)}: {_said(each)}" for name, each in value.items())
    return str(value)


def subjects(db: Db, rows: Iterable[Any]) -> dict[tuple[str, str], str]:
    """What the people and organizations among the subjects are called; two statements at most."""
    found: dict[tuple[str, str], str] = {}
    for kind, model in (("person", Person), ("organization", Organization)):
        table = model.__table__.c
        ids = {int(row.subject_id) for row in rows if row.subject_type == kind and row.subject_id.isdecimal()}
        if ids:
            named = db.execute(select(table.id, table.name).where(table.id.in_(sorted(ids))))
            found |= {(kind, str(id)): name for id, name in named}
    return found
