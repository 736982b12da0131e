"""Inviting a field user."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import insert

from app.accounts.models import Organization
from app.inspections import events, people, queries, rules
from app.inspections.actions._invites import Minted, check_sending, sealed, send
from app.inspections.actions._write import CHANGED_MEANWHILE, keep_record, lock, seal_act
from app.inspections.models import Invite
from app.inspections.queries import search
from app.kernel.changes.events import Actor
from app.kernel.crypto import random_digits, random_token, sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.errors import Outdated
from app.kernel.text.normalization import telephone_key


def invite(
    db: Db,
    inspection_id: uuid.UUID,
    *,
    by: Actor,
    now: datetime,
    recipient_first_name: str = "",
    recipient_last_name: str = "",
    recipient_email: str = "",
    recipient_phone: str = "",
    send_email: bool = True,
    ttl_minutes: int = rules.TTL_MINUTES_DEFAULT,
    role: str = rules.FIELD,
) -> Minted:
    """Mints an invite and sends its link and code. Without an address the link alone is enough (face to face).

    Raises Conflict when the inspection is over, or this recipient has used up all wrong codes.
    """
    inspection = lock(db, inspection_id, rules.LIVE_STATES, now=now)
    if inspection is None:
        rules.check_invite(queries.get(db, inspection_id), now)
        raise Outdated(CHANGED_MEANWHILE)
    id, token = uuid.uuid4(), random_token(24, "tok_")
    code = random_digits() if recipient_email or recipient_phone else None
    values: Values = {
        Invite.id: id,
        Invite.inspection_id: inspection_id,
        Invite.organization_id: inspection.organization_id,
        Invite.role: role,
        Invite.recipient_first_name: recipient_first_name,
        Invite.recipient_last_name: recipient_last_name,
        Invite.recipient_email: recipient_email,
        Invite.recipient_phone: recipient_phone,
        Invite.recipient_phone_key: _key(db, inspection.organization_id, recipient_phone),
        Invite.send_email: send_email,
        Invite.issue: 1,
        Invite.code_issue: 1,
        Invite.token_sha256: sha256(token),
        Invite.otp_hash: db.vault.otp_hash(id, code) if code else None,
        Invite.otp_expires_at: now + rules.OTP_LIFE if code else None,
        Invite.tries: 0,
        Invite.ttl_minutes: ttl_minutes,
        Invite.expires_at: now + timedelta(minutes=ttl_minutes),
        Invite.created_at: now,
    }
    minted = Invite(**{attribute.key: value for attribute, value in values.items()})
    rules.check_wrong_codes(queries.wrong_codes(db, minted))
    check_sending(db, minted, now)
    db.execute(insert(Invite).values(dict(values)))
    search.keep(db, inspection_id)
    kept = keep_record(db, minted, people.record_of(minted), now)
    seal_act(db, inspection, "invite.minted", {**sealed(minted), "role": role, "record": kept}, by=by, now=now)
    return send(db, events.INVITED, minted, token, code, by=by, now=now)


def _key(db: Db, organization_id: int, phone: str) -> str | None:
    return telephone_key(phone, db.get_one(Organization, organization_id).region) if phone else None
