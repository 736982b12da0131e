"""Writes of the roster of managers."""

from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.depositions import events
from app.depositions.models import Manager
from app.depositions.queries import managers
from app.kernel.changes.events import Actor
from app.kernel.changes.events import record as record_event
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict, FieldError


def add_for_booking(db: Db, name: str, email: str, zone: str, *, by: Actor, now: datetime) -> int:
    """The id of the row with this address; a new row when there is none. Its zone is that of the session, until the
    team writes a better one."""
    address = email.lower()
    person_id = db.execute(
        select(Person.id).where(
            Person.email == address, Person.id.not_in(select(Manager.person_id).where(Manager.person_id.is_not(None)))
        )
    ).scalar()
    id = insert_once(
        db,
        Manager,
        {
            Manager.person_id: person_id,
            Manager.name: name,
            Manager.email: address,
            Manager.zone: zone,
            Manager.languages: [],
            Manager.skills: [],
            Manager.templates: {},
            Manager.created_at: now,
            Manager.updated_at: now,
        },
    )
    if id is None:
        found = managers.by_email(db, address)
        if found is None:
            raise Conflict("The roster was changed at the same moment. Nothing was changed. Try again.")
        return found.id
    record_event(
        db,
        events.MANAGER_ADDED,
        subject_type=events.MANAGER,
        subject_id=id,
        organization_id=None,
        by=by,
        now=now,
        data={"name": name, "email": address},
    )
    return id


def check_active(manager: Manager) -> None:
    """Raises Conflict for a manager who is not active."""
    if not manager.active:
        raise Conflict(
            f"{manager.name} is not active in the roster. Nothing was changed. Choose another manager, or make them "
            "active again.",
            code="manager.not_active",
            errors=[FieldError("manager", "not_active", "Choose another manager.")],
        )
