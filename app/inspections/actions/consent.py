"""Answering what the field user allows, and withdrawing it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert

from app.inspections import events, queries, rules
from app.inspections.actions._anchoring import checkpoint
from app.inspections.actions._visitor import Visitor
from app.inspections.actions._write import (
    LockedInspection,
    SealedEvent,
    append_to_chain,
    lock,
    record,
    seal_act,
    try_write,
)
from app.inspections.models import Consent, ConsentWording, Inspection, Invite, Status
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict, Gone


class Wording(NamedTuple):
    """The words in which a subject was asked about, and their language."""

    text: str
    locale: str

    @property
    def sha256(self) -> str:
        """How the chain and every answer name the words."""
        return sha256(self.text)


def consent(
    db: Db,
    invite: Invite,
    answers: Mapping[str, str],
    wordings: Mapping[str, Wording],
    *,
    visitor: Visitor,
    now: datetime,
) -> Inspection:
    """Stores and seals what this field user allows. `answers`: subject → granted or denied; `wordings` are the words in
    which each was asked.

    The same answers again change nothing. An answer taken back is a withdrawal, and ends a recording that it allowed.
    Raises Gone when the inspection is over, Conflict for unknown answers and for what the inspection does not use.
    """
    if invite.role != rules.FIELD:
        raise Conflict("Who looks on is asked for nothing. Nothing was saved.")
    locked = lock(db, invite.inspection_id, rules.JOINED_STATES, now=now)
    if locked is None:
        raise Gone("This inspection has ended. Your answer was not saved, and nothing more is asked of you.")
    rules.check_answer(queries.get(db, invite.inspection_id), answers)
    known = queries.consents(db, invite.inspection_id).get(invite.id, {})
    changed = {subject: answer for subject, answer in sorted(answers.items()) if known.get(subject) != answer}
    if not changed:
        return queries.get(db, invite.inspection_id)
    for subject, answer in changed.items():
        store(db, invite, subject, answer, wordings[subject], now)
    locked = settle_consent(db, invite.inspection_id, now) or locked
    withdrawn = {subject: answer for subject, answer in changed.items() if known.get(subject) == "granted"}
    sealed: list[SealedEvent] = [
        (
            "consent.withdrawn" if subject in withdrawn else "consent.given",
            {
                "participant": str(invite.id),
                "subject": subject,
                "answer": answer,
                "wording": wordings[subject].sha256,
                "locale": wordings[subject].locale,
            },
        )
        for subject, answer in changed.items()
    ]
    by = visitor.actor(invite)
    append_to_chain(db, locked, sealed, now)
    given = {subject: answer for subject, answer in changed.items() if subject not in withdrawn}
    for event_type, which in ((events.CONSENT_GIVEN, given), (events.CONSENT_WITHDRAWN, withdrawn)):
        if which:
            record(db, event_type, locked, by=by, now=now, data={"invite": str(invite.id), **which})
    if answers.get("recording") == "denied":
        stop_without_consent(db, invite, "withdrawn", by=by, now=now)
    return queries.get(db, invite.inspection_id)


def settle_consent(db: Db, inspection_id: uuid.UUID, now: datetime) -> LockedInspection | None:
    """Makes `consent_state` anew from what the field users who are in have answered; None when it is over."""
    locked = lock(db, inspection_id, rules.JOINED_STATES, now=now)
    state = rules.worst_answers(queries.consents(db, inspection_id).values())
    if locked is None or locked.consent_state == state:
        return locked
    return try_write(db, inspection_id, rules.JOINED_STATES, {Inspection.consent_state: state}, now=now)


def stop_without_consent(db: Db, invite: Invite, because: str, *, by: Actor, now: datetime) -> None:
    """Ends a recording that this field user has not agreed to: they have withdrawn, or have joined just now."""
    values: Values = {Inspection.status: Status.OPEN.value}
    stopped = try_write(db, invite.inspection_id, rules.source_states("stop_recording"), values, now=now)
    if stopped is not None:
        seal_act(db, stopped, "recording.stopped", {"because": because}, by=by, now=now)
        data = {"invite": str(invite.id), "because": because}
        record(db, events.RECORDING_STOPPED, stopped, by=by, now=now, data=data)
        checkpoint(db, invite.inspection_id, now)


def store(db: Db, invite: Invite, subject: str, answer: str, wording: Wording, now: datetime) -> None:
    """Keeps an answer, with the words in which it was asked for."""
    words = {"sha256": wording.sha256, "locale": wording.locale, "text": wording.text, "created_at": now}
    db.execute(insert_or_ignore(db, ConsentWording).values(words))
    values: Values = {
        Consent.inspection_id: invite.inspection_id,
        Consent.invite_id: invite.id,
        Consent.issue: invite.issue,
        Consent.subject: subject,
        Consent.answer: answer,
        Consent.wording_sha256: wording.sha256,
        Consent.locale: wording.locale,
        Consent.answered_at: now,
    }
    db.execute(insert(Consent).values(dict(values)))
