"""Reading every original again, by the worker: whether each is still in the store, with its hash.

A run begins each night with the nightly verification, unless the one before goes on, by one worker at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, func, select, update

from app.files import reading
from app.inspections import actions
from app.inspections.evidence.models import Evidence, EvidenceFault, EvidenceState, ReadingRun
from app.inspections.nightly import HOUR, Measure
from app.kernel.changes.events import WORKER
from app.kernel.db.columns import Values
from app.kernel.db.engine import Database, Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.store import store_at

LEASE = timedelta(minutes=5)


def read_portion(database: Database, now: datetime) -> bool:
    """Reads the next originals. Returns whether there are more."""
    with database.read() as db:
        if _unfinished(db) is None and db.get(ReadingRun, _night(now)) is not None:
            return False
    with database.write() as db:
        run = _take(db, now)
    if run is None:
        return False
    with database.read() as db:
        rows = _next(db, run.after)
    found = reading.read(store_at(database.config.evidence_url), rows)
    more = len(found) < len(rows) or len(rows) == reading.PORTION
    with database.write() as db:
        faulty = actions.settle_originals(db, _not_erased(db, found), by=WORKER, now=now)
        values: Values = {
            ReadingRun.n: ReadingRun.n + len(found),
            ReadingRun.faulty: ReadingRun.faulty + faulty,
            ReadingRun.lease_until: now,
            ReadingRun.finished_at: None if more else now,
            **({ReadingRun.after: list(found)[-1]} if found else {}),
        }
        db.execute(update(ReadingRun).where(ReadingRun.night == run.night).values(dict(values)))
    return more and bool(found)


class Run(NamedTuple):
    """A run that this worker holds the lease of."""

    night: str
    after: UUID | None


def _night(now: datetime) -> str:
    return (now - HOUR).strftime("%Y-%m-%d")


def _unfinished(db: Db) -> str | None:
    open_runs = select(ReadingRun.night).where(ReadingRun.finished_at.is_(None))
    return db.scalar(open_runs.order_by(ReadingRun.night).limit(1))


def _take(db: Db, now: datetime) -> Run | None:
    """Takes the lease of the run that goes on, or of the night's; None when another worker has it, or it is over."""
    night = _unfinished(db) or _night(now)
    values = {"night": night, "n": 0, "faulty": 0, "lease_until": now, "started_at": now}
    db.execute(insert_or_ignore(db, ReadingRun).values(values))
    free = (ReadingRun.night == night, ReadingRun.finished_at.is_(None), ReadingRun.lease_until <= now)
    lease = {ReadingRun.lease_until: now + LEASE}
    row = db.execute(update(ReadingRun).where(*free).values(lease).returning(ReadingRun.after)).one_or_none()
    return None if row is None else Run(night, row.after)


def _next(db: Db, after: UUID | None) -> Sequence[Row[UUID, UUID, str, int]]:
    columns = select(Evidence.id, Evidence.inspection_id, Evidence.sha256, Evidence.bytes)
    mine = columns.join(EvidenceState, EvidenceState.evidence_id == Evidence.id).order_by(Evidence.id)
    mine = mine.limit(reading.PORTION)
    mine = mine.where(EvidenceState.erased_at.is_(None))
    return db.execute(mine if after is None else mine.where(Evidence.id > after)).all()


def _not_erased(db: Db, found: dict[UUID, str]) -> dict[UUID, str]:
    """Without those that were erased while they were read: they are not missing."""
    ids = EvidenceState.evidence_id.in_(list(found))
    erased = set(db.scalars(select(EvidenceState.evidence_id).where(ids, EvidenceState.erased_at.is_not(None))))
    return {id: each for id, each in found.items() if id not in erased}


def measures(db: Db, now: datetime) -> Iterator[Measure]:
    """What monitoring should know: name, description and value."""
    faulty = db.scalar(select(func.count()).select_from(EvidenceFault)) or 0
    yield "desk_originals_faulty", "Originals that were missing or changed when they were read last", float(faulty)
    last = select(ReadingRun.finished_at).where(ReadingRun.finished_at.is_not(None))
    finished_at = db.scalar(last.order_by(ReadingRun.night.desc()).limit(1))
    if finished_at is not None:
        age = (now - finished_at).total_seconds()
        yield "desk_originals_read_seconds", "Age of the last reading of all originals", age
