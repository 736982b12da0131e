"""Erasing evidence that an organization keeps no longer, by the worker.

Every hour the inspections are looked at that became due since the last round: the ended ones of each organization with
a limit, in the order in which they ended, a portion at a time and with a rest after each. A mark in the database says
how far that is, so that a round reads what is new, however much has ended before. Each inspection is erased in a
transaction of its own and the mark follows, so that a worker that is killed finds what is left; two workers at once
erase nothing twice. The release of a legal hold sets the mark back, and everything is looked at once more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Select, select, tuple_, update

from app.accounts.models import Organization
from app.inspections import actions, rules
from app.inspections.evidence.models import EvidenceMark, EvidenceState
from app.inspections.models import Inspection
from app.kernel.db.engine import Database, Db
from app.kernel.db.inserts import insert_or_ignore

PORTION = 200
"""Ended inspections of one portion; few of them have something to erase."""
REST, EVERY, FIRST = 1.0, 3600.0, 120.0
"""Seconds after a portion, between two rounds, and before the first."""


class Mark(NamedTuple):
    """How far the evidence of an organization was looked at: up to the inspection that ended then, of this id."""

    ended_at: datetime
    id: UUID


class Portion(NamedTuple):
    """The inspections of an organization that are looked at next, and the mark that they come after."""

    organization_id: int
    mark: Mark | None
    found: Sequence[Mark]


class Retention:
    """The sweep of the worker. It never reports work, so that nothing waits for it."""

    def __init__(self) -> None:
        self._next = time.monotonic() + FIRST

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + (REST if erase_portion(database, now) else EVERY)
        return False


def erase_portion(database: Database, now: datetime) -> bool:
    """Erases what is due among the next inspections; whether there were any."""
    with database.read() as db:
        portion = _next(db, now)
        if portion is None:
            return False
        ids = [each.id for each in portion.found]
        left = select(EvidenceState.inspection_id).where(EvidenceState.erased_at.is_(None))
        holding = set(db.scalars(left.where(EvidenceState.inspection_id.in_(ids))))
    mark = portion.mark
    if mark is None:
        mark = Mark(rules.EARLIEST, uuid4())
        with database.write() as db:
            values = {"organization_id": portion.organization_id, "ended_at": mark.ended_at, "after": mark.id}
            db.execute(insert_or_ignore(db, EvidenceMark).values(values))
    for id in filter(holding.__contains__, ids):
        with database.write() as db:
            actions.expire_evidence(db, id, now)
    with database.write() as db:
        _move(db, portion.organization_id, mark, portion.found[-1])
    return True


def _next(db: Db, now: datetime) -> Portion | None:
    """The next inspections whose evidence is kept no longer, of the first organization that has some."""
    for id, days, mark in _limited(db):
        rows = db.execute(due(id, now - timedelta(days=days), mark).limit(PORTION)).all()
        if rows:
            return Portion(id, mark, [Mark(ended_at, each) for ended_at, each in rows if ended_at is not None])
    return None


def _limited(db: Db) -> Iterator[tuple[int, int, Mark | None]]:
    """The organizations that keep evidence only so many days, each with its mark."""
    o, m = Organization.__table__.c, EvidenceMark.__table__.c
    marked = select(o.id, o.evidence_days, m.ended_at, m.after).outerjoin(EvidenceMark, m.organization_id == o.id)
    for id, days, ended_at, after in db.execute(marked.where(o.evidence_days.is_not(None)).order_by(o.id)).all():
        yield id, days, None if ended_at is None else Mark(ended_at, after)


def due(organization_id: int, until: datetime, mark: Mark | None) -> Select[datetime | None, UUID]:
    """The inspections of an organization that ended by `until`, after the mark, in the order in which they ended."""
    mine = [Inspection.organization_id == organization_id, Inspection.ended_at <= until]
    if mark is not None:
        mine.append(tuple_(Inspection.ended_at, Inspection.id) > tuple_(mark.ended_at, mark.id))
    return select(Inspection.ended_at, Inspection.id).where(*mine).order_by(Inspection.ended_at, Inspection.id)


def _move(db: Db, organization_id: int, mark: Mark, to: Mark) -> None:
    """Moves the mark on, unless it is another one by now: another worker moved it, or a hold was released."""
    m = EvidenceMark
    unchanged = (m.organization_id == organization_id, m.ended_at == mark.ended_at, m.after == mark.id)
    db.execute(update(m).where(*unchanged).values({m.ended_at: to.ended_at, m.after: to.id}))


Measure = tuple[str, str, float]


def measures(db: Db, now: datetime) -> Iterator[Measure]:
    """What monitoring should know: name, description and value."""
    overdue = 0.0
    for id, days, mark in _limited(db):
        until = now - timedelta(days=days)
        first = db.execute(due(id, until, mark).limit(1)).one_or_none()
        if first is not None and first.ended_at is not None:
            overdue = max(overdue, (until - first.ended_at).total_seconds())
    about = "How long the oldest evidence is overdue that is kept no longer and was not looked at yet"
    yield "desk_evidence_overdue_seconds", about, overdue
