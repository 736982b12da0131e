"""Who may be in the room for the house, and when they are busy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, text

from app.accounts.models import Membership, Person
from app.accounts.roles import Role
from app.depositions.models import BOOKED, Deposition, State
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import BUFFER, LENGTH_UNKNOWN, busy, overlap
from app.kernel.db.engine import Db

T: Any = Deposition.__table__.c
_REACH = timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN + BUFFER


class Manager(NamedTuple):
    """Somebody of the house who can be given a session."""

    id: int
    name: str
    email: str


def managers(db: Db) -> list[Manager]:
    """The scheduling team: people with that role in the whole house, by name."""
    p, m = Person.__table__.c, Membership.__table__.c
    rows = db.execute(
        select(p.id, p.name, p.email)
        .where(
            p.id.in_(select(m.person_id).where(m.role == Role.SCHEDULER.value, m.organization_id.is_(None))),
            p.disabled_at.is_(None),
        )
        .order_by(p.name, p.id)
    )
    return [Manager(*row) for row in rows]


def overlaps(db: Db, manager_email: str, starts_at: datetime, ends_at: datetime, *, besides: int) -> list[Any]:
    """A manager's other booked or running sessions that leave less than the buffer to this one, by start."""
    return overlaps_of(db, [manager_email], starts_at, ends_at, besides=besides).get(manager_email, [])


def overlaps_of(
    db: Db, emails: Sequence[str], starts_at: datetime, ends_at: datetime, *, besides: int
) -> dict[str, list[Any]]:
    """The same for several managers at once, by their address."""
    asked = busy(starts_at, ends_at)
    rows = db.execute(
        select(T.id, T.organization_id, T.starts_at, T.ends_at, T.zone, T.deponent_name, T.case_name, T.manager_email)
        .where(
            T.manager_email.in_(emails),
            T.starts_at > asked.starts_at - _REACH,
            T.starts_at < asked.ends_at + _REACH,
            T.state.in_([*BOOKED, State.ACTIVE]),
            T.id != besides,
        )
        .order_by(T.starts_at)
    )
    found: dict[str, list[Any]] = {}
    for row in rows:
        if overlap(asked, busy(row.starts_at, row.ends_at)):
            found.setdefault(row.manager_email, []).append(row)
    return found


def hold(db: Db, manager_email: str) -> None:
    """Until this transaction ends, nobody else books this manager: two bookings at once must see each other.

    On SQLite the writing transaction itself is that lock.
    """
    if db.dialect == "postgresql":
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        db.execute(statement, {"name": f"deposition-manager:{manager_email}"})
