"""Issuing a new link and code for an invite."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from app.inspections import events, queries, rules
from app.inspections.actions._invites import (
    CHANGED_MEANWHILE,
    Minted,
    check_sending,
    drop_unsent,
    lock_live_inspection,
    sealed,
    send,
    update_invite,
)
from app.inspections.actions._write import seal_act
from app.inspections.actions.consent import settle_consent
from app.inspections.actions.join import field_token
from app.inspections.models import Invite, ReplacedLink
from app.kernel.changes.events import Actor
from app.kernel.crypto import random_digits, random_token, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict


def reissue(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Minted:
    """Sends a new link and code to the same recipient. The old ones and the field session that they opened end at once.

    Raises Conflict when the invite was revoked, the inspection is over, or all wrong codes are used up.
    """
    token = random_token(24, "tok_")
    code = random_digits() if invite.otp_required else None
    values = {
        Invite.issue: Invite.issue + 1,
        Invite.code_issue: Invite.code_issue + 1,
        Invite.token_sha256: sha256(token),
        Invite.field_token_sha256: None,
        Invite.otp_hash: db.vault.otp_hash(invite.id, code) if code else None,
        Invite.otp_expires_at: now + rules.OTP_LIFE if code else None,
        Invite.tries: 0,
        Invite.locked_at: None,
        Invite.seen_at: None,
        Invite.opened_at: None,
        Invite.joined_at: None,
        Invite.pin_network: None,
        Invite.pin_agent: None,
        Invite.expires_at: now + timedelta(minutes=invite.ttl_minutes),
    }
    changed = update_invite(db, invite, values, Invite.revoked_at.is_(None))
    if changed:
        # Derived where it is not known: a phone may have joined since the invite was read.
        field_hash = invite.field_token_sha256 or sha256(field_token(db.config, invite))
        replaced = {"token_sha256": invite.token_sha256, "field_token_sha256": field_hash}
        db.execute(insert(ReplacedLink).values(invite_id=invite.id, replaced_at=now, **replaced))
        drop_unsent(db, invite, "A newer link and code were made.", now)
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    wrong_codes = queries.wrong_codes(db, fresh)
    if not changed:
        rules.check_reissue(fresh, wrong_codes)
        raise Conflict(CHANGED_MEANWHILE)
    locked = lock_live_inspection(db, fresh.inspection_id, now)
    settle_consent(db, fresh.inspection_id, now)
    rules.check_reissue(fresh, wrong_codes)
    check_sending(db, fresh, now)
    seal_act(db, locked, "invite.reissued", sealed(fresh), by=by, now=now)
    return send(db, events.INVITE_REISSUED, fresh, token, code, by=by, now=now)
