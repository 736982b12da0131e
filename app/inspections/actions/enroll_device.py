"""Naming in the chain the key with which a field user's phone signs what it captures."""

from datetime import datetime

from sqlalchemy import insert

from app.inspections import queries, rules
from app.inspections.actions._write import lock, seal_act
from app.inspections.evidence.models import DeviceKey
from app.inspections.evidence.rules import MOST_KEYS, Unfit
from app.inspections.models import Invite
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db


def enroll_device(db: Db, invite: Invite, public: str, sha256: str, *, by: Actor, now: datetime) -> None:
    """Seals the public key, once. Raises Unfit when the inspection is over, and when too many phones sign already."""
    locked = lock(db, invite.inspection_id, rules.JOINED_STATES, now=now)
    if locked is None:
        raise Unfit("ended", 409)
    if invite.role != rules.FIELD:
        raise Unfit("looking_on", 403)
    known = queries.device_keys(db, invite.inspection_id)
    if sha256 in known:
        return
    if len(known) >= MOST_KEYS or db.get(DeviceKey, sha256) is not None:
        raise Unfit("too_many", 409)
    values: Values = {
        DeviceKey.sha256: sha256,
        DeviceKey.inspection_id: invite.inspection_id,
        DeviceKey.invite_id: invite.id,
        DeviceKey.public: public,
        DeviceKey.created_at: now,
    }
    db.execute(insert(DeviceKey).values(dict(values)))
    payload = {"participant": str(invite.id), "key": sha256, "public": public}
    seal_act(db, locked, "device.enrolled", payload, by=by, now=now)
