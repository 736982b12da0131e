"""The jobs about files of answers: the copies of a picture, and whether a file is still needed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message
from app.prescreens.answer_files import AnswerFile

COPY, TIDY = "job:prescreens.copy_file", "job:prescreens.tidy_file"


def copy_job(file_id: UUID) -> Message:
    """The job that makes the copies of a picture."""
    return Message(COPY, {"file": str(file_id)}, destination="store", summary="Copy of a picture in an answer")


def tidy_job(file_id: UUID, due_at: datetime | None = None) -> Message:
    """The job that deletes a file once no answer names it any more."""
    summary = "Whether a file of an answer is still needed"
    return Message(TIDY, {"file": str(file_id)}, destination="store", due_at=due_at, summary=summary)


def tidy_jobs(db: Db, prescreen_id: UUID, sha256: Collection[str]) -> list[Message]:
    """Those that look at some files of a prescreen now."""
    mine = select(AnswerFile.id).where(AnswerFile.prescreen_id == prescreen_id, AnswerFile.erased_at.is_(None))
    return [tidy_job(id) for id in db.scalars(mine.where(AnswerFile.sha256.in_(list(sha256))).order_by(AnswerFile.id))]
