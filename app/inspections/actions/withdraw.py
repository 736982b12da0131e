"""Taking back what a field user allowed, also once the inspection is over."""

from datetime import datetime

from sqlalchemy import update

from app.inspections import emails, events, queries, rules
from app.inspections.actions._anchoring import stamp
from app.inspections.actions._visitor import Visitor
from app.inspections.actions._write import append_to_chain, record, update_where
from app.inspections.actions.consent import Wording, consent, store
from app.inspections.models import Inspection, Invite, StatementKind, Status
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db


def withdraw(db: Db, invite: Invite, subject: str, wording: Wording, *, visitor: Visitor, now: datetime) -> bool:
    """Seals that a field user allows something no longer; returns whether they did. `wording` is what they pressed.

    After the end the record grows by that event, which is stamped; the operator is mailed, since nobody looks at the
    page any more. What was captured before stays: erasing it is another act.
    """
    id = invite.inspection_id
    locked = update_where(db, [Inspection.id == id], {Inspection.version: Inspection.version})  # locks it
    assert locked is not None, "an invite has an inspection"
    if queries.consents(db, id).get(invite.id, {}).get(subject) != "granted":
        return False
    inspection = queries.get(db, id)
    if inspection.status != Status.CLOSED:
        consent(db, invite, {subject: "denied"}, {subject: wording}, visitor=visitor, now=now)
        return True
    store(db, invite, subject, "denied", wording, now)
    state = rules.worst_answers(queries.consents(db, id).values())
    changed: Values = {Inspection.consent_state: state, Inspection.version: Inspection.version + 1}
    db.execute(update(Inspection).where(Inspection.id == id).values(dict(changed)))
    sealed = {
        "participant": str(invite.id),
        "subject": subject,
        "answer": "denied",
        "wording": wording.sha256,
        "locale": wording.locale,
    }
    append_to_chain(db, locked, [("consent.withdrawn", sealed)], now)
    inspection = queries.get(db, id)
    if db.config.tsa_urls:
        stamp(db, inspection, StatementKind.ADDITION, now)
    messages = emails.withdrawn(db, inspection, invite, subject)
    data = {"invite": str(invite.id), subject: "denied"}
    record(db, events.CONSENT_WITHDRAWN, inspection, by=visitor.actor(invite), now=now, data=data, messages=messages)
    return True
