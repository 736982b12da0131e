"""The backfill of the roster: who manages a session that was booked before there was one has a row of it."""

from datetime import datetime

from sqlalchemy import select, update

from app.accounts.models import Person
from app.depositions.models import Deposition, Manager
from app.kernel import clock
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore


def _managers_of_depositions(db: Db, position: str | None, size: int) -> Portion:
    """Stores the manager's row beside their address, and makes the rows of those who have none."""
    rows = db.execute(
        select(
            Deposition.id,
            Deposition.manager_id,
            Deposition.manager_name,
            Deposition.manager_email,
            Deposition.zone,
        )
        .where(Deposition.id > int(position or 0))
        .order_by(Deposition.id)
        .limit(size)
    ).all()
    wanted = [row for row in rows if row.manager_email and row.manager_id is None]
    known = _known(db, {row.manager_email for row in wanted})
    now = clock.now()
    # The newest name of this portion; the zone is that of the session, until the team writes a better one.
    for row in reversed(wanted):
        if row.manager_email not in known:
            known[row.manager_email] = _add(db, row.manager_name or row.manager_email, row.manager_email, row.zone, now)
    ids: dict[str, list[int]] = {}
    for row in wanted:
        ids.setdefault(row.manager_email, []).append(row.id)
    for email, theirs in ids.items():
        db.execute(
            update(Deposition)
            .where(Deposition.id.in_(theirs), Deposition.manager_id.is_(None))
            .values({Deposition.manager_id: known[email]})
        )
    return Portion(len(wanted), str(rows[-1].id) if len(rows) == size else None)


def _known(db: Db, emails: set[str]) -> dict[str, int]:
    if not emails:
        return {}
    found = select(Manager.email, Manager.id).where(Manager.email.in_({each.lower() for each in emails}))
    ids = dict(db.execute(found).all())
    return {email: ids[email.lower()] for email in emails if email.lower() in ids}


def _add(db: Db, name: str, email: str, zone: str, now: datetime) -> int:
    """A row for the address: of a person who may no longer sign in it is not active, of an outsider it is."""
    address = email.lower()
    person = db.execute(
        select(Person.id, Person.disabled_at).where(
            Person.email == address, Person.id.not_in(select(Manager.person_id).where(Manager.person_id.is_not(None)))
        )
    ).first()
    values: dict[str, object] = {
        "person_id": person.id if person else None,
        "name": name,
        "email": address,
        "zone": zone,
        "languages": [],
        "skills": [],
        "templates": {},
        "active": person is None or person.disabled_at is None,
        "created_at": now,
        "updated_at": now,
    }
    db.execute(insert_or_ignore(db, Manager, ["email"]).values(values))
    return db.execute(select(Manager.id).where(Manager.email == address)).scalar_one()


MANAGERS = Backfill("managers.depositions", _managers_of_depositions, ordered=True)
