"""The final write of a review, shared by approve, deny and finalize: one conditional UPDATE."""

from dataclasses import astuple
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.dashboard.undo import actions as undo
from app.dashboard.undo import presentation as undo_presentation
from app.dashboard.undo import queries as undo_queries
from app.dashboard.undo.models import Decision, PendingDecision
from app.kernel.changes.events import Actor, is_own_act, person_of
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Conflict, NotFound, Outdated
from app.kernel.json_types import JsonObject
from app.prescreens import emails, events
from app.prescreens.actions._snapshot import take_snapshot
from app.prescreens.actions._write import record
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Prescreen, ReviewStatus, Status
from app.prescreens.queries import alike, questionnaires, reasons
from app.prescreens.queries.stages import Reach, whose
from app.prescreens.rules import review
from app.prescreens.rules.reasons import Grounds, Mirror, check_grounds


class Explanation(NamedTuple):
    """What a user said with a decision on a page, and how those alike were decided then."""

    grounds: Grounds
    mirror: Mirror | None

    @classmethod
    def read(cls, payload: JsonObject) -> "Explanation | None":
        """As a pending decision keeps it; None for one of an earlier version."""
        grounds = Grounds.read(payload.get("grounds"))
        mirror = payload.get("alike")
        return cls(grounds, Mirror(*mirror) if mirror else None) if grounds else None

    def stored(self) -> JsonObject:
        return {"grounds": self.grounds.stored(), "alike": list(astuple(self.mirror)) if self.mirror else None}


PENDING = ReviewStatus.PENDING.value
STALE = "This changed while you were reading it. Nothing was decided. Read it once more and try again."
EVENTS = {"approved": events.APPROVED, "denied": events.DENIED}
_NO_PENDING_DECISION = UUID(int=0)


def write_review(
    db: Db,
    prescreen_id: UUID,
    verb: str,
    notes: str | None,
    *,
    reach: Reach,
    by: Actor,
    now: datetime,
    version: int | None = None,
    pending: Decision | None = None,
    explanation: Explanation | None = None,
) -> Prescreen:
    """Writes a decision with its event, snapshot and e-mail, and ends the pending decision that it overtakes.
    `explanation` is what the user said with it on a page.

    `pending` is the pending decision that this review makes final, as of its `final_at`. Without it, a pending
    decision whose undo window is over refuses the review, also before a worker has written it.
    """
    decision = review.DECISIONS[verb].value
    reviewer = by.name if by.via == "page" else f"{by.name} (API)"
    # A decision counts that was made in time, however late it is written.
    decidable_at = pending.pressed_at if pending else now
    parameters: dict[str, object] = {
        "wanted": prescreen_id,
        "wanted_text": str(prescreen_id),
        "decision": decision,
        "notes": notes,
        "reviewer": reviewer,
        "now": now,
        "decidable_at": decidable_at,
        "decided_at": pending.final_at if pending else now,
        "own": pending.id if pending else _NO_PENDING_DECISION,
    }
    if version is not None:
        parameters["seen"] = version
    # An UPDATE refuses values for parameters that it does not name.
    parameters |= {
        name: reach.values[name] for name in {"one": ("only",), "several": ("organizations",)}.get(reach.kind, ())
    }
    reviewed = _update(reach.kind, version is not None).first(db, parameters)
    if reviewed is None:
        _refuse(db, prescreen_id, reach, by, now, decidable_at, pending)
        raise Outdated(STALE)
    questionnaire = questionnaires.version(db, reviewed.workflow_template_id, reviewed.template_version)
    messages = emails.of_decision(db, reviewed, questionnaire, decision, pending.digest if pending else "")
    data: dict[str, object] = {"told": bool(messages)}
    if pending:
        data["held"] = round((pending.final_at - pending.pressed_at).total_seconds())
    else:
        why = f"{reviewer} has {decision} {reviewed.name or 'this'} meanwhile, which was final at once."
        undo.overtake(db, SUBJECT, prescreen_id, why, by=by, now=now)
    data["snapshot"] = take_snapshot(
        db,
        reviewed,
        questionnaire,
        messages,
        explanation.grounds if explanation else Grounds(),
        explanation.mirror if explanation else None,
        by=by,
        pressed_at=decidable_at,
    )
    record(db, EVENTS[decision], prescreen_id, reviewed.organization_id, by=by, now=now, data=data, messages=messages)
    return reviewed


