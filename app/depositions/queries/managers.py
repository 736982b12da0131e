"""Managers of sessions: who can be one, and when they are busy."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, text

from app.accounts.models import Membership, Person
from app.accounts.roles import Role
from app.depositions.models import BOOKED, Deposition, State
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import BUFFER, LENGTH_UNKNOWN, busy, overlap
from app.kernel.db.engine import Db

_FARTHEST = timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN + BUFFER
"""How far from this session another can start and still overlap it; farther than its day is long."""


class Manager(NamedTuple):
    """A member of the scheduling team who can manage a session."""

    id: int
    name: str
    email: str


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
    manager_email: str | None


def managed_by(person: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a person, by their id, manages the session: under the address that they have now."""
    address = select(Person.email).where(Person.id == person).scalar_subquery()
    return Deposition.manager_email == address


def managers(db: Db) -> list[Manager]:
    """The scheduling team by name: active people with that role for every organization."""
    schedulers = select(Membership.person_id).where(
        Membership.role == Role.SCHEDULER.value, Membership.organization_id.is_(None)
    )
    rows = db.execute(
        select(Person.id, Person.name, Person.email)
        .where(Person.id.in_(schedulers), Person.disabled_at.is_(None))
        .order_by(Person.name, Person.id)
    )
    return [Manager(*row) for row in rows]


def booked(db: Db, emails: Sequence[str], starts_at: datetime, ends_at: datetime) -> list[BookedSession]:
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
            Deposition.manager_email,
        )
        .where(
            Deposition.manager_email.in_(emails),
            Deposition.starts_at > wanted.starts_at - _FARTHEST,
            Deposition.starts_at < wanted.ends_at + _FARTHEST,
            Deposition.state.in_([*BOOKED, State.ACTIVE]),
        )
        .order_by(Deposition.starts_at, Deposition.id)
    )
    return [BookedSession(*row) for row in rows]


def overlapping(
    sessions: Iterable[BookedSession], starts_at: datetime, ends_at: datetime, *, besides: int
) -> list[BookedSession]:
    """Those of these sessions that leave less than the buffer to this time."""
    wanted = busy(starts_at, ends_at)
    return [one for one in sessions if one.id != besides and overlap(wanted, busy(one.starts_at, one.ends_at))]


def overlaps(
    db: Db, manager_email: str, starts_at: datetime, ends_at: datetime, *, besides: int
) -> list[BookedSession]:
    """A manager's other booked or running sessions that leave less than the buffer to this one, by start."""
    return overlapping(booked(db, [manager_email], starts_at, ends_at), starts_at, ends_at, besides=besides)


def lock_manager(db: Db, manager_email: str) -> None:
    """Serializes bookings of one manager until this transaction ends, so that two at once see each other.

    On SQLite the writing transaction itself is that lock.
    """
    if db.dialect == "postgresql":
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        db.execute(statement, {"name": f"deposition-manager:{manager_email}"})
