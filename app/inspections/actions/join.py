"""Joining: the field user redeems the link, with the code where one is needed.

The steps and the printed bodies: the Sessions API document, "Two-factor join"; docs/inspections.md.
"""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from app.config import Config
from app.inspections import events, payloads, people, queries, rules
from app.inspections.actions._anchoring import checkpoint
from app.inspections.actions._invites import sealed
from app.inspections.actions._visitor import Visitor
from app.inspections.actions._write import append_to_chain, keep_record, lock, record, try_write
from app.inspections.actions.consent import stop_without_consent
from app.inspections.models import Inspection, Invite, Status, WrongCodes
from app.inspections.rules import InviteState
from app.kernel.crypto import same, sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject

ROUNDS = 4
"""How often a decision is made again when another request changed the invite between reading and writing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of the join endpoint. `reason` is the printed `detail`, empty when the field user joined.

    `body` is JSON, hence `Any`.
    """

    status: int
    reason: str
    body: JsonObject
    invite: Invite | None = None


def _refused(status: int, reason: str, invite: Invite | None = None, **members: object) -> Outcome:
    return Outcome(status, reason, {"detail": reason, **members}, invite)


def field_token(config: Config, invite: Invite) -> str:
    """The token of the field session: the same for every redemption of one link, unguessable without SECRET_KEY.

    It is derived, so that two redemptions from the pinned browser do not log each other out while only a hash is kept.
    """
    text = f"field-session:{invite.id}:{invite.token_sha256}".encode()
    return "fst_" + hmac.new(config.secret_keys[0].encode(), text, hashlib.sha256).hexdigest()


def join_outcome(
    db: Db, inspection_id: uuid.UUID, token: str, *, code: str | None, visitor: Visitor, now: datetime
) -> Outcome | None:
    """The outcome that reading alone decides; None when joining has to write."""
    invite = queries.invite_by_token(db, inspection_id, token)
    if invite is None:
        return _refused(404, "not_found")
    inspection = queries.get(db, inspection_id)
    status = rules.status_of(inspection, now)
    if status in (Status.CLOSED, Status.EXPIRED):
        return _refused(410, "session_ended" if status == Status.CLOSED else "session_expired", invite)
    state = rules.invite_state(invite, now)
    if state in (InviteState.REVOKED, InviteState.EXPIRED):
        return _refused(410, f"join_{state}", invite)
    if state == InviteState.LOCKED:
        return _refused(423, "otp_locked", invite)
    if state == InviteState.JOINED:
        if (invite.pin_network, invite.pin_agent) != (visitor.network, visitor.agent):
            return _refused(403, "join_pinned", invite)
        given = field_token(db.config, invite)
        if invite.field_token_sha256 != sha256(given):
            return None
        return Outcome(200, "", payloads.joined(inspection, invite, given, db.config, now), invite)
    if invite.otp_required:
        if invite.otp_expires_at is None or invite.otp_expires_at <= now:
            return _refused(401, "otp_expired", invite)
        if code is None:
            return Outcome(401, "otp_required", payloads.otp_required(invite), invite)
    return None


def join(db: Db, inspection_id: uuid.UUID, token: str, *, code: str | None, visitor: Visitor, now: datetime) -> Outcome:
    """Lets the field user in, or counts a wrong code.

    It never raises for an outcome that the document names. The caller commits a transaction of its own whatever the
    outcome is, because a wrong code must count although its answer is a refusal.
    """
    for _ in range(ROUNDS):
        outcome = join_outcome(db, inspection_id, token, code=code, visitor=visitor, now=now)
        if outcome is not None:
            return outcome
        invite = queries.invite_by_token(db, inspection_id, token)
        if invite is None:
            continue
        if invite.joined_at is not None:
            _renew_field_token(db, invite)
            continue
        counted = _count_try(db, invite, now)
        if counted is None:
            continue
        tries, otp_hash = counted
        if invite.otp_required and not same(otp_hash or "", db.vault.otp_hash(invite.id, code or "")):
            return _wrong_code(db, invite, tries, visitor, now)
        return _let_in(db, invite, visitor, now)
    return _refused(409, "join_busy")


@cache
def _trying(coded: bool) -> Prepared[tuple[int, str | None]]:
    now = bindparam("now", type_=Invite.expires_at.type)
    return Prepared(
        update(Invite.__table__)
        .where(
            Invite.id == bindparam("wanted"),
            Invite.token_sha256 == bindparam("hashed"),
            Invite.revoked_at.is_(None),
            Invite.locked_at.is_(None),
            Invite.joined_at.is_(None),
            Invite.expires_at > now,
            Invite.tries < rules.OTP_TRIES,
            *([Invite.otp_expires_at > now] if coded else []),
        )
        .values(tries=Invite.tries + (1 if coded else 0))
        .returning(Invite.tries, Invite.otp_hash)
    )


