"""Other sessions of the same case or deponent, for the page of a deposition."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, cast

from sqlalchemy import bindparam, select

from app.depositions.events import SUBJECT
from app.depositions.models import Deposition
from app.kernel.db.engine import Db
from app.kernel.text import search

SHOWN = 6
_READ = 24
"""Hits of the search index that are read for the case, and for the deponent."""

_SESSIONS = select(
    Deposition.id,
    Deposition.organization_id,
    Deposition.state,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.zone,
    Deposition.title,
    Deposition.case_name,
    Deposition.deponent_name,
    Deposition.deponent_email,
    Deposition.manager_name,
    Deposition.manager_id,
).where(Deposition.id.in_(bindparam("ids", expanding=True)))


class RelatedSession(Protocol):
    """The columns that are read of another session."""

    id: int
    organization_id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    title: str
    case_name: str
    deponent_name: str | None
    deponent_email: str | None
    manager_name: str | None
    manager_id: int | None


def related(db: Db, deposition: Deposition) -> Sequence[RelatedSession]:
    """The organization's latest other sessions with the same case or the same deponent.

    No index has cases: the search index finds the newest with these words, and only exact matches are kept.
    """
    mine = [deposition.organization_id]
    texts = [text for text in (deposition.case_name, deposition.deponent_email) if text and text.strip()]
    found = {int(id) for text in texts for id in search.ids(db, SUBJECT, text, mine, _READ)} - {deposition.id}
    if not found:
        return ()
    rows = [cast(RelatedSession, row) for row in db.execute(_SESSIONS, {"ids": sorted(found)})]
    same = [row for row in rows if row.organization_id == deposition.organization_id and _related(row, deposition)]
    return sorted(same, key=lambda row: (row.starts_at, row.id), reverse=True)[:SHOWN]


def _related(row: RelatedSession, deposition: Deposition) -> bool:
    address = (deposition.deponent_email or "").casefold()
    return same_case(row, deposition) or (bool(address) and (row.deponent_email or "").casefold() == address)


def same_case(row: RelatedSession, deposition: Deposition) -> bool:
    """Whether a session is about the same case, as it was written."""
    return row.case_name.strip().casefold() == deposition.case_name.strip().casefold()
