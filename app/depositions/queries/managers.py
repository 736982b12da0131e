"""The roster: who can manage sessions, and when they are busy or away."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, bindparam, select

from app.depositions.models import BOOKED, Absence, Deposition, Manager, State, WorkingHours
from app.depositions.rules import availability
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import LENGTH_UNKNOWN, Span, busy, overlap
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.text import normalization

LONGEST_BUFFER = timedelta(hours=8)
_FARTHEST = timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN + LONGEST_BUFFER
"""How far from this session another can start and still overlap it; farther than its day is long."""

_EVERY_COLUMN = tuple(Manager.__table__.c)


_TELEPHONES = select(Manager.id, Manager.telephone).where(
    Manager.id.in_(bindparam("ids", expanding=True)), Manager.telephone != ""
)


class BookedSession(NamedTuple):
    """A booked or running session, as it takes its manager's time."""

    id: int
    organization_id: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    deponent_name: str | None
    title: str
    case_name: str
    manager_id: int | None


def managers(db: Db) -> list[Manager]:
    """Who can be chosen: the active rows of the roster, by name."""
    rows = db.execute(select(*_EVERY_COLUMN).where(Manager.active).order_by(Manager.name, Manager.id))
    return [cast(Manager, row) for row in rows]


def get(db: Db, manager_id: int) -> Manager:
    """A row of the roster. Raises NotFound."""
    row = db.execute(select(*_EVERY_COLUMN).where(Manager.id == manager_id)).first()
    if row is None:
        raise NotFound("There is no such manager in the roster.")
    return cast(Manager, row)


def by_email(db: Db, email: str) -> Manager | None:
    """The row of the roster with this address."""
    row = db.execute(select(*_EVERY_COLUMN).where(Manager.email == email.lower())).first()
    return cast(Manager, row) if row is not None else None


