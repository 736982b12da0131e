"""Backfills: the keys by which contacts and prescreens are matched, and the names of assignees."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.accounts.models import Organization, Person
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.engine import Db
from app.kernel.text.normalization import region_of, telephone_key
from app.prescreens.models import Contact, Prescreen


def _keys_of(table: type[Contact] | type[Prescreen]) -> Backfill:
    """Makes the telephone keys of a table anew: in E.164, in the country of the organization."""

    def portion(db: Db, position: str | None, size: int) -> Portion:
        rows = (
            select(table.id, table.phone, table.phone_key, Organization.country, Organization.time_zone)
            .join(Organization, Organization.id == table.organization_id)
            .where(*([table.id > UUID(position)] if position else []))
            .order_by(table.id)
            .limit(size)
        )
        found = db.execute(rows).all()
        keys: list[dict[str, Any]] = [
            {"of": row.id, "key": key}
            for row in found
            if row.phone and (key := telephone_key(row.phone, row.country or region_of(row.time_zone))) != row.phone_key
        ]
        if keys:
            statement = update(table.__table__).where(table.__table__.c.id == bindparam("of"))
            db.connection().execute(statement.values(phone_key=bindparam("key")), keys)
        return Portion(len(keys), str(found[-1].id) if len(found) == size else None)

    return Backfill(f"telephones.{table.__tablename__}", portion)


def _names_of_assignees(db: Db, position: str | None, size: int) -> Portion:
    """Stores the names of assignees beside their numbers."""
    after = [Prescreen.id > UUID(position)] if position else []
    ids = db.execute(select(Prescreen.id).where(*after).order_by(Prescreen.id).limit(size)).scalars().all()
    if not ids:
        return Portion(0, None)
    made = db.execute(
        update(Prescreen)
        .where(
            Prescreen.id.between(ids[0], ids[-1]),
            Prescreen.assignee_id.is_not(None),
            Prescreen.assignee_name.is_(None),
        )
        .values(
            {Prescreen.assignee_name: select(Person.name).where(Person.id == Prescreen.assignee_id).scalar_subquery()}
        )
        .returning(Prescreen.id)
    )
    return Portion(len(made.all()), str(ids[-1]) if len(ids) == size else None)


BACKFILLS = (
    _keys_of(Contact),
    _keys_of(Prescreen),
    Backfill("assignees.prescreens", _names_of_assignees, ordered=True),
)
