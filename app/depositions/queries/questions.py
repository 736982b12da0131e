"""Questions to organizations about a deposition."""

from typing import cast

from sqlalchemy import select

from app.depositions.models import DepositionQuestion
from app.kernel.db.engine import Db

_COLUMNS = tuple(DepositionQuestion.__table__.c)


def latest(db: Db, deposition_id: int) -> DepositionQuestion | None:
    """The question that was asked last."""
    newest = DepositionQuestion.id.desc()
    rows = db.execute(
        select(*_COLUMNS).where(DepositionQuestion.deposition_id == deposition_id).order_by(newest).limit(1)
    )
    return cast(DepositionQuestion | None, rows.first())


def by_id(db: Db, id: int) -> DepositionQuestion | None:
    """A question by its id."""
    return cast(DepositionQuestion | None, db.execute(select(*_COLUMNS).where(DepositionQuestion.id == id)).first())
