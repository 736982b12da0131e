"""A contact as its page shows it: what is filed under it, what fits it too, and the contacts that share with it.

A user who decides knows of a contact by the prescreens that they have looked at: one of which they know none is not
there for them, else its page would say who a prescreen is from before their first look.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, tuple_

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.kernel.text.normalization import region_of
from app.prescreens.models import Contact, Prescreen
from app.prescreens.queries.contacts import EARLIER, MOST, EarlierPrescreen, get, match
from app.prescreens.queries.first_looks import Looker, known_to
from app.prescreens.queries.stages import Reach

PAGE = 50
"""Prescreens of one contact that are shown at once."""


class Home(NamedTuple):
    """The organization of a contact."""

    id: int
    name: str
    country: str | None
    time_zone: str
    locale: str

    @property
    def region(self) -> str | None:
        """The country by which its telephone numbers are read."""
        return self.country or region_of(self.time_zone)


def home(db: Db, organization_id: int) -> Home:
    columns = (Organization.id, Organization.name, Organization.country, Organization.time_zone, Organization.locale)
    return Home(*db.execute(select(*columns).where(Organization.id == organization_id)).one())


def one(db: Db, contact_id: UUID, reach: Reach, viewer: Looker, now: datetime) -> Contact | None:
    """A contact within `reach` that the viewer may know of, or None."""
    found = get(db, contact_id, reach)
    return found if found and readable(db, [contact_id], viewer, now) else None


def readable(db: Db, contact_ids: Collection[UUID], viewer: Looker, now: datetime) -> set[UUID]:
    """Those of these contacts that the viewer may know of: by a prescreen that they know, or none is filed there."""
    if not contact_ids:
        return set()
    filed = exists().where(
        Prescreen.organization_id == Contact.organization_id, Prescreen.contact_id == Contact.id
    )  # both columns, because the index begins with the first
    known = filed.where(known_to(viewer, now))
    return set(db.execute(select(Contact.id).where(Contact.id.in_(sorted(contact_ids)), or_(known, ~filed))).scalars())


def filed(
    db: Db, contact: Contact, viewer: Looker, now: datetime, before: UUID | None = None
) -> tuple[Sequence[EarlierPrescreen], bool]:
    """A page of the prescreens that are filed under a contact, newest first, and whether there are older ones."""
    mine = (Prescreen.organization_id == contact.organization_id, Prescreen.contact_id == contact.id)
    return _page(db, mine, viewer, now, before)


def also_fits(db: Db, contact: Contact, viewer: Looker, now: datetime) -> Sequence[EarlierPrescreen]:
    """The newest prescreens that fit a contact as well, and are filed under another."""
    return _page(db, (Prescreen.other_contact_id == contact.id,), viewer, now, None)[0]


def _page(
    db: Db, mine: tuple[ColumnElement[bool], ...], viewer: Looker, now: datetime, before: UUID | None
) -> tuple[Sequence[EarlierPrescreen], bool]:
    statement = EARLIER.where(*mine, known_to(viewer, now))
    if before is not None:
        last = db.execute(select(Prescreen.expires_at, Prescreen.id).where(*mine, Prescreen.id == before)).first()
        if last is not None:
            statement = statement.where(tuple_(Prescreen.expires_at, Prescreen.id) < tuple_(*last))
    order = (Prescreen.expires_at.desc(), Prescreen.id.desc())
    rows = [cast(EarlierPrescreen, row) for row in db.execute(statement.order_by(*order).limit(PAGE + 1))]
    return rows[:PAGE], len(rows) > PAGE


def sharing(db: Db, contact: Contact, viewer: Looker, now: datetime) -> list[Contact]:
    """Other contacts with the telephone number of a contact, or that fit a prescreen together with it."""
    _, by_phone = match(db, contact.organization_id, None, contact.phone_key)
    mine = (Prescreen.organization_id == contact.organization_id, Prescreen.contact_id == contact.id)
    here = select(Prescreen.other_contact_id).where(*mine, Prescreen.other_contact_id.is_not(None)).distinct()
    there = select(Prescreen.contact_id).where(
        Prescreen.other_contact_id == contact.id, Prescreen.contact_id.is_not(None), known_to(viewer, now)
    )
    parts = (here.where(known_to(viewer, now)), there.distinct())
    found = [id for part in parts for id in db.execute(part.limit(MOST)).scalars()]
    ids = [id for id in dict.fromkeys([*by_phone, *found]) if id and id != contact.id]
    known = readable(db, ids, viewer, now)
    return [other for id in ids if id in known and (other := get(db, id)) is not None]