def _refuse(
    db: Db, prescreen_id: UUID, reach: Reach, by: Actor, now: datetime, decidable_at: datetime, own: Decision | None
) -> None:
    """Raises the reason for which no row matched; returns when only the version moved on."""
    statement = select(*COLUMNS).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    row = db.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such session.")
    prescreen = cast(Prescreen, row)
    other = None if own else undo_queries.pending(db, SUBJECT, prescreen_id)
    if other is not None and other.final_at <= now and prescreen.review_status == PENDING:
        raise Conflict(undo_presentation.refusal(other, now, person_of(by)), code="session.already_reviewed")
    check_review(db, prescreen, by, decidable_at)


def check_review(db: Db, prescreen: Prescreen, by: Actor, now: datetime) -> None:
    """The rule, which names the user as "you" where the decision is their own."""
    reviewed = prescreen.review_status != PENDING
    own = reviewed and is_own_act(db, SUBJECT, prescreen.id, list(EVENTS.values()), by)
    review.check_review(prescreen, now, own)


@lru_cache(maxsize=8)
def _update(kind: str, versioned: bool) -> Prepared[Prescreen]:
    """The conditional UPDATE for a reach of this kind, built once. With `versioned` the row must be at that version."""
    instant = Prescreen.expires_at.type
    now = bindparam("now", type_=instant)
    is_final = undo_queries.is_pending(
        SUBJECT,
        bindparam("wanted_text"),
        PendingDecision.final_at <= now,
        PendingDecision.id != bindparam("own", type_=PendingDecision.id.type),
    )
    return Prepared(
        update(Prescreen.__table__)
        .where(
            Prescreen.id == bindparam("wanted"),
            *whose(Prescreen.organization_id, kind),
            *([Prescreen.version == bindparam("seen")] if versioned else []),
            Prescreen.status == Status.COMPLETED.value,
            Prescreen.review_status == PENDING,
            Prescreen.expires_at > bindparam("decidable_at", type_=instant),
            # Withdrawn a moment ago, it may not have expired yet when this request began.
            Prescreen.withdrawn_at.is_(None),
            ~is_final,
        )
        .values(
            review_status=bindparam("decision"),
            inquiry=None,
            review_notes=bindparam("notes"),
            reviewed_at=bindparam("decided_at", type_=instant),
            reviewed_by=bindparam("reviewer"),
            updated_at=now,
            version=Prescreen.version + 1,
        )
        .returning(*COLUMNS)
    )


def decision_fingerprint(db: Db, prescreen: Prescreen, verb: str, seen: str = "") -> str:
    """The fingerprint of the e-mails that a decision would send now. `seen` is that of a pending decision."""
    questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    return fingerprint(emails.of_decision(db, prescreen, questionnaire, review.DECISIONS[verb].value, seen))


def check_explanation(db: Db, prescreen: Prescreen, verb: str, grounds: Grounds) -> Explanation:
    """What is kept of what a user says with a decision on a page. Raises Invalid where something is missing."""
    questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    ruled = (each for each in questionnaire.questions if each.criterion or each.expects)
    criteria = {question.key: question.criterion for question in ruled}
    missed = [question for question in questionnaire.questions if question.met(prescreen.submission) is False]
    mirror = alike.mirror(db, prescreen)
    kept = check_grounds(
        verb,
        grounds,
        offered=reasons.offered(db, prescreen.organization_id).reasons,
        criteria=criteria,
        not_met=[question.name for question in missed],
        mirror=mirror,
    )
    return Explanation(kept, mirror)
