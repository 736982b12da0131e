"""Erasing evidence that an organization keeps no longer, by the worker.

Every hour all ended inspections of the organizations with a limit are gone through, in the order in which they ended,
a portion at a time and with a rest after each. Each is erased in a transaction of its own, so that a worker that is
killed begins anew and finds only what is left; two workers at once erase nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from app.accounts.models import Organization
from app.inspections import actions
from app.inspections.evidence.models import EvidenceState
from app.inspections.models import Inspection
from app.kernel.db.engine import Database, Db

PORTION = 200
"""Ended inspections of one portion; few of them have something to erase."""
REST, EVERY, FIRST = 1.0, 3600.0, 120.0
"""Seconds after a portion, between two rounds, and before the first."""


class Place(NamedTuple):
    """How far a round is: the organization, and the inspection that was looked at last."""

    organization_id: int
    ended_at: datetime
    id: UUID


class Retention:
    """The sweep of the worker. It never reports work, so that nothing waits for it."""

    def __init__(self) -> None:
        self._next = time.monotonic() + FIRST
        self._place: Place | None = None

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._place = erase_portion(database, self._place, now)
            self._next = time.monotonic() + (REST if self._place else EVERY)
        return False


def erase_portion(database: Database, after: Place | None, now: datetime) -> Place | None:
    """Erases what is due among the next inspections; returns how far it is, None when the round is over."""
    with database.read() as db:
        rows = _next(db, after, now)
        ids = [row.id for row in rows]
        left = select(EvidenceState.inspection_id).where(EvidenceState.erased_at.is_(None))
        due = set(db.scalars(left.where(EvidenceState.inspection_id.in_(ids)))) if ids else set()
    for row in rows:
        if row.id in due:
            with database.write() as db:
                actions.expire_evidence(db, row.id, now)
    return rows[-1] if rows else None


def _next(db: Db, after: Place | None, now: datetime) -> Sequence[Place]:
    """The next inspections whose evidence is kept no longer; of one organization, or of the first that has some."""
    o = Organization.__table__.c
    limited = select(o.id, o.evidence_days).where(o.evidence_days.is_not(None)).order_by(o.id)
    for id, days in db.execute(limited if after is None else limited.where(o.id >= after.organization_id)):
        mine = [Inspection.organization_id == id, Inspection.ended_at <= now - timedelta(days=days)]
        if after is not None and after.organization_id == id:
            mine.append(tuple_(Inspection.ended_at, Inspection.id) > (after.ended_at, after.id))
        columns = select(Inspection.ended_at, Inspection.id).where(*mine)
        rows = db.execute(columns.order_by(Inspection.ended_at, Inspection.id).limit(PORTION)).all()
        if rows:
            return [Place(id, ended_at, inspection_id) for ended_at, inspection_id in rows if ended_at is not None]
    return []
