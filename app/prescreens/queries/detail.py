"""One prescreen, for staff within their scope and for the prospect with its link."""

from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, select

from app.kernel.db.engine import Db
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.queries.stages import Reach

_BY_ID = select(*COLUMNS).where(Prescreen.id == bindparam("id"))


def get(db: Db, prescreen_id: UUID, reach: Reach | None = None) -> Prescreen | None:
    """Every column of a prescreen within `reach`. Only callers who have proved its link pass no reach."""
    statement = _BY_ID if reach is None else _BY_ID.where(reach.rows(Prescreen.organization_id))
    row = db.execute(statement, {"id": prescreen_id}).one_or_none()
    return None if row is None else cast(Prescreen, row)
