"""What is kept of one contact, or of a prospect who is none: which prescreens are theirs, also those never sent."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Row, select

from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.text import normalization, search
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Contact, Prescreen
from app.prescreens.queries import contacts
from app.prescreens.queries.stages import Reach


def prescreens_of(db: Db, contact: Contact) -> list[UUID]:
    """Those that are filed under a contact; of those filed under nobody the ones that would be, and the ones that were
    started with their answers."""
    filed = (Prescreen.organization_id == contact.organization_id, Prescreen.contact_id == contact.id)
    ids = list(db.scalars(select(Prescreen.id).where(*filed).order_by(Prescreen.created_at, Prescreen.id)))
    unsent = _by_email(db, contact.organization_id, contact.email, contact.email_key)
    _, by_phone = contacts.match(db, contact.organization_id, None, contact.phone_key)
    if contact.id in by_phone[:1]:
        unsent += _by_phone(db, contact.organization_id, contact.phone, contact.phone_key)
    return _with_started(db, [*ids, *(id for id in sorted(unsent) if id not in ids)])


def prospect(db: Db, prescreen_id: UUID, reach: Reach, *, erased: str, filed: str, locked: bool = False) -> Prescreen:
    """A prescreen of a prospect who is no contact. Raises NotFound; Conflict with these sentences where it was erased,
    or is filed under a contact."""
    mine = select(*COLUMNS).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    row = db.execute(mine.with_for_update() if locked else mine).one_or_none()
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    prescreen = cast(Prescreen, row)
    if prescreen.erased_at:
        raise Conflict(erased, code="prescreen.erased")
    if prescreen.contact_id:
        raise Conflict(filed, code="prescreen.filed")
    return prescreen


def prescreens_of_nobody(db: Db, prescreen: Prescreen) -> list[UUID]:
    """One that is filed under nobody, the others that would be filed with it, and those started with their answers."""
    home, email = prescreen.organization_id, normalization.email_key(prescreen.email or "") or None
    unsent = _by_email(db, home, prescreen.email, email)
    known, by_phone = contacts.match(db, home, email, prescreen.phone_key)
    if known is None or known in by_phone[:1]:
        unsent += _by_phone(db, home, prescreen.phone, prescreen.phone_key)
    return _with_started(db, [prescreen.id, *(id for id in sorted(unsent) if id != prescreen.id)])


def _with_started(db: Db, ids: list[UUID]) -> list[UUID]:
    more: Sequence[UUID] = ids
    while more:
        started = select(Prescreen.renewed_as).where(Prescreen.id.in_(more), Prescreen.renewed_as.is_not(None))
        unfiled = select(Prescreen.id).where(
            Prescreen.id.in_(cast(Sequence[UUID], db.scalars(started).all())), Prescreen.contact_id.is_(None)
        )
        more = [id for id in db.scalars(unfiled) if id not in ids]
        ids += more
    return ids


def _by_email(db: Db, organization_id: int, typed: str | None, key: str | None) -> list[UUID]:
    """Those filed under nobody that have this e-mail address."""
    rows = _unfiled(db, organization_id, typed) if typed and key else ()
    return [row.id for row in rows if normalization.email_key(row.email or "") == key]


def _by_phone(db: Db, organization_id: int, typed: str | None, key: str | None) -> list[UUID]:
    """Those filed under nobody that have this telephone number and no address: who gives another one may be another."""
    rows = _unfiled(db, organization_id, typed) if typed and key else ()
    return [row.id for row in rows if row.phone_key == key and not normalization.email_key(row.email or "")]


def _unfiled(db: Db, organization_id: int, typed: str) -> Sequence[Row[UUID, str | None, str | None]]:
    hits = search.find(db, {SUBJECT: frozenset({organization_id})}, typed).rows
    return db.execute(
        select(Prescreen.id, Prescreen.email, Prescreen.phone_key).where(
            Prescreen.id.in_([UUID(hit.subject_id) for hit in hits]),
            Prescreen.organization_id == organization_id,
            Prescreen.contact_id.is_(None),
        )
    ).all()