def _count_try(db: Db, invite: Invite, now: datetime) -> tuple[int, str | None] | None:
    """Locks the invite and counts the try before the code is compared; None when it can no longer be redeemed.

    Two hundred guesses at once are counted one by one here, and the sixth matches no row.
    """
    given = {"wanted": invite.id, "hashed": invite.token_sha256, "now": now}
    return _trying(invite.otp_required).first(db, given)


def _wrong_code(db: Db, invite: Invite, tries: int, visitor: Visitor, now: datetime) -> Outcome:
    ever = _count_wrong_code(db, invite)
    left = min(rules.OTP_TRIES - tries, rules.WRONG_CODES - ever)
    by = visitor.actor(invite)
    inspection = db.get_one(Inspection, invite.inspection_id)
    if left > 0:
        record(db, events.CODE_WRONG, inspection, by=by, now=now, data={"invite": str(invite.id), "left": left})
        return _refused(401, "otp_invalid", invite, attempts_remaining=left)
    db.execute(update(Invite).where(Invite.id == invite.id).values({Invite.locked_at: now}))
    if locked := lock(db, invite.inspection_id, rules.LIVE_STATES, now=now):
        append_to_chain(db, locked, [("invite.locked", {**sealed(invite), "wrong_codes": ever})], now)
    data = {"invite": str(invite.id), "wrong_codes": ever}
    record(db, events.INVITE_LOCKED, inspection, by=by, now=now, data=data)
    return _refused(423, "otp_locked", invite)


def _count_wrong_code(db: Db, invite: Invite) -> int:
    """Adds one to the wrong codes of this recipient in this inspection; returns how many there are now."""
    recipient = sha256(rules.recipient_key(invite.recipient_email, invite.recipient_phone_key))
    insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    statement = insert(WrongCodes).values(inspection_id=invite.inspection_id, recipient=recipient, n=1)
    statement = statement.on_conflict_do_update(
        index_elements=[WrongCodes.inspection_id, WrongCodes.recipient], set_={WrongCodes.n: WrongCodes.n + 1}
    )
    return db.execute(statement.returning(WrongCodes.n)).scalar_one()


def _let_in(db: Db, invite: Invite, visitor: Visitor, now: datetime) -> Outcome:
    """Opens the inspection for the first to join, pins the link, seals the join. The invite is locked already."""
    opening: Values = {
        Inspection.status: Status.OPEN.value,
        Inspection.started_at: now,
        Inspection.expires_on: "",
    }
    opened = try_write(db, invite.inspection_id, rules.source_states("join"), opening, now=now)
    inspection = opened or try_write(db, invite.inspection_id, rules.JOINED_STATES, {}, now=now)
    if inspection is None:
        return _refused(410, "session_ended", invite)
    token = field_token(db.config, invite)
    values: Values = {
        Invite.tries: Invite.tries - (1 if invite.otp_required else 0),
        Invite.joined_at: now,
        Invite.opened_at: invite.opened_at or now,
        Invite.pin_network: visitor.network,
        Invite.pin_agent: visitor.agent,
        Invite.field_token_sha256: sha256(token),
    }
    db.execute(update(Invite).where(Invite.id == invite.id).values(dict(values)))
    kept = keep_record(db, invite, people.record_of(invite, visitor.address, visitor.agent), now)
    payload = {**sealed(invite), "role": invite.role, "record": kept}
    append_to_chain(db, inspection, [("participant.joined", payload)], now)
    data = {"invite": str(invite.id), "opened": opened is not None}
    record(db, events.JOINED, inspection, by=visitor.actor(invite), now=now, data=data)
    if opened is not None:
        checkpoint(db, invite.inspection_id, now)
    if invite.role == rules.FIELD:
        stop_without_consent(db, invite, "joined", by=visitor.actor(invite), now=now)
    current = queries.get(db, invite.inspection_id)
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    return Outcome(200, "", payloads.joined(current, fresh, token, db.config, now), fresh)


def _renew_field_token(db: Db, invite: Invite) -> None:
    """After SECRET_KEY changed, gives the pinned browser a new token under the new key."""
    token_hash = sha256(field_token(db.config, invite))
    joined = (Invite.id == invite.id, Invite.issue == invite.issue, Invite.joined_at.is_not(None))
    unrevoked = Invite.revoked_at.is_(None)
    db.execute(update(Invite).where(*joined, unrevoked).values({Invite.field_token_sha256: token_hash}))
