"""What is kept of one contact: which prescreens are theirs, also those that were never sent."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.kernel.text import normalization, search
from app.prescreens.events import SUBJECT
from app.prescreens.models import Contact, Prescreen


def prescreens_of(db: Db, contact: Contact) -> list[UUID]:
    """Those that are filed under a contact; of those filed under nobody the ones that would be, and the ones that were
    started with their answers."""
    filed = (Prescreen.organization_id == contact.organization_id, Prescreen.contact_id == contact.id)
    ids = list(db.scalars(select(Prescreen.id).where(*filed).order_by(Prescreen.created_at, Prescreen.id)))
    ids += [id for id in _unsent(db, contact) if id not in ids]
    more: Sequence[UUID] = ids
    while more:
        started = select(Prescreen.renewed_as).where(Prescreen.id.in_(more), Prescreen.renewed_as.is_not(None))
        unfiled = select(Prescreen.id).where(
            Prescreen.id.in_(cast(Sequence[UUID], db.scalars(started).all())), Prescreen.contact_id.is_(None)
        )
        more = [id for id in db.scalars(unfiled) if id not in ids]
        ids += more
    return ids


def _unsent(db: Db, contact: Contact) -> list[UUID]:
    """By the e-mail address, or by the telephone number where neither has an address: as they would be filed."""
    known = contact.email or contact.phone
    if not known:
        return []
    hits = search.find(db, {SUBJECT: frozenset({contact.organization_id})}, known).rows
    rows = db.execute(
        select(Prescreen.id, Prescreen.email, Prescreen.phone_key).where(
            Prescreen.id.in_([UUID(hit.subject_id) for hit in hits]),
            Prescreen.organization_id == contact.organization_id,
            Prescreen.contact_id.is_(None),
        )
    )
    wanted = contact.email_key or contact.phone_key
    return sorted(row.id for row in rows if (normalization.email_key(row.email or "") or row.phone_key) == wanted)
