"""Who has an inspection now: whom a warning about it goes to."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from app.accounts.models import Organization, Person
from app.accounts.roles import INSPECTIONS
from app.dashboard.undo.queries import may_still
from app.inspections.models import Inspection
from app.kernel.db.engine import Db


class Operator(NamedTuple):
    """An address, and the name of who reads it, where one is known."""

    email: str
    name: str


def in_charge(db: Db, inspection: Inspection) -> Operator | None:
    """Who an inspection is assigned to, else who made it, as long as they may act there; then its organization, at its
    contact address. None where that has none."""
    known = select(Person.id, Person.email, Person.name)
    assignee = db.execute(known.where(Person.id == inspection.assignee_id)).one_or_none()
    maker = db.execute(known.where(Person.id == inspection.operator_id)).one_or_none()
    for person in filter(None, (assignee, maker)):
        if may_still(db, person.id, INSPECTIONS, inspection.organization_id):
            return Operator(person.email, person.name)
    contact = select(Organization.contact_email).where(Organization.id == inspection.organization_id)
    # What a key made has the address of no person.
    address = inspection.operator_email if maker is None else ""
    email = address or db.scalars(contact).one()
    return Operator(email, "") if email else None
