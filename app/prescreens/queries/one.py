"""One prescreen: for staff within their reach, and for the prospect behind a link."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.accounts.models import Person
from app.kernel.db import Db
from app.prescreens.models import Prescreen
from app.prescreens.queries.stages import P, Reach


def get(db: Db, id: UUID, reach: Reach | None = None) -> Row[Any] | None:
    """Every column of one prescreen, and its assignee's name. Without a reach: whoever asks holds a link to it."""
    statement = (
        select(Prescreen.__table__, Person.name.label("assignee_name"))
        .outerjoin(Person.__table__, Person.__table__.c.id == P.assignee_id)
        .where(P.id == id)
    )
    if reach is not None:
        statement = statement.where(reach.rows(P.organization_id))
    return db.execute(statement).one_or_none()
