"""Contacts, by e-mail and then by phone, and the prescreens of one contact."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, cast
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.prescreens.models import Contact, Prescreen, Questionnaire, ReviewStatus, Status
from app.prescreens.queries.listing import ListedPrescreen
from app.prescreens.queries.stages import Reach

_COLUMNS = tuple(Contact.__table__.c)
MOST = 20
"""Contacts of one telephone number that are read."""


_MINE = select(Contact.id).where(Contact.organization_id == bindparam("home"))
_BY_EMAIL: Prepared[tuple[UUID]] = Prepared(_MINE.where(Contact.email_key == bindparam("email")))
_BY_PHONE: Prepared[tuple[UUID]] = Prepared(
    _MINE.where(Contact.phone_key == bindparam("phone")).order_by(Contact.created_at, Contact.id).limit(MOST)
)


def match(
    db: Db, organization_id: int, email_key: str | None, phone_key: str | None
) -> tuple[UUID | None, tuple[UUID, ...]]:
    """The contact of this organization with the e-mail address, and those with the telephone number, oldest first."""
    wanted = {"home": organization_id, "email": email_key, "phone": phone_key}
    by_phone = _BY_PHONE.all(db, wanted) if phone_key else ()
    return _BY_EMAIL.scalar(db, wanted) if email_key else None, tuple(id for (id,) in by_phone)


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


def stays(db: Db, contact_id: UUID) -> bool:
    """Whether a contact was not erased, and is not until the transaction ends."""
    mine = select(Contact.id).where(Contact.id == contact_id, Contact.erased_at.is_(None))
    return db.execute(mine.with_for_update(read=True)).first() is not None


def get(db: Db, contact_id: UUID | None, reach: Reach | None = None) -> Contact | None:
    """The columns of a contact, within `reach`; None without one."""
    if contact_id is None:
        return None
    mine = select(*_COLUMNS).where(Contact.id == contact_id)
    row = db.execute(mine.where(reach.rows(Contact.organization_id)) if reach else mine).one_or_none()
    return None if row is None else cast(Contact, row)


class EarlierPrescreen(Protocol):
    """Another prescreen of the same contact: what `earlier` reads."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    status: str
    review_status: str
    reviewed_by: str | None
    expires_at: datetime
    created_at: datetime
    withdrawn_at: datetime | None
    erased_at: datetime | None
    questionnaire_name: str


EARLIER = select(
    Prescreen.id,
    Prescreen.name,
    Prescreen.email,
    Prescreen.phone,
    Prescreen.status,
    Prescreen.review_status,
    Prescreen.reviewed_by,
    Prescreen.expires_at,
    Prescreen.created_at,
    Prescreen.withdrawn_at,
    Prescreen.erased_at,
    Questionnaire.name.label("questionnaire_name"),
).join_from(Prescreen, Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)


def earlier(db: Db, prescreen: Prescreen, limit: int = 20) -> list[EarlierPrescreen]:
    """Other prescreens of the same contact, newest first."""
    if prescreen.contact_id is None:
        return []
    rows = db.execute(
        EARLIER.where(
            Prescreen.organization_id == prescreen.organization_id,
            Prescreen.contact_id == prescreen.contact_id,
            Prescreen.id != prescreen.id,
        )
        .order_by(Prescreen.expires_at.desc(), Prescreen.id.desc())
        .limit(limit)
    )
    return [cast(EarlierPrescreen, row) for row in rows]


def also_waiting(db: Db, prescreen: Prescreen, known: Sequence[Contact], limit: int = 3) -> list[EarlierPrescreen]:
    """Prescreens of these contacts that wait for a decision too, those that expire first at the top."""
    if not known:
        return []
    rows = db.execute(
        EARLIER.where(
            Prescreen.organization_id == prescreen.organization_id,
            Prescreen.contact_id.in_([contact.id for contact in known]),
            Prescreen.id != prescreen.id,
            Prescreen.status == Status.COMPLETED.value,
            Prescreen.review_status == ReviewStatus.PENDING.value,
        )
        .order_by(Prescreen.expires_at, Prescreen.id)
        .limit(limit)
    )
    return [cast(EarlierPrescreen, row) for row in rows]


class KnownContact(NamedTuple):
    """What a row of the list says of the contact that it is filed under."""

    name: str
    email_key: str | None


_FIRST: Prepared[tuple[UUID, datetime, str, str | None]] = Prepared(
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
    found = {id: (first, KnownContact(name, email_key)) for id, first, name, email_key in _FIRST.all(db, parameters)}
    contacts = ((row, *found[row.contact_id]) for row in with_contact if row.contact_id in found)
    return {row.id: contact for row, first, contact in contacts if first < row.expires_at}
