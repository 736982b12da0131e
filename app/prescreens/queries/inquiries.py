"""Inquiries: the one behind a link, and those of a prescreen."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.prescreens.models import Inquiry

_COLUMNS = tuple(Inquiry.__table__.c)
MOST = 20


def get(db: Db, id: UUID, *, lock: bool = False) -> Inquiry | None:
    """One inquiry. Only callers who have proved its link call this."""
    statement = select(*_COLUMNS).where(Inquiry.id == id)
    row = db.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else cast(Inquiry, row)


def of(db: Db, prescreen_id: UUID) -> Sequence[Inquiry]:
    """The inquiries of a prescreen, the first one first."""
    statement = select(*_COLUMNS).where(Inquiry.prescreen_id == prescreen_id).order_by(Inquiry.asked_at).limit(MOST)
    return cast(Sequence[Inquiry], db.execute(statement).all())