def managed_by(person: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a person, by their id, manages the session: they have a row of the roster."""
    theirs = select(Manager.id).where(Manager.person_id == person).scalar_subquery()
    return Deposition.manager_id == theirs


class Telephone(NamedTuple):
    """A telephone number: `number` is read, `key` is dialled."""

    number: str
    key: str


def telephone_of(manager: Manager) -> Telephone:
    """The telephone of a manager, both texts empty where none is known. Their zone says in which country it is."""
    key = normalization.telephone_key(manager.telephone, normalization.region_of(manager.zone))
    return Telephone(manager.telephone, key)


def telephones(db: Db, manager_ids: Collection[int]) -> dict[int, str]:
    """The telephones of managers that have one, by their ids."""
    rows = db.execute(_TELEPHONES, {"ids": sorted(manager_ids)}).all() if manager_ids else ()
    return {row.id: row.telephone for row in rows}


def telephones_of(db: Db, emails: Collection[str]) -> dict[str, Telephone]:
    """The telephones of those of these addresses whom the roster knows with one, by the address in lower case."""
    known = select(*_EVERY_COLUMN).where(
        Manager.email.in_(sorted({email.lower() for email in emails})), Manager.telephone != ""
    )
    return {row.email: telephone_of(cast(Manager, row)) for row in db.execute(known)}


def booked(db: Db, manager_ids: Iterable[int], starts_at: datetime, ends_at: datetime) -> list[BookedSession]:
    """The booked and running sessions of these managers that can touch this time, and all of its day, by start."""
    wanted = busy(starts_at, ends_at)
    rows = db.execute(
        select(
            Deposition.id,
            Deposition.organization_id,
            Deposition.starts_at,
            Deposition.ends_at,
            Deposition.zone,
            Deposition.deponent_name,
            Deposition.title,
            Deposition.case_name,
            Deposition.manager_id,
        )
        .where(
            Deposition.manager_id.in_(sorted(manager_ids)),
            Deposition.starts_at > wanted.starts_at - _FARTHEST,
            Deposition.starts_at < wanted.ends_at + _FARTHEST,
            Deposition.state.in_([*BOOKED, State.ACTIVE]),
        )
        .order_by(Deposition.starts_at, Deposition.id)
    )
    return [BookedSession(*row) for row in rows]


def overlapping(
    sessions: Iterable[BookedSession], manager: Manager, starts_at: datetime, ends_at: datetime, *, besides: int
) -> list[BookedSession]:
    """Those of a manager's sessions that leave less than their buffers to this time."""
    wanted, needed = busy(starts_at, ends_at), availability.gap(manager.buffer_before, manager.buffer_after)
    return [
        one
        for one in sessions
        if one.manager_id == manager.id
        and one.id != besides
        and overlap(wanted, busy(one.starts_at, one.ends_at), needed)
    ]


def overlaps(db: Db, manager: Manager, starts_at: datetime, ends_at: datetime, *, besides: int) -> list[BookedSession]:
    """A manager's other booked or running sessions that leave less than their buffers to this one, by start."""
    sessions = booked(db, [manager.id], starts_at, ends_at)
    return overlapping(sessions, manager, starts_at, ends_at, besides=besides)


def away(db: Db, managers: Sequence[Manager], starts_at: datetime, ends_at: datetime) -> dict[int, str]:
    """Why each of these managers is not there at this time, by their ids: an absence, or their working hours."""
    ids, span = [one.id for one in managers], busy(starts_at, ends_at)
    day = starts_at.date()
    hours: dict[int, list[Hours]] = {}
    for manager_id, weekday, starts, ends in db.execute(
        select(WorkingHours.manager_id, WorkingHours.weekday, WorkingHours.starts, WorkingHours.ends).where(
            WorkingHours.manager_id.in_(ids)
        )
    ):
        hours.setdefault(manager_id, []).append(Hours(weekday, starts, ends))
    absences: dict[int, list[Away]] = {}
    for manager_id, first_day, last_day, note in db.execute(
        select(Absence.manager_id, Absence.first_day, Absence.last_day, Absence.note)
        .where(
            Absence.manager_id.in_(ids),
            # A day more on both sides, for the calendar of another zone.
            Absence.last_day >= day - timedelta(days=1),
            Absence.first_day <= span.ends_at.date() + timedelta(days=1),
        )
        .order_by(Absence.first_day, Absence.id)
    ):
        absences.setdefault(manager_id, []).append(Away(first_day, last_day, note))
    found = {
        one.id: availability.why_away(one.zone, hours.get(one.id, ()), absences.get(one.id, ()), span)
        for one in managers
    }
    return {id: reason for id, reason in found.items() if reason}


def timetable(db: Db, manager_id: int, within: Span) -> tuple[list[Hours], list[Away]]:
    """When a manager works, and their absences that touch a time."""
    hours = db.execute(
        select(WorkingHours.weekday, WorkingHours.starts, WorkingHours.ends).where(
            WorkingHours.manager_id == manager_id
        )
    )
    absences = db.execute(
        select(Absence.first_day, Absence.last_day, Absence.note)
        .where(
            Absence.manager_id == manager_id,
            Absence.last_day >= within.starts_at.date() - timedelta(days=1),
            Absence.first_day <= within.ends_at.date() + timedelta(days=1),
        )
        .order_by(Absence.first_day, Absence.id)
    )
    return [Hours(*row) for row in hours], [Away(*row) for row in absences]


def lock(db: Db, manager_ids: Iterable[int]) -> dict[int, Manager]:
    """Serializes bookings of these managers until this transaction ends, so that two at once see each other. Returns
    their rows as they are then.

    On SQLite the writing transaction itself is that lock.
    """
    statement = select(*_EVERY_COLUMN).where(Manager.id.in_(sorted(manager_ids))).order_by(Manager.id)
    return {row.id: cast(Manager, row) for row in db.execute(statement.with_for_update(key_share=True))}
