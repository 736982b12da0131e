"""The snapshot of a decision: what it was made upon, written in its transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert

from app.kernel.changes.events import Actor, person_of
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.outbox.outbox import Message
from app.prescreens.models import DecisionSnapshot, Prescreen
from app.prescreens.queries import first_looks
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import snapshots
from app.prescreens.rules.reasons import Grounds, Mirror

_INSERT: Prepared[object] = Prepared(insert(DecisionSnapshot.__table__).inline())


def take_snapshot(
    db: Db,
    reviewed: Prescreen,
    questionnaire: QuestionnaireDetail,
    messages: Sequence[Message],
    grounds: Grounds,
    mirror: Mirror | None,
    *,
    by: Actor,
    pressed_at: datetime,
) -> str:
    """Writes the snapshot of the decision that was just written, and returns its digest, for the event."""
    questions, submission = questionnaire.questions, reviewed.submission
    criteria = snapshots.criteria(questions)
    facts: dict[str, object] = {
        "decision": reviewed.review_status,
        "via": by.via,
        "decided_by": reviewed.reviewed_by,
        # The one that was read: writing the decision made the next one.
        "version": reviewed.version - 1,
        "template_version": reviewed.template_version,
        "answers_hash": snapshots.digest(submission),
        "criteria_hash": snapshots.digest(criteria),
        "email_hash": fingerprint(messages),
        "met": snapshots.met(questions, submission),
        "reasons": [reason.stored() for reason in grounds.reasons],
        "why": grounds.why,
        "alike": [mirror.approved, mirror.denied] if mirror else None,
    }
    person_id = person_of(by)
    looked = first_looks.choice(db, reviewed.id, person_id) if reviewed.blind and person_id else None
    if looked is not None:
        facts["first_choice"] = looked.choice
    moments = {"seen_at": grounds.seen_at, "pressed_at": pressed_at, "decided_at": reviewed.reviewed_at}
    whose = {"prescreen_id": reviewed.id, "organization_id": reviewed.organization_id, "person_id": person_id}
    _INSERT.run(db, {**whose, **facts, **moments})
    written = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
    return snapshots.digest({**facts, **written})
