"""The list of contacts, newest first: a page of it, how many there are, all of them for a file, and what is filed.

Who decides knows of a contact by the prescreens that they have looked at (`contact_history`): others are left out, a
portion of the index at a time, so that a page costs the same however many there are.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import false, func, select, union_all

from app.accounts.models import Organization
from app.dashboard.filters.base import MOST_PLACES
from app.kernel.db.backfills import unfinished
from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor, keyset
from app.kernel.db.prepared import Prepared
from app.prescreens.models import CONTACT_COUNTS, Contact, Prescreen
from app.prescreens.queries import first_looks
from app.prescreens.queries.backfills import COUNTED
from app.prescreens.queries.contact_history import readable
from app.prescreens.queries.contacts import EARLIER, EarlierPrescreen
from app.prescreens.queries.first_looks import Looker, known_to
from app.prescreens.queries.stages import Reach, whose, whose_counts

PAGE = 50
WINDOW = 200
"""Contacts that are read at once where some are left out."""
WINDOWS = 5
"""So many times at most for one page: it is shorter then, and the next one goes on from there."""
SOME = 100
"""From so many prescreens on it is only said that there are more."""
PURPOSE = "contacts"
_ORDER = (Contact.created_at, Contact.id)
_NEWEST = (Contact.created_at.desc(), Contact.id.desc())


class ListedContact(NamedTuple):
    """A contact as the list reads it."""

    id: UUID
    organization_id: int
    name: str
    email: str | None
    phone: str | None
    created_at: datetime
    erased_at: datetime | None
    organization_name: str


COLUMNS = (
    Contact.id,
    Contact.organization_id,
    Contact.name,
    Contact.email,
    Contact.phone,
    Contact.created_at,
    Contact.erased_at,
)
"""Those of a ListedContact, but for the name of the organization."""


class ContactPage(NamedTuple):
    """One page of the list."""

    rows: list[ListedContact]
    next_cursor: str | None
    left_out: bool
    """Whether somebody is not shown whom the reader has not had a first look at."""


def page(
    db: Db, reach: Reach, viewer: Looker, now: datetime, *, found: Collection[UUID] | None = None, after: str = ""
) -> ContactPage:
    """One page; of these contacts alone where some were `found`. Raises BadRequest for a cursor of another list."""
    at = tuple(decode_cursor(db, PURPOSE, after)) if after else None
    if not first_looks.concerns(db, viewer):
        rows = _read(db, reach, found, at, PAGE + 1)
        return ContactPage(rows[:PAGE], _cursor(db, rows[PAGE - 1]) if len(rows) > PAGE else None, False)
    shown: list[ListedContact] = []
    left_out = False
    for _ in range(WINDOWS):
        rows = _read(db, reach, found, at, WINDOW)
        known = readable(db, [row.id for row in rows], viewer, now)
        left_out = left_out or len(known) < len(rows)
        shown += [row for row in rows if row.id in known]
        if len(shown) > PAGE:
            return ContactPage(shown[:PAGE], _cursor(db, shown[PAGE - 1]), left_out)
        if len(rows) < WINDOW:
            return ContactPage(shown, None, left_out)
        at = (rows[-1].created_at, rows[-1].id)
    return ContactPage(shown, _cursor(db, rows[-1]), left_out)


def everybody(
    db: Db, reach: Reach, viewer: Looker, now: datetime, found: Collection[UUID] | None = None, size: int = 500
) -> Iterator[ListedContact]:
    """All of them, for a file, some read at a time."""
    at: tuple[datetime, UUID] | None = None
    concerns = first_looks.concerns(db, viewer)
    while rows := _read(db, reach, found, at, size):
        known = readable(db, [row.id for row in rows], viewer, now) if concerns else {row.id for row in rows}
        yield from (row for row in rows if row.id in known)
        at = (rows[-1].created_at, rows[-1].id)


def _cursor(db: Db, last: ListedContact) -> str:
    return encode_cursor(db, PURPOSE, (last.created_at, last.id))


def _read(
    db: Db, reach: Reach, found: Collection[UUID] | None, at: tuple[object, ...] | None, limit: int
) -> list[ListedContact]:
    """The next contacts in order: of each of a few organizations one range of the index, merged."""
    after = [keyset(_ORDER, at, descending=True)] if at is not None else []
    if found is not None:
        each = [[Contact.id.in_(sorted(found)), reach.rows(Contact.organization_id)]]
    elif reach.ids is None or len(reach.ids) > MOST_PLACES:
        each = [[reach.rows(Contact.organization_id)]]
    else:
        each = [[Contact.organization_id == id] for id in reach.ids] or [[false()]]
    heads = [select(*COLUMNS).where(*where, *after).order_by(*_NEWEST).limit(limit).subquery() for where in each]
    merged = union_all(*(select(head) for head in heads)).subquery().c
    whose_name = select(Organization.name).where(Organization.id == merged.organization_id).scalar_subquery()
    newest = (merged.created_at.desc(), merged.id.desc())
    statement = select(*merged, whose_name).order_by(*newest).limit(limit)
    return [ListedContact._make(row) for row in db.execute(statement)]


@lru_cache(maxsize=8)
def _kept(kind: str) -> Prepared[tuple[int]]:
    counts = CONTACT_COUNTS.c
    where = whose_counts(counts.organization_id, kind)
    return Prepared(select(func.coalesce(func.sum(counts.n), 0)).where(*where))


@lru_cache(maxsize=8)
def _one_by_one(kind: str) -> Prepared[tuple[int]]:
    return Prepared(select(func.count()).select_from(Contact).where(*whose(Contact.organization_id, kind)))


def total(db: Db, reach: Reach) -> int:
    """How many contacts there are, erased ones too. The number is kept; after an upgrade, those of before are counted
    one by one until all are in it."""
    return int((_kept if is_counted(db) else _one_by_one)(reach.kind).scalar(db, reach.values))


def is_counted(db: Db) -> bool:
    """Whether every contact is in the number that is kept."""
    return not unfinished(db, (COUNTED,))


class Filed(NamedTuple):
    """What is filed under a contact, as far as the reader knows it."""

    latest: EarlierPrescreen
    n: int
    """How many; SOME where there are more."""


def filed(db: Db, rows: Sequence[ListedContact], viewer: Looker, now: datetime) -> dict[UUID, Filed]:
    """The latest prescreen of each of these contacts, and how many it has."""
    mine = (
        Prescreen.organization_id == Contact.organization_id,
        Prescreen.contact_id == Contact.id,
        known_to(viewer, now),
    )
    order = (Prescreen.expires_at.desc(), Prescreen.id.desc())
    latest = select(Prescreen.id).where(*mine).order_by(*order).limit(1).correlate(Contact).scalar_subquery()
    some = select(Prescreen.id).where(*mine).limit(SOME).correlate(Contact).subquery()
    n = select(func.count()).select_from(some).scalar_subquery()
    ids = [row.id for row in rows]
    numbers = db.execute(select(Contact.id, latest, n).where(Contact.id.in_(ids))).all() if ids else []
    wanted = [id for _, id, _ in numbers if id is not None]
    prescreens = db.execute(EARLIER.where(Prescreen.id.in_(wanted))).all() if wanted else []
    by_id = {row.id: cast(EarlierPrescreen, row) for row in prescreens}
    return {contact: Filed(by_id[id], n) for contact, id, n in numbers if id is not None}
