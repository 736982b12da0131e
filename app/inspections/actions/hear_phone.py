"""What the phone of a field user says of itself: that it is there, and how much waits on it."""

from datetime import datetime

from sqlalchemy import update

from app.inspections.evidence.models import FieldPhone
from app.inspections.models import Invite
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_update


def hear_phone(db: Db, invite: Invite, *, now: datetime, waiting: int | None = None) -> None:
    """Notes that the phone was heard from; with `waiting` also how many pieces it says have not arrived."""
    changed = ["heard_at"] if waiting is None else ["heard_at", "waiting"]
    heard = insert_or_update(db, FieldPhone, ["invite_id"], changed)
    values = {"invite_id": invite.id, "inspection_id": invite.inspection_id, "heard_at": now}
    db.execute(heard.values(**values, waiting=waiting or 0))


def count_arrived(db: Db, invite: Invite, *, now: datetime) -> None:
    """Notes that one of the pieces that waited on the phone has arrived, or was refused for good."""
    fewer: Values = {FieldPhone.waiting: FieldPhone.waiting - 1, FieldPhone.heard_at: now}
    mine = (FieldPhone.invite_id == invite.id, FieldPhone.waiting > 0)
    db.execute(update(FieldPhone).where(*mine).values(dict(fewer)))
