"""What the worker notes about a file of an answer: its copies, how it was read, and that it is kept no longer."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from app.files.keeping import Copied
from app.files.reading import WHOLE
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import events
from app.prescreens.actions._write import record
from app.prescreens.answer_files import AnswerFile, FileCopies
from app.prescreens.models import Inquiry, Prescreen
from app.prescreens.rules import files


def settle_file_copies(db: Db, file_id: UUID, made: Copied) -> bool:
    """Notes the copies of a picture, or why there are none; False for one that was erased meanwhile."""
    values = {
        "copying": (FileCopies.MADE if made.copy else FileCopies.FAILED).value,
        "copy_sha256": made.copy,
        "thumbnail_sha256": made.thumbnail,
        "failure": made.failure,
    }
    mine = (AnswerFile.id == file_id, AnswerFile.erased_at.is_(None))
    return db.execute(update(AnswerFile).where(*mine).values(values).returning(AnswerFile.id)).one_or_none() is not None


def settle_kept_file(db: Db, file_id: UUID, now: datetime) -> bool:
    """Whether a file is kept; one that no answer needs any more is marked as erased."""
    facts = select(AnswerFile.prescreen_id, AnswerFile.erased_at)
    row = db.execute(facts.where(AnswerFile.id == file_id)).one_or_none()
    if row is None or row.erased_at is not None:
        return False
    columns = (Prescreen.submission, Prescreen.status, Prescreen.expires_at, Prescreen.erased_at)
    prescreen = db.execute(select(*columns).where(Prescreen.id == row.prescreen_id).with_for_update()).one()
    asked = db.scalars(select(Inquiry).where(Inquiry.prescreen_id == row.prescreen_id)).all()
    mine = (AnswerFile.id == file_id, AnswerFile.erased_at.is_(None))
    sha256 = db.scalar(select(AnswerFile.sha256).where(*mine))
    if sha256 is not None and sha256 in files.kept(prescreen, asked, now):
        return True
    db.execute(update(AnswerFile).where(*mine).values(erased_at=now, fault=""))
    return False


def settle_read_files(db: Db, found: Mapping[UUID, str], *, by: Actor, now: datetime) -> None:
    """Notes what was found of files that were read: whole, missing or changed. That a fault is new or over is an
    event. Files that were erased meanwhile are not missing."""
    rows = select(AnswerFile).where(AnswerFile.id.in_(list(found)), AnswerFile.erased_at.is_(None))
    for row in db.scalars(rows.order_by(AnswerFile.id).with_for_update()).all():
        fault, former = "" if found[row.id] == WHOLE else found[row.id], row.fault
        db.execute(update(AnswerFile).where(AnswerFile.id == row.id).values(read_at=now, fault=fault))
        if fault != former:
            kind, data = events.FILE_FAULTY if fault else events.FILE_WHOLE, {"sha256": row.sha256, "fault": fault}
            record(db, kind, row.prescreen_id, row.organization_id, by=by, now=now, data=data)
