"""Letting somebody in: minting an invite, a new code, a new link, taking it back.

Link and code leave the house in two messages (the Sessions API document, "Two-factor join"). In the database both
are hashes only; the messages that carry them are encrypted and blanked once sent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from app.accounts.models import Organization
from app.inspections import emails, events, payloads, queries, rules
from app.inspections.actions._write import hold, live, tell
from app.inspections.models import Inspection, Invite
from app.inspections.queries import search
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.crypto import random_digits, random_token, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import Message

_v = Invite.__table__.c


@dataclass(frozen=True, slots=True)
class Minted:
    """An invite and its secrets, which are known only now. `join_url` is None after a mere new code."""

    invite: Invite
    join_url: str | None
    otp_code: str | None


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
) -> Minted:
    """Mints an invite and sends its link and code. Without an address the link alone lets in (face to face).

    Raises Conflict when the inspection is over, or this recipient has used up all wrong codes.
    """
    held = hold(db, inspection_id, live(now))
    if held is None:
        rules.check_invite(queries.get(db, inspection_id), now)
    id, token = uuid.uuid4(), random_token(24, "tok_")
    code = random_digits() if recipient_email or recipient_phone else None
    values: dict[str, Any] = {
        "id": id,
        "inspection_id": inspection_id,
        "organization_id": held.organization_id if held else None,
        "role": "field",
        "recipient_first_name": recipient_first_name,
        "recipient_last_name": recipient_last_name,
        "recipient_email": recipient_email,
        "recipient_phone": recipient_phone,
        "send_email": send_email,
        "issue": 1,
        "code_issue": 1,
        "token_sha256": sha256(token),
        "otp_hash": db.vault.otp_hash(id, code) if code else None,
        "otp_expires_at": now + rules.OTP_LIFE if code else None,
        "tries": 0,
        "ttl_minutes": ttl_minutes,
        "expires_at": now + timedelta(minutes=ttl_minutes),
        "created_at": now,
    }
    minted = Invite(**values)
    rules.check_wrong_codes(queries.wrong_codes(db, minted))
    db.execute(insert(Invite.__table__), values)
    search.keep(db, inspection_id)
    return _send(db, events.INVITED, minted, token, code, by, now)


def new_code(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Minted:
    """A fresh code for the same link, good for ten minutes. Raises Conflict once it is locked, redeemed or over."""
    code = random_digits()
    values = {
        "otp_hash": db.vault.otp_hash(invite.id, code),
        "otp_expires_at": now + rules.OTP_LIFE,
        "code_issue": _v.code_issue + 1,
        "tries": 0,
    }
    usable = (_v.revoked_at.is_(None), _v.locked_at.is_(None), _v.joined_at.is_(None), _v.expires_at > now)
    changed = _change(db, invite, values, *usable, _v.otp_hash.is_not(None))
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    if not changed:
        rules.check_new_code(fresh, now)
        raise Conflict("Somebody else has just issued a new link or code for this invite.")
    _check_live(db, fresh, now)
    rules.check_wrong_codes(queries.wrong_codes(db, fresh))
    return _send(db, events.CODE_RENEWED, fresh, None, code, by, now)


def reissue(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Minted:
    """A new link and code for the same person. The old ones are dead at once, and so is a field session they opened.

    Raises Conflict when it was revoked, the inspection is over, or all wrong codes are used up.
    """
    token = random_token(24, "tok_")
    code = random_digits() if invite.otp_required else None
    values = {
        "issue": _v.issue + 1,
        "code_issue": _v.code_issue + 1,
        "token_sha256": sha256(token),
        "field_token_sha256": None,
        "otp_hash": db.vault.otp_hash(invite.id, code) if code else None,
        "otp_expires_at": now + rules.OTP_LIFE if code else None,
        "tries": 0,
        "locked_at": None,
        "seen_at": None,
        "opened_at": None,
        "joined_at": None,
        "pin_network": None,
        "pin_agent": None,
        "expires_at": now + timedelta(minutes=invite.ttl_minutes),
    }
    changed = _change(db, invite, values, _v.revoked_at.is_(None))
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    wrong = queries.wrong_codes(db, fresh)
    if not changed:
        rules.check_reissue(fresh, wrong)
        raise Conflict("Somebody else has just issued a new link or code for this invite.")
    _check_live(db, fresh, now)
    rules.check_reissue(fresh, wrong)
    return _send(db, events.INVITE_REISSUED, fresh, token, code, by, now)


def revoke(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Invite:
    """Takes an invite back: link, code and field session are dead. Raises Conflict when it already was."""
    changed = db.execute(
        update(Invite.__table__)
        .where(_v.id == invite.id, _v.revoked_at.is_(None))
        .values(revoked_at=now, field_token_sha256=None)
        .returning(_v.id)
    ).one_or_none()
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    if changed is None:
        rules.check_revoke(fresh)
    inspection = db.get_one(Inspection, fresh.inspection_id)
    tell(db, events.INVITE_REVOKED, inspection, by, now, _about(fresh))
    return fresh


def _change(db: Db, invite: Invite, values: dict[str, Any], *conditions: Any) -> bool:
    """One conditional UPDATE; the link and code it was decided on must still be the current ones."""
    mine = (_v.id == invite.id, _v.issue == invite.issue, _v.code_issue == invite.code_issue)
    statement = update(Invite.__table__).where(*mine, *conditions).values(**values)
    return db.execute(statement.returning(_v.id)).one_or_none() is not None


def _check_live(db: Db, invite: Invite, now: datetime) -> None:
    # The invite is taken before the inspection, as joining does, so that the two never wait for each other in a ring.
    if hold(db, invite.inspection_id, live(now)) is None:
        rules.check_invite(queries.get(db, invite.inspection_id), now)


def _send(
    db: Db, event_type: EventType, invite: Invite, token: str | None, code: str | None, by: Actor, now: datetime
) -> Minted:
    """Writes history and the messages; returns the secrets, which are known only here."""
    inspection = queries.get(db, invite.inspection_id)
    o = Organization.__table__.c
    organization = db.execute(select(o.name, o.time_zone).where(o.id == inspection.organization_id)).one()
    url = payloads.join_url(db.config.public_base_url, inspection.id, token) if token else None
    messages: list[Message] = []
    if url and invite.send_email:
        messages += emails.invitation(db, inspection, invite, organization, url)
    if code:
        messages += emails.code(db, inspection, invite, organization, code)
    tell(db, event_type, inspection, by, now, _about(invite), messages)
    return Minted(invite, url, code)


def _about(invite: Invite) -> dict[str, Any]:
    return {
        "invite": str(invite.id),
        "recipient": invite.recipient_name,
        "email": rules.hint_email(invite.recipient_email),
        "phone": rules.hint_phone(invite.recipient_phone),
        "otp": invite.otp_required,
    }
