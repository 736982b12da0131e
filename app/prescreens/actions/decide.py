"""What the agent decides: a press that is held, or final at once; and what a press becomes."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from app.dashboard.undo import actions as holds
from app.dashboard.undo import presentation as hold_words
from app.dashboard.undo import queries as held
from app.dashboard.undo.models import Decision, PendingDecision, State
from app.kernel.changes.events import Actor
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.prescreens import emails, events
from app.prescreens.actions._write import note
from app.prescreens.events import SUBJECT
from app.prescreens.models import Prescreen, ReviewStatus, Status
from app.prescreens.queries import questionnaires
from app.prescreens.queries.stages import P, Reach, whose
from app.prescreens.rules import review

PENDING = ReviewStatus.PENDING.value
NO_HOLD = UUID(int=0)
STALE = "This changed while you were reading it. Nothing was decided. Read it once more and try again."
CHANGED = (
    "What would be sent to {name} changed while this was on hold, so nothing was decided. Read it and decide again."
)

TABLE = Prescreen.__table__
DECIDED = {"approved": events.APPROVED, "denied": events.DENIED}


def approve(
    db: Db, id: UUID, notes: str | None, *, reach: Reach, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Approves, finally. Returns the prescreen. Raises NotFound, Conflict (already reviewed), Invalid."""
    return _review(db, id, "approve", notes, reach, by, now, version)


def deny(
    db: Db, id: UUID, notes: str | None, *, reach: Reach, by: Actor, now: datetime, version: int | None = None
) -> Row:
    """Denies, finally. Returns the prescreen. Raises NotFound, Conflict (already reviewed), Invalid."""
    return _review(db, id, "deny", notes, reach, by, now, version)


def _review(
    db: Db,
    id: UUID,
    verb: str,
    notes: str | None,
    reach: Reach,
    by: Actor,
    now: datetime,
    version: int | None,
    hold: Decision | None = None,
) -> Row:
    """Writes a decision and ends whatever hold it overtakes; with `hold` it is that hold, final since `final_at`.

    A hold whose time is over stands in the way of everybody else, also while it is not written down yet.
    """
    decision = review.DECISIONS[verb].value
    who = by.name if by.via == "page" else f"{by.name} (API)"
    # What was pressed in time counts, however late it is written down.
    alive_at = hold.pressed_at if hold else now
    facts = {
        "wanted": id,
        "wanted_text": str(id),
        "decision": decision,
        "notes": notes,
        "who": who,
        "now": now,
        "alive_at": alive_at,
        "decided_at": hold.final_at if hold else now,
        "own": hold.id if hold else NO_HOLD,
    }
    seen: dict[str, Any] = {} if version is None else {"seen": version}
    # An update takes no value that it does not name.
    named = {"one": ("only",), "several": ("organizations",)}.get(reach.kind, ())
    seen |= {name: reach.values[name] for name in named}
    done = db.execute(_decide(reach.kind, version is not None), {**facts, **seen}).one_or_none()
    if done is None:
        _refuse_review(db, id, reach, now, alive_at, own=hold)
        raise Conflict(STALE)
    workflow = questionnaires.version(db, done.workflow_template_id, done.template_version)
    messages = emails.decided(db, done, workflow)
    data = {"prospect": done.name, "told": bool(messages)}
    if hold:
        data["held"] = round((hold.final_at - hold.pressed_at).total_seconds())
    else:
        why = f"{who} has {decision} {done.name or 'this'} meanwhile, which was final at once."
        holds.overtake(db, SUBJECT, id, why, by=by, now=now)
    note(db, DECIDED[decision], id, done.organization_id, by, now, data, messages)
    return done


def _refuse_review(db: Db, id: UUID, reach: Reach, now: datetime, alive_at: datetime, own: Decision | None) -> None:
    """Raises why it cannot be decided; returns when only the version has moved on."""
    found = db.execute(select(TABLE).where(P.id == id, reach.rows(P.organization_id))).one_or_none()
    if found is None:
        raise NotFound("There is no such session.")
    other = None if own else held.pending(db, SUBJECT, id)
    if other is not None and other.final_at <= now and found.review_status == PENDING:
        raise Conflict(hold_words.refusal(other, now), code="session.already_reviewed")
    review.check_review(found, alive_at)


