"""One prescreen, for staff within their scope and for the prospect with its link."""

from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, select

from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.queries.stages import EVERYWHERE, Reach, whose


@cache
def _one(kind: str) -> Prepared[Prescreen]:
    """Every column of a prescreen within a reach of this kind, built once."""
    return Prepared(select(*COLUMNS).where(Prescreen.id == bindparam("id"), *whose(Prescreen.organization_id, kind)))


def get(db: Db, prescreen_id: UUID, reach: Reach = EVERYWHERE) -> Prescreen | None:
    """Every column of a prescreen within `reach`. Only callers who have proved its link pass no reach."""
    return _one(reach.kind).first(db, {"id": prescreen_id, **reach.values})
