"""Reading every file of an answer again, by the worker: whether each is still in the store, with its hash.

Each is read again a day after it was read last, a few at a time and with a rest after each portion, so that the store
and the disk serve people meanwhile. Two workers may read the same one, which does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.files import keeping
from app.kernel import store
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Database, Db
from app.prescreens import actions
from app.prescreens.answer_files import AnswerFile

AGAIN = timedelta(days=1)
PORTION = 20
"""Files of one portion; each is at most 32 MB."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes after which a portion is over."""
REST = 2.0
"""Seconds between two portions."""
EVERY = 60.0
"""Seconds between two looks for a file that is due."""


class Reading:
    """The sweep of the worker. It never reports work, so that nothing waits for it."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + (REST if read_portion(database, now) else EVERY)
        return False


def read_portion(database: Database, now: datetime) -> bool:
    """Reads the files that are due, the one that was read longest ago first. Returns whether there are more."""
    due = select(AnswerFile.id, AnswerFile.sha256, AnswerFile.bytes).where(
        AnswerFile.erased_at.is_(None), AnswerFile.read_at <= now - AGAIN
    )
    with database.read() as db:
        rows = db.execute(due.order_by(AnswerFile.read_at, AnswerFile.id).limit(PORTION)).all()
    kept, found, size = store.store_at(database.config.evidence_url), dict[UUID, str](), 0
    for row in rows:
        try:
            read = keeping.hash_of(kept, row.id, row.sha256)
        except store.Away:
            break
        found[row.id] = "missing" if read is None else "" if read == row.sha256 else "changed"
        size += row.bytes
        if size >= MOST_BYTES:
            break
    if found:
        with database.write() as db:
            actions.settle_read_files(db, found, by=WORKER, now=now)
    return bool(found) and (len(found) < len(rows) or len(rows) == PORTION)


def measures(db: Db, now: datetime) -> Iterator[tuple[str, str, float]]:
    """What monitoring should know: name, description and value."""
    faulty = db.scalar(select(func.count()).where(AnswerFile.fault != "")) or 0
    yield "desk_answer_files_faulty", "Files of answers that were missing or changed when they were read last", faulty
    oldest = select(AnswerFile.read_at).where(AnswerFile.erased_at.is_(None)).order_by(AnswerFile.read_at).limit(1)
    read_at = db.scalar(oldest)
    if read_at is not None:
        age = (now - read_at).total_seconds()
        yield "desk_answer_files_unread_seconds", "Age of the reading that is longest ago, of a file of an answer", age
