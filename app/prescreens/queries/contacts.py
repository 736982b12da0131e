"""Contacts, by e-mail and then by phone, and the prescreens of one contact."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, cast
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from app.kernel.db.engine import Db
from app.prescreens.models import Contact, Prescreen, Questionnaire
from app.prescreens.queries.listing import ListedPrescreen

_COLUMNS = tuple(Contact.__table__.c)
MOST = 20
"""Contacts of one telephone number that are read."""


def match(
    db: Db, organization_id: int, email_key: str | None, phone_key: str | None
) -> tuple[UUID | None, tuple[UUID, ...]]:
    """The contact of this organization with the e-mail address, and those with the telephone number, oldest first."""
    mine = select(Contact.id).where(Contact.organization_id == organization_id)
    by_email = mine.where(Contact.email_key == email_key)
    by_phone = mine.where(Contact.phone_key == phone_key).order_by(Contact.created_at, Contact.id).limit(MOST)
    return (
        db.execute(by_email).scalar_one_or_none() if email_key else None,
        tuple(db.execute(by_phone).scalars()) if phone_key else (),
    )


def lock_phone(db: Db, organization_id: int, phone_key: str) -> None:
    """Waits for others who create a contact with this telephone number, until the transaction ends."""
    if db.dialect == "postgresql":
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        db.execute(statement, {"name": f"contacts:{organization_id}:{phone_key}"})


def others(db: Db, prescreen: Prescreen) -> list[Contact]:
    """The contacts that a prescreen fits besides its own: by its e-mail address or its telephone number."""
    if prescreen.contact_id is None:
        return []
    _, by_phone = match(db, prescreen.organization_id, None, prescreen.phone_key)
    ids = dict.fromkeys((prescreen.other_contact_id, *by_phone))
    found = (get(db, id) for id in ids if id != prescreen.contact_id)
    return [contact for contact in found if contact is not None]


def get(db: Db, contact_id: UUID | None) -> Contact | None:
    """The columns of a contact; None without one."""
    if contact_id is None:
        return None
    row = db.execute(select(*_COLUMNS).where(Contact.id == contact_id)).one_or_none()
    return None if row is None else cast(Contact, row)


class EarlierPrescreen(Protocol):
    """Another prescreen of the same contact: what `earlier` reads."""

    id: UUID
    name: str
    status: str
    review_status: str
    reviewed_by: str | None
    expires_at: datetime
    created_at: datetime
    questionnaire_name: str


def earlier(db: Db, prescreen: Prescreen, limit: int = 20) -> list[EarlierPrescreen]:
    """Other prescreens of the same contact, newest first."""
    if prescreen.contact_id is None:
        return []
    rows = db.execute(
        select(
            Prescreen.id,
            Prescreen.name,
            Prescreen.status,
            Prescreen.review_status,
            Prescreen.reviewed_by,
            Prescreen.expires_at,
            Prescreen.created_at,
            Questionnaire.name.label("questionnaire_name"),
        )
        .join_from(Prescreen, Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)
        .where(
            Prescreen.organization_id == prescreen.organization_id,
            Prescreen.contact_id == prescreen.contact_id,
            Prescreen.id != prescreen.id,
        )
        .order_by(Prescreen.expires_at.desc(), Prescreen.id.desc())
        .limit(limit)
    )
    return [cast(EarlierPrescreen, row) for row in rows]


class KnownContact(NamedTuple):
    """What a row of the list says of the contact that it is filed under."""

    name: str
    email_key: str | None


_FIRST = (
    select(Prescreen.contact_id, func.min(Prescreen.expires_at), Contact.name, Contact.email_key)
    .join_from(Prescreen, Contact, Contact.id == Prescreen.contact_id)
    .where(
        # Their organizations too, which the index begins with.
        Prescreen.organization_id.in_(bindparam("organizations", expanding=True)),
        Prescreen.contact_id.in_(bindparam("contacts", expanding=True)),
    )
    .group_by(Prescreen.contact_id, Contact.name, Contact.email_key)
)


def returning(db: Db, rows: Sequence[ListedPrescreen]) -> dict[UUID, KnownContact]:
    """The contacts of those of these prescreens whose contact has an earlier one: the earliest expires first."""
    with_contact = [row for row in rows if row.contact_id is not None]
    if not with_contact:
        return {}
    parameters = {
        "organizations": sorted({row.organization_id for row in with_contact}),
        "contacts": sorted({row.contact_id for row in with_contact if row.contact_id}),
    }
    found = {
        id: (first, KnownContact(name, email_key))
        for id, first, name, email_key in db.connection().execute(_FIRST, parameters)
    }
    contacts = ((row, *found[row.contact_id]) for row in with_contact if row.contact_id in found)
    return {row.id: contact for row, first, contact in contacts if first < row.expires_at}