@lru_cache(maxsize=8)
def _decide(kind: str, versioned: bool) -> ReturningUpdate[Any]:
    """The one conditional update of a review, built once. `versioned`: only the version that was read."""
    moment = P.expires_at.type
    now = bindparam("now", type_=moment)
    final = held.is_pending(
        SUBJECT,
        bindparam("wanted_text"),
        PendingDecision.final_at <= now,
        PendingDecision.id != bindparam("own", type_=PendingDecision.id.type),
    )
    return (
        update(TABLE)
        .where(
            P.id == bindparam("wanted"),
            *whose(P.organization_id, kind),
            *([P.version == bindparam("seen")] if versioned else []),
            P.status == Status.COMPLETED.value,
            P.review_status == PENDING,
            P.expires_at > bindparam("alive_at", type_=moment),
            ~final,
        )
        .values(
            review_status=bindparam("decision"),
            review_notes=bindparam("notes"),
            reviewed_at=bindparam("decided_at", type_=moment),
            reviewed_by=bindparam("who"),
            updated_at=now,
            version=P.version + 1,
        )
        .returning(*TABLE.c)
    )


def press(
    db: Db,
    id: UUID,
    verb: str,
    notes: str | None,
    *,
    person_id: int,
    seconds: int,
    version: int,
    preview: str,
    name: str,
    url: str,
    reach: Reach,
    by: Actor,
    now: datetime,
) -> Row:
    """Approves or denies after so many seconds in which it can be undone; without seconds at once.

    `preview` is the digest of what the person saw would be sent. Returns the prescreen: its `review_status` is pending
    still while the decision is held. Raises NotFound, Conflict (decided, held by somebody, or changed), Invalid.
    """
    # Locked, so that a decision by the API comes either before this (and is seen) or after it (and ends the hold).
    row = db.execute(select(TABLE).where(P.id == id, reach.rows(P.organization_id)).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such session.")
    review.check_review(row, now)
    if row.version != version:
        raise Conflict(STALE)
    if would_send(db, row, verb) != preview:
        raise Conflict(
            "What would be sent is not what this page showed any more, so nothing was decided. Read it once more.",
            code="preview.changed",
        )
    if not seconds:
        holds.check_not_pending(db, SUBJECT, id, person_id, now)
        return _review(db, id, verb, notes, reach, by, now, version)
    holds.decide(
        db,
        holds.Subject(SUBJECT, id, row.organization_id, name, url),
        verb,
        person_id=person_id,
        seconds=seconds,
        payload={"notes": notes},
        version=version,
        digest=preview,
        by=by,
        now=now,
    )
    return row


def would_send(db: Db, prescreen: Any, verb: str) -> str:
    """The digest of the letters that a decision would send now."""
    workflow = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    return fingerprint(emails.of_decision(db, prescreen, workflow, review.DECISIONS[verb].value))


def finalize(db: Db, hold: Decision, now: datetime) -> holds.Ending:
    """Does what was pressed, when its hold is over: for the person who pressed, decided at the moment it became final.

    Whatever would leave differently from what they saw goes back to them instead.
    """
    id = UUID(hold.subject_id)
    row = db.execute(select(TABLE).where(P.id == id).with_for_update()).one()
    if row.review_status == PENDING and would_send(db, row, hold.kind) != hold.digest:
        return holds.Ending(State.RETURNED, CHANGED.format(name=hold.name))
    reach, by = Reach((hold.organization_id,)), holds.decided_by(hold)
    try:
        _review(db, id, hold.kind, hold.payload["notes"], reach, by, now, hold.version, hold)
    except Conflict as refusal:
        overtaken = refusal.code == "session.already_reviewed"
        why = refusal.detail if overtaken else CHANGED.format(name=hold.name)
        return holds.Ending(State.OVERTAKEN if overtaken else State.RETURNED, why)
    return holds.Ending(State.FINAL)
