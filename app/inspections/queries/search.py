"""The search index of inspections."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import select

from app.inspections.events import SUBJECT
from app.inspections.models import Campaign, Inspection, Invite
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.normalization import telephone_spellings
from app.kernel.text.search import SearchDocument

_COLUMNS = (
    Inspection.id,
    Inspection.organization_id,
    Inspection.notes,
    Inspection.operator_email,
    select(Campaign.name).where(Campaign.id == Inspection.campaign_id).scalar_subquery().label("campaign"),
)


class Guest(NamedTuple):
    """The recipient of an invite."""

    recipient_first_name: str
    recipient_last_name: str
    recipient_email: str
    recipient_phone: str
    recipient_phone_key: str | None


class Searched(Protocol):
    """What an inspection says of itself in the search index."""

    @property
    def id(self) -> UUID: ...
    @property
    def organization_id(self) -> int: ...
    @property
    def notes(self) -> str: ...
    @property
    def operator_email(self) -> str: ...


def search_document(inspection: Searched, campaign: str | None, guests: Sequence[Guest]) -> SearchDocument:
    """Search document of an inspection: the first line of its notes and its recipients, then everything else."""
    contacts = [text for guest in guests for text in _contacts(guest)]
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


def _contacts(guest: Guest) -> tuple[str, ...]:
    spellings = telephone_spellings(guest.recipient_phone_key) if guest.recipient_phone_key else ()
    return (guest.recipient_email, guest.recipient_phone, *spellings)


def keys(db: Db) -> Sequence[UUID]:
    """The ids of all inspections, oldest first."""
    return db.execute(select(Inspection.id).order_by(Inspection.created_at, Inspection.id)).scalars().all()


def texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """Search documents of these inspections."""
    guests: dict[UUID, list[Guest]] = defaultdict(list)
    wanted = (
        Invite.inspection_id,
        Invite.recipient_first_name,
        Invite.recipient_last_name,
        Invite.recipient_email,
        Invite.recipient_phone,
        Invite.recipient_phone_key,
    )
    invites = select(*wanted).where(Invite.inspection_id.in_(ids)).order_by(Invite.created_at, Invite.id)
    for row in db.execute(invites):
        guests[row.inspection_id].append(Guest._make(row[1:]))
    statement = select(*_COLUMNS).where(Inspection.id.in_(ids)).order_by(Inspection.created_at, Inspection.id)
    return [search_document(row, row.campaign, guests[row.id]) for row in db.execute(statement)]


def keep(db: Db, id: UUID) -> None:
    """Updates the search index of an inspection, in the transaction that changes it."""
    search.index(db, texts(db, [id])[0])


SOURCE = search.Source(keys, texts, Inspection.id, SUBJECT)
