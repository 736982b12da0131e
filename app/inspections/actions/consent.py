"""Answering what the field user allows."""

from collections.abc import Mapping
from datetime import datetime

from app.inspections import events, queries, rules
from app.inspections.actions._visitor import Visitor
from app.inspections.actions._write import append_to_chain, lock, record, try_write
from app.inspections.models import Inspection, Invite
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Gone

SUBJECTS = ("camera", "gps")
ANSWERS = ("granted", "denied")


def consent(db: Db, invite: Invite, answers: Mapping[str, str], *, visitor: Visitor, now: datetime) -> Inspection:
    """Stores and seals what the field user allows. `answers`: camera and gps → granted or denied.

    The same answers again change nothing. Raises Gone when the inspection is over, Conflict for unknown answers.
    """
    if any(subject not in SUBJECTS or answer not in ANSWERS for subject, answer in answers.items()):
        raise Conflict("Consent is granted or denied, for the camera and for the place. Nothing was saved.")
    locked = lock(db, invite.inspection_id, rules.JOINED_STATES, now=now)
    if locked is None:
        raise Gone("This inspection has ended. Your answer was not saved, and nothing more is asked of you.")
    known = dict(locked.consent_state)
    changed = {subject: answer for subject, answer in answers.items() if known.get(subject) != answer}
    if changed:
        values = {Inspection.consent_state: {**known, **changed}}
        written = try_write(db, invite.inspection_id, rules.JOINED_STATES, values, now=now)
        sealed = [
            ("consent.given", {"participant": str(invite.id), "subject": subject, "answer": answer})
            for subject, answer in sorted(changed.items())
        ]
        append_to_chain(db, written or locked, sealed, now)
        data = {"invite": str(invite.id), **changed}
        record(db, events.CONSENT_GIVEN, locked, by=visitor.actor(invite), now=now, data=data)
    return queries.get(db, invite.inspection_id)
