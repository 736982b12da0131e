"""Search documents of prescreens and of contacts."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.normalization import telephone_spellings
from app.kernel.text.search import SearchDocument
from app.prescreens.events import CONTACT, SUBJECT
from app.prescreens.models import ERASED, Contact, Prescreen
from app.prescreens.rules.answers import Person


def search_document(id: UUID, organization_id: int, person: Person, phone_key: str | None = None) -> SearchDocument:
    """The search document of a prescreen: the prospect's name, then e-mail, telephone in its spellings, and id."""
    spellings = telephone_spellings(phone_key) if phone_key else ()
    rest = (person.email, person.phone, *spellings, id.hex)
    return SearchDocument(SUBJECT, str(id), organization_id, (person.name,), rest)


def keys(db: Db) -> Sequence[UUID]:
    """The ids of all prescreens, the oldest first."""
    return db.execute(select(Prescreen.id).order_by(Prescreen.created_at, Prescreen.id)).scalars().all()


def texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """The search documents of these prescreens."""
    columns = (
        Prescreen.id,
        Prescreen.organization_id,
        Prescreen.name,
        Prescreen.email,
        Prescreen.phone,
        Prescreen.phone_key,
    )
    rows = db.execute(select(*columns).where(Prescreen.id.in_(ids)).order_by(Prescreen.created_at, Prescreen.id))
    return [
        search_document(row.id, row.organization_id, Person(row.name, row.email, row.phone), row.phone_key)
        for row in rows
    ]


SOURCE = search.Source(keys, texts, Prescreen.id, SUBJECT)


def contact_document(id: UUID, organization_id: int, person: Person, phone_key: str | None = None) -> SearchDocument:
    """The search document of a contact: like that of a prescreen."""
    return replace(search_document(id, organization_id, person, phone_key), subject_type=CONTACT)


def contact_keys(db: Db) -> Sequence[UUID]:
    """The ids of all contacts, the oldest first."""
    return db.execute(select(Contact.id).order_by(Contact.created_at, Contact.id)).scalars().all()


def contact_texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """The search documents of these contacts. One that was erased is found as that alone."""
    columns = (
        Contact.id,
        Contact.organization_id,
        Contact.name,
        Contact.email,
        Contact.phone,
        Contact.phone_key,
        Contact.erased_at,
    )
    rows = db.execute(select(*columns).where(Contact.id.in_(ids)).order_by(Contact.created_at, Contact.id))
    return [
        contact_document(
            row.id,
            row.organization_id,
            Person(ERASED if row.erased_at else row.name, row.email, row.phone),
            row.phone_key,
        )
        for row in rows
    ]


CONTACTS = search.Source(contact_keys, contact_texts, Contact.id, CONTACT)
