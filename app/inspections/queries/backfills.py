"""The backfill of the keys by which recipients of invites are known."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from app.accounts.models import Organization
from app.inspections.models import Invite, WrongCodes
from app.kernel.crypto import sha256
from app.kernel.db.backfills import Backfill
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.text.normalization import region_of, telephone_key


def _portion(db: Db, position: str | None, size: int) -> str | None:
    """Gives invites the key of their telephone number: in E.164, in the country of the organization."""
    rows = (
        select(
            Invite.id,
            Invite.inspection_id,
            Invite.recipient_email,
            Invite.recipient_phone,
            Organization.country,
            Organization.time_zone,
        )
        .join(Organization, Organization.id == Invite.organization_id)
        .where(*([Invite.id > UUID(position)] if position else []))
        .order_by(Invite.id)
        .limit(size)
    )
    found = db.execute(rows).all()
    keys: list[dict[str, Any]] = []
    for row in found:
        if row.recipient_phone:
            key = telephone_key(row.recipient_phone, row.country or region_of(row.time_zone))
            keys.append({"of": row.id, "key": key})
            if not row.recipient_email:
                _move_wrong_codes(db, row.inspection_id, re.sub(r"\D", "", row.recipient_phone), key)
    if keys:
        table = Invite.__table__
        statement = update(table).where(table.c.id == bindparam("of")).values(recipient_phone_key=bindparam("key"))
        db.connection().execute(statement, keys)
    return str(found[-1].id) if len(found) == size else None


def _move_wrong_codes(db: Db, inspection_id: UUID, former: str, key: str) -> None:
    """Counts the wrong codes of a recipient, who was known by the digits as typed, under the key."""
    if former == key:
        return
    mine = WrongCodes.inspection_id == inspection_id
    counted = db.execute(
        delete(WrongCodes).where(mine, WrongCodes.recipient == sha256(former)).returning(WrongCodes.n)
    ).scalar_one_or_none()
    if counted:
        values = {"inspection_id": inspection_id, "recipient": sha256(key), "n": 0}
        db.execute(insert_or_ignore(db, WrongCodes).values(values))
        now_known = update(WrongCodes).where(mine, WrongCodes.recipient == sha256(key))
        db.execute(now_known.values({WrongCodes.n: WrongCodes.n + counted}))


BACKFILLS = (Backfill("telephones.invites", _portion),)
