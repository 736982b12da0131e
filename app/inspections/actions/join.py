"""The field user comes in: the link, the code, the pin, the consent.

`look` decides what can be decided by reading. `redeem` runs in a transaction of its own that is committed whatever the
answer is, because a wrong code must count although its answer is a refusal. The ladder and the printed bodies:
the Sessions API document, "Two-factor join"; docs/inspections.md.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from app.config import Config
from app.inspections import events, payloads, queries, rules
from app.inspections.actions._write import append, hold, in_status, take, tell
from app.inspections.models import Inspection, Invite, Status, WrongCodes
from app.inspections.rules import InviteState
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.crypto import same, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Gone

_v = Invite.__table__.c
_i = Inspection.__table__.c
_w = WrongCodes.__table__.c
ROUNDS = 4
"""How often a decision is taken again when somebody else changed the invite between reading and writing."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from: what a link is pinned to."""

    address: str | None
    agent: str
    request_id: str | None = None
    via: str = "api"

    @classmethod
    def of(cls, address: str | None, agent: str | None, request_id: str | None, via: str) -> Visitor:
        """A visitor from what a request says. The agent is any bytes; NUL goes, because PostgreSQL cannot keep it."""
        known = (agent or "").encode("latin-1", "replace").decode("utf-8", "replace").replace("\x00", "")
        return cls(address, known, request_id, via)

    @property
    def network(self) -> str:
        return rules.network_of(self.address)

    def actor(self, invite: Invite) -> Actor:
        name = invite.recipient_name or "Field user"
        return Actor("invitee", str(invite.id), name, invite.organization_id, self.via, self.request_id, self.address)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the join endpoint answers. `word` is the printed `detail`, empty when it succeeded."""

    status: int
    word: str
    body: Mapping[str, Any]
    invite: Invite | None = None


def _refused(status: int, word: str, invite: Invite | None = None, **members: Any) -> Outcome:
    return Outcome(status, word, {"detail": word, **members}, invite)


def field_token(config: Config, invite: Invite) -> str:
    """The field session's token: the same for every redemption of one link, unguessable without SECRET_KEY.

    Derived, so that two redemptions from the pinned browser do not log each other out while only a hash is kept.
    """
    said = f"field-session:{invite.id}:{invite.token_sha256}".encode()
    return "fst_" + hmac.new(config.secret_keys[0].encode(), said, hashlib.sha256).hexdigest()


def look(
    db: Db, inspection_id: uuid.UUID, token: str, *, code: str | None, visitor: Visitor, now: datetime
) -> Outcome | None:
    """What the ladder answers without writing anything; None when the next step has to write."""
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


def redeem(
    db: Db, inspection_id: uuid.UUID, token: str, *, code: str | None, visitor: Visitor, now: datetime
) -> Outcome:
    """Lets the field user in, or counts a wrong code. Never raises for what the ladder knows; the caller commits."""
    for _ in range(ROUNDS):
        outcome = look(db, inspection_id, token, code=code, visitor=visitor, now=now)
        if outcome is not None:
            return outcome
        invite = queries.invite_by_token(db, inspection_id, token)
        if invite is None:
            continue
        if invite.joined_at is not None:
            _renew_field_token(db, invite)
            continue
        taken = _count_try(db, invite, now)
        if taken is None:
            continue
        if invite.otp_required and not same(taken.otp_hash or "", db.vault.otp_hash(invite.id, code or "")):
            return _wrong(db, invite, taken.tries, visitor, now)
        return _let_in(db, invite, visitor, now)
    return _refused(409, "join_busy")


def _count_try(db: Db, invite: Invite, now: datetime) -> Any:
    """Takes the invite and counts the try before anything is compared; None when it is no longer to be had.

    Two hundred guesses at once are counted one by one here, and the sixth finds nothing to count.
    """
    conditions = [
        _v.id == invite.id,
        _v.token_sha256 == invite.token_sha256,
        _v.revoked_at.is_(None),
        _v.locked_at.is_(None),
        _v.joined_at.is_(None),
        _v.expires_at > now,
        _v.tries < rules.OTP_TRIES,
    ]
    if invite.otp_required:
        conditions.append(_v.otp_expires_at > now)
    step = 1 if invite.otp_required else 0
    statement = update(Invite.__table__).where(*conditions).values(tries=_v.tries + step)
    return db.execute(statement.returning(_v.tries, _v.otp_hash)).one_or_none()


def _wrong(db: Db, invite: Invite, tries: int, visitor: Visitor, now: datetime) -> Outcome:
    ever = _count_wrong_code(db, invite)
    left = min(rules.OTP_TRIES - tries, rules.WRONG_CODES - ever)
    by = visitor.actor(invite)
    inspection = db.get_one(Inspection, invite.inspection_id)
    if left > 0:
        tell(db, events.CODE_WRONG, inspection, by, now, {"invite": str(invite.id), "left": left})
        return _refused(401, "otp_invalid", invite, attempts_remaining=left)
    db.execute(update(Invite.__table__).where(_v.id == invite.id).values(locked_at=now))
    tell(db, events.INVITE_LOCKED, inspection, by, now, {"invite": str(invite.id), "wrong_codes": ever})
    return _refused(423, "otp_locked", invite)


def _count_wrong_code(db: Db, invite: Invite) -> int:
    """Adds one to the wrong codes of this recipient in this inspection; returns how many there are now."""
    key = sha256(rules.recipient_key(invite.recipient_email, invite.recipient_phone))
    make = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    statement = make(WrongCodes.__table__).values(inspection_id=invite.inspection_id, recipient=key, n=1)
    statement = statement.on_conflict_do_update(index_elements=["inspection_id", "recipient"], set_={"n": _w.n + 1})
    n: int = db.execute(statement.returning(_w.n)).scalar_one()
    return n


def _let_in(db: Db, invite: Invite, visitor: Visitor, now: datetime) -> Outcome:
    """Opens the session (the first to come), pins the link, seals the join. The invite is held by this transaction."""
    opened = take(
        db,
        invite.inspection_id,
        now,
        in_status(Status.CREATED),
        _i.expires_at > now,
        status=Status.OPEN.value,
        started_at=now,
        expires_on="",
    )
    taken = opened or take(db, invite.inspection_id, now, in_status(Status.OPEN, Status.RECORDING))
    if taken is None:
        return _refused(410, "session_ended", invite)
    token = field_token(db.config, invite)
    values = {
        "tries": _v.tries - (1 if invite.otp_required else 0),
        "joined_at": now,
        "opened_at": invite.opened_at or now,
        "pin_network": visitor.network,
        "pin_agent": visitor.agent,
        "field_token_sha256": sha256(token),
    }
    db.execute(update(Invite.__table__).where(_v.id == invite.id).values(**values))
    payload = {"participant": str(invite.id), "role": invite.role, "code": invite.otp_required}
    append(db, taken, [("participant.joined", payload)], now)
    data = {"invite": str(invite.id), "opened": opened is not None}
    tell(db, events.JOINED, taken, visitor.actor(invite), now, data)
    inspection = queries.get(db, invite.inspection_id)
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    return Outcome(200, "", payloads.joined(inspection, fresh, token, db.config, now), fresh)


def _renew_field_token(db: Db, invite: Invite) -> None:
    """After SECRET_KEY changed, the pinned browser gets a new token under the new key."""
    given = sha256(field_token(db.config, invite))
    mine = (_v.id == invite.id, _v.issue == invite.issue, _v.joined_at.is_not(None), _v.revoked_at.is_(None))
    db.execute(update(Invite.__table__).where(*mine).values(field_token_sha256=given))


def see_invite(db: Db, invite: Invite, *, visitor: Visitor, now: datetime) -> None:
    """The mailed page was fetched for the first time, by a person or by a mail scanner: nobody can tell."""
    _first_time(db, invite, "seen_at", events.INVITE_SEEN, visitor, now)


def open_invite(db: Db, invite: Invite, *, visitor: Visitor, now: datetime) -> None:
    """Somebody pressed Continue on the mailed page: a person."""
    _first_time(db, invite, "opened_at", events.INVITE_OPENED, visitor, now)


def _first_time(db: Db, invite: Invite, column: str, event_type: EventType, visitor: Visitor, now: datetime) -> None:
    first = db.execute(
        update(Invite.__table__)
        .where(_v.id == invite.id, _v.issue == invite.issue, _v[column].is_(None))
        .values({column: now})
        .returning(_v.id)
    ).one_or_none()
    if first is not None:
        inspection = db.get_one(Inspection, invite.inspection_id)
        data = {"invite": str(invite.id), "agent": visitor.agent[:200]}
        tell(db, event_type, inspection, visitor.actor(invite), now, data)


CONSENTS = ("camera", "gps")
ANSWERS = ("granted", "denied")


def consent(db: Db, invite: Invite, answers: Mapping[str, str], *, visitor: Visitor, now: datetime) -> Inspection:
    """Stores and seals what the field user allows. `answers`: camera and gps → granted or denied.

    Saying the same again changes nothing. Raises Gone when the session is over, Conflict for unknown words.
    """
    if any(subject not in CONSENTS or answer not in ANSWERS for subject, answer in answers.items()):
        raise Conflict("Consent is granted or denied, for the camera and for the place. Nothing was saved.")
    here = in_status(Status.OPEN, Status.RECORDING)
    held = hold(db, invite.inspection_id, here)
    if held is None:
        raise Gone("This inspection has ended. Your answer was not saved, and nothing more is asked of you.")
    known = dict(held.consent_state)
    changed = {subject: answer for subject, answer in answers.items() if known.get(subject) != answer}
    if changed:
        chain_events = [
            ("consent.given", {"participant": str(invite.id), "subject": subject, "answer": answer})
            for subject, answer in sorted(changed.items())
        ]
        taken = take(db, invite.inspection_id, now, here, consent_state={**known, **changed})
        append(db, taken or held, chain_events, now)
        data = {"invite": str(invite.id), **changed}
        tell(db, events.CONSENT_GIVEN, held, visitor.actor(invite), now, data)
    return queries.get(db, invite.inspection_id)
