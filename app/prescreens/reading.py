"""Files of answers in the store: which are named by a row, and reading each again, by the worker: whether it is still
there, with its hash.

Each is read again a day after it was read last. Two workers may read the same one, which does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.files import reading
from app.files.arriving import Arrivals
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Database, Db
from app.kernel.store import store_at
from app.prescreens import actions
from app.prescreens.answer_files import AnswerFile

AGAIN = timedelta(days=1)


def _is_named(db: Db, file_id: UUID, _sha256: str) -> bool:
    mine = (AnswerFile.id == file_id, AnswerFile.erased_at.is_(None))
    return db.scalar(select(AnswerFile.id).where(*mine)) is not None


ARRIVALS = Arrivals("prescreens", _is_named)
"""Those on their way: in the store, in a folder of their own, and not yet in an answer."""


def read_portion(database: Database, now: datetime) -> bool:
    """Reads the files that are due, the one that was read longest ago first. Returns whether there are more."""
    due = select(AnswerFile.id, AnswerFile.id, AnswerFile.sha256, AnswerFile.bytes).where(
        AnswerFile.erased_at.is_(None), AnswerFile.read_at <= now - AGAIN
    )
    with database.read() as db:
        rows = db.execute(due.order_by(AnswerFile.read_at, AnswerFile.id).limit(reading.PORTION)).all()
    found = reading.read(store_at(database.config.evidence_url), rows)
    if found:
        with database.write() as db:
            actions.settle_read_files(db, found, by=WORKER, now=now)
    return bool(found) and (len(found) < len(rows) or len(rows) == reading.PORTION)


def measures(db: Db, now: datetime) -> Iterator[tuple[str, str, float]]:
    """What monitoring should know: name, description and value."""
    faulty = db.scalar(select(func.count()).where(AnswerFile.fault != "")) or 0
    yield "desk_answer_files_faulty", "Files of answers that were missing or changed when they were read last", faulty
    oldest = select(AnswerFile.read_at).where(AnswerFile.erased_at.is_(None)).order_by(AnswerFile.read_at).limit(1)
    read_at = db.scalar(oldest)
    if read_at is not None:
        age = (now - read_at).total_seconds()
        yield "desk_answer_files_unread_seconds", "Age of the reading that is longest ago, of a file of an answer", age
