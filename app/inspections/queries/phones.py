"""What is still expected from the phones of field users."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, select

from app.inspections.evidence.models import DeviceKey, FieldPhone
from app.inspections.models import Invite
from app.inspections.rules import FIELD
from app.kernel.db.engine import Db


class Phone(NamedTuple):
    """What the phone of a field user said last: how many pieces wait on it, and when it was heard from. `signs` is
    whether the chain names a key of theirs, without which nothing is taken after the end."""

    invite_id: uuid.UUID
    first_name: str
    last_name: str
    waiting: int
    heard_at: datetime
    signs: bool


def phones(db: Db, inspection_id: uuid.UUID) -> Sequence[Phone]:
    """The phones of the field users who are in and were heard from, the first that joined first."""
    names = (Invite.recipient_first_name, Invite.recipient_last_name)
    signs = exists().where(DeviceKey.inspection_id == inspection_id, DeviceKey.invite_id == FieldPhone.invite_id)
    heard = select(FieldPhone.invite_id, *names, FieldPhone.waiting, FieldPhone.heard_at, signs)
    counted = (Invite.revoked_at.is_(None), Invite.joined_at.is_not(None), Invite.role == FIELD)
    mine = heard.join(Invite, Invite.id == FieldPhone.invite_id).where(FieldPhone.inspection_id == inspection_id)
    return [Phone(*row) for row in db.execute(mine.where(*counted).order_by(Invite.joined_at, Invite.id))]


def heard_at(db: Db, invite_id: uuid.UUID) -> datetime | None:
    """When the phone of a field user was heard from last."""
    return db.scalar(select(FieldPhone.heard_at).where(FieldPhone.invite_id == invite_id))
