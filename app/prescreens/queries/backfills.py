"""Backfills of the keys by which contacts and prescreens are matched."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.accounts.models import Organization
from app.kernel.db.backfills import Backfill
from app.kernel.db.engine import Db
from app.kernel.text.normalization import region_of, telephone_key
from app.prescreens.models import Contact, Prescreen


def _keys_of(table: type[Contact] | type[Prescreen]) -> Backfill:
    """Makes the telephone keys of a table anew: in E.164, in the country of the organization."""

    def portion(db: Db, position: str | None, size: int) -> str | None:
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
        return str(found[-1].id) if len(found) == size else None

    return Backfill(f"telephones.{table.__tablename__}", portion)


BACKFILLS = (_keys_of(Contact), _keys_of(Prescreen))
