"""What an inspection is found by."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.inspections.events import SUBJECT
from app.inspections.models import Campaign, Inspection, Invite
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.search import SearchDocument

_i, _v = Inspection.__table__.c, Invite.__table__.c
_COLUMNS = (
    _i.id,
    _i.organization_id,
    _i.notes,
    _i.operator_email,
    select(Campaign.name).where(Campaign.id == _i.campaign_id).scalar_subquery().label("campaign"),
)


def search_document(inspection: Any, campaign: str | None, guests: Sequence[Any]) -> SearchDocument:
    """The first line of its notes and who was invited; then id, operator, campaign, addresses, all the notes."""
    contacts = [text for guest in guests for text in (guest.recipient_email, guest.recipient_phone)]
    return SearchDocument(
        SUBJECT,
        str(inspection.id),
        inspection.organization_id,
        (
            inspection.notes.partition("\n")[0],
            *(f"{guest.recipient_first_name} {guest.recipient_last_name}" for guest in guests),
        ),
        (inspection.id.hex, inspection.operator_email, campaign, *contacts, inspection.notes),
    )


def keys(db: Db) -> Sequence[UUID]:
    """Every inspection, the oldest first."""
    return db.execute(select(_i.id).order_by(_i.created_at, _i.id)).scalars().all()


def texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """What these are found by."""
    guests: dict[UUID, list[Any]] = defaultdict(list)
    wanted = (
        _v.inspection_id,
        _v.recipient_first_name,
        _v.recipient_last_name,
        _v.recipient_email,
        _v.recipient_phone,
    )
    for guest in db.execute(select(*wanted).where(_v.inspection_id.in_(ids)).order_by(_v.created_at, _v.id)):
        guests[guest.inspection_id].append(guest)
    rows = db.execute(select(*_COLUMNS).where(_i.id.in_(ids)).order_by(_i.created_at, _i.id))
    return [search_document(row, row.campaign, guests[row.id]) for row in rows]


def keep(db: Db, id: UUID) -> None:
    """Brings the index to what an inspection says now, in the transaction that changes it."""
    search.index(db, texts(db, [id])[0])


SOURCE = search.Source(keys, texts)
