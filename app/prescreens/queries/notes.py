"""Notes of the team on one prescreen."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.prescreens.models import Note

_COLUMNS = tuple(Note.__table__.c)


def of(db: Db, prescreen_id: UUID, limit: int = 50) -> Sequence[Note]:
    """The latest notes, newest first."""
    statement = select(*_COLUMNS).where(Note.prescreen_id == prescreen_id)
    rows = db.execute(statement.order_by(Note.written_at.desc(), Note.id.desc()).limit(limit))
    return cast(Sequence[Note], rows.all())
