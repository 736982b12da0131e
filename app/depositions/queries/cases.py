"""The sessions of a case. No index has cases: the open ones are found by the key that they need for themselves, all
others by the search index, of which only exact matches are kept."""

from collections.abc import Collection
from typing import Protocol, cast

from sqlalchemy import bindparam, select

from app.accounts.models import Organization
from app.depositions.events import SUBJECT
from app.depositions.models import ConflictKey, Deposition
from app.depositions.queries import listing
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules import cases, conflicts
from app.kernel.db.engine import Db
from app.kernel.text import search

MOST = 300
"""Sessions of a case that are read: the newest, and all that are open."""


class CaseSession(ListedDeposition, Protocol):
    """A row of the list with the people and the room of the session."""

    manager_id: int | None
    manager_email: str | None
    provider: str | None
    room_url: str | None
    deponent_email: str | None
    invites: list[dict[str, str]]


OPEN_ONES = select(ConflictKey.deposition_id).where(ConflictKey.key == bindparam("key")).limit(MOST)
_NAMES = select(Deposition.id, Deposition.case_name).where(Deposition.id.in_(bindparam("ids", expanding=True)))
_SESSIONS = (
    select(
        *listing.COLUMNS,
        Deposition.manager_id,
        Deposition.manager_email,
        Deposition.provider,
        Deposition.room_url,
        Deposition.deponent_email,
        Deposition.invites,
    )
    .where(Deposition.id.in_(bindparam("ids", expanding=True)), Deposition.organization_id == bindparam("organization"))
    .order_by(Deposition.starts_at, Deposition.id)
)


def sessions(db: Db, organization_id: int, case_name: str) -> list[CaseSession]:
    """The requests and sessions of a case by their start."""
    key = conflicts.case_key(organization_id, case_name)
    found = {int(id) for id in db.execute(OPEN_ONES, {"key": key}).scalars()}
    found |= {int(id) for id in search.ids(db, SUBJECT, case_name, [organization_id], MOST)}
    if not found:
        return []
    rows = db.execute(_SESSIONS, {"ids": sorted(found), "organization": organization_id})
    wanted = cases.folded(case_name)
    return [cast(CaseSession, row) for row in rows if cases.folded(row.case_name) == wanted]


def named_like(db: Db, words: str, organization_ids: Collection[int] | None) -> list[int]:
    """The ids of the newest sessions whose case has all of these words in its name."""
    found = [int(id) for id in search.ids(db, SUBJECT, words, organization_ids)]
    rows = db.execute(_NAMES, {"ids": found}) if found else ()
    wanted = cases.folded(words).split()
    return [id for id, name in rows if all(word in cases.folded(name) for word in wanted)]


def slugs(db: Db, organization_ids: Collection[int]) -> dict[int, str]:
    """The slugs of organizations by their ids."""
    rows = db.execute(select(Organization.id, Organization.slug).where(Organization.id.in_(sorted(organization_ids))))
    return {row.id: row.slug for row in rows}
