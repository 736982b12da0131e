"""Sending a new code for an invite."""

from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._invites import (
    CHANGED_MEANWHILE,
    Minted,
    drop_unsent,
    lock_live_inspection,
    sealed,
    send,
    update_invite,
)
from app.inspections.actions._write import seal_act
from app.inspections.models import Invite
from app.kernel.changes.events import Actor
from app.kernel.crypto import random_digits
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict


def new_code(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Minted:
    """Sends a new code for the same link, good for ten minutes.

    Raises Conflict when the invite is locked, redeemed, revoked or expired, or the inspection is over.
    """
    code = random_digits()
    values = {
        Invite.otp_hash: db.vault.otp_hash(invite.id, code),
        Invite.otp_expires_at: now + rules.OTP_LIFE,
        Invite.code_issue: Invite.code_issue + 1,
        Invite.tries: 0,
    }
    changed = update_invite(
        db,
        invite,
        values,
        Invite.revoked_at.is_(None),
        Invite.locked_at.is_(None),
        Invite.joined_at.is_(None),
        Invite.expires_at > now,
        Invite.otp_hash.is_not(None),
    )
    if changed:
        drop_unsent(db, invite, "A newer code was made.", now, link=False)
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    if not changed:
        rules.check_new_code(fresh, now)
        raise Conflict(CHANGED_MEANWHILE)
    locked = lock_live_inspection(db, fresh.inspection_id, now)
    rules.check_wrong_codes(queries.wrong_codes(db, fresh))
    seal_act(db, locked, "code.renewed", sealed(fresh), by=by, now=now)
    return send(db, events.CODE_RENEWED, fresh, None, code, by=by, now=now)
