"""The files of answers that are kept."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.prescreens.answer_files import AnswerFile


def of(db: Db, prescreen_id: UUID) -> dict[str, AnswerFile]:
    """Those of a prescreen, by their SHA-256. At most `files.MOST_ADDED` rows of one index."""
    mine = select(AnswerFile).where(AnswerFile.prescreen_id == prescreen_id, AnswerFile.erased_at.is_(None))
    return {row.sha256: row for row in db.scalars(mine.order_by(AnswerFile.received_at, AnswerFile.id))}


def every(db: Db, prescreen_ids: Sequence[UUID]) -> Sequence[AnswerFile]:
    """Those of several prescreens."""
    mine = select(AnswerFile).where(AnswerFile.prescreen_id.in_(prescreen_ids), AnswerFile.erased_at.is_(None))
    return db.scalars(mine.order_by(AnswerFile.prescreen_id, AnswerFile.received_at, AnswerFile.id)).all()
