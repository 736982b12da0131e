"""One prescreen: for staff within their reach, and for the prospect behind a link."""

from uuid import UUID

from sqlalchemy import Row, bindparam, select

from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen
from app.prescreens.queries.stages import P, Reach

_ONE = select(Prescreen.__table__).where(P.id == bindparam("id"))


def get(db: Db, id: UUID, reach: Reach | None = None) -> Row | None:
    """Every column of one prescreen. Without a reach: whoever asks holds a link to it."""
    statement = _ONE if reach is None else _ONE.where(reach.rows(P.organization_id))
    return db.execute(statement, {"id": id}).one_or_none()
