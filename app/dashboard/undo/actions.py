"""Writes of pending decisions. Each ends by one conditional update, so it ends once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from app.accounts.rules import UNDO_SECONDS
from app.dashboard.events import DecisionEvents, decision_events
from app.dashboard.undo import presentation, queries
from app.dashboard.undo.models import IS_PENDING, TABLE, Decision, PendingDecision, State
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, Actor, record
from app.kernel.clock import CLOCKS_DIFFER
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database, Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Conflict, NotFound
from app.kernel.json_types import JsonObject

log = structlog.get_logger("desk.worker")

WAIT_AFTER_FAILURE = (2, 10, 60, 300)
"""Seconds before a decision that could not be carried out is tried again; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is decided about: its type and id in history, whose it is, and what people call it."""

    type: str
    id: object
    organization_id: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a pending decision ends: FINAL, or OVERTAKEN or RETURNED with the sentence that says why."""

    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finalizer:
    """Carries out the pending decisions about one type of thing, for a user who still has the right at that desk.

    `finalize` is called in the transaction that ends the pending decision: it locks the thing before anything else, and
    has written nothing when it returns another end than FINAL.
    """

    desk: str
    finalize: Callable[[Db, Decision, datetime], Ending]


def check_not_pending(db: Db, subject_type: str, subject_id: object, person_id: int, now: datetime) -> None:
    """Raises Conflict, naming who and until when, while a decision is pending. The caller has locked the subject."""
    other = queries.pending(db, subject_type, subject_id)
    if other is not None:
        raise Conflict(presentation.refusal(other, now, person_id), code="hold.held")


def decide(
    db: Db,
    subject: Subject,
    kind: str,
    *,
    person_id: int,
    seconds: int,
    payload: JsonObject,
    typed: Callable[[JsonObject], object] = dict,
    version: int,
    digest: str,
    by: Actor,
    now: datetime,
) -> Decision:
    """Holds an act for so many seconds. The caller has locked the thing and checked that the act is allowed.

    Deciding the same again changes nothing: it is the same when `typed` finds the same in both payloads. Raises
    Conflict while another decision is pending.
    """
    new = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    final_at = now + timedelta(seconds=seconds)
    made = db.execute(
        new(TABLE)
        .values(
            id=uuid4(),
            subject_type=subject.type,
            subject_id=str(subject.id),
            organization_id=subject.organization_id,
            person_id=person_id,
            shown_to=person_id,
            kind=kind,
            name=subject.name,
            url=subject.url,
            actor={
                "name": by.name,
                "organization_id": by.organization_id,
                "request_id": by.request_id,
                "address": by.address,
            },
            payload=payload,
            version=version,
            digest=digest,
            pressed_at=now,
            final_at=final_at,
            due_at=final_at,
            failures=0,
            state=State.PENDING.value,
        )
        .on_conflict_do_nothing()
        .returning(TABLE)
    ).one_or_none()
    if made is not None:
        _record(db, made, _events(made).pending, by, now, seconds=seconds)
        return made
    other = queries.pending(db, subject.type, subject.id)
    if other is None:
        raise Conflict(
            "A decision about it ended at the same moment. Nothing was decided. Reload the page.", code="hold.held"
        )
    same = (other.person_id, other.kind, typed(other.payload)) == (person_id, kind, typed(payload))
    if same and not presentation.is_final(other, now):
        return other
    raise Conflict(presentation.refusal(other, now, person_id), code="hold.held")


_UNDO = (
    update(TABLE)
    .where(
        PendingDecision.id == bindparam("wanted"),
        PendingDecision.person_id == bindparam("whose"),
        IS_PENDING,
        PendingDecision.final_at > bindparam("moment", type_=PendingDecision.final_at.type),
    )
    .values(state=State.UNDONE.value, ended_at=bindparam("moment", type_=PendingDecision.final_at.type), shown_to=None)
    .returning(TABLE)
)


def undo(db: Db, id: UUID, person_id: int, *, by: Actor, now: datetime) -> Decision:
    """Undoes a decision of the user before it is final. Twice changes nothing. Raises NotFound, Conflict (too late)."""
    done = db.execute(_UNDO, {"wanted": id, "whose": person_id, "moment": now}).one_or_none()
    if done is not None:
        _record(db, done, _events(done).undone, by, now)
        return done
    found = own(db, id, person_id)
    if found.state != State.UNDONE:
        raise Conflict(presentation.too_late(found, now), code="hold.final")
    return found


def own(db: Db, id: UUID, person_id: int) -> Decision:
    """A decision of the user. Raises NotFound, also for another user's."""
    found = db.execute(
        select(TABLE).where(PendingDecision.id == id, PendingDecision.person_id == person_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such pending decision, or it is not yours.")
    return found


def read(db: Db, id: UUID, person_id: int) -> Decision:
    """Takes a decision that did not become final off its user's bar. Raises NotFound."""
    ended = PendingDecision.state.in_((State.OVERTAKEN.value, State.RETURNED.value))
    db.execute(
        update(TABLE)
        .where(PendingDecision.id == id, PendingDecision.person_id == person_id, ended)
        .values(shown_to=None)
    )
    return own(db, id, person_id)


_OVERTAKE: Prepared[Decision] = Prepared(
    update(TABLE)
    .where(
        PendingDecision.subject_type == bindparam("type_wanted"),
        PendingDecision.subject_id == bindparam("subject_wanted"),
        IS_PENDING,
    )
    .values(
        state=State.OVERTAKEN.value,
        ended_at=bindparam("moment", type_=PendingDecision.final_at.type),
        why=bindparam("reason"),
    )
    .returning(TABLE)
)


def overtake(db: Db, subject_type: str, subject_id: object, why: str, *, by: Actor, now: datetime) -> None:
    """Ends a pending decision because an immediate one was written about the same subject; its user is told.

    In the transaction of that decision, after it: it has locked the thing.
    """
    facts = {"type_wanted": subject_type, "subject_wanted": str(subject_id), "moment": now, "reason": why[:500]}
    lost = _OVERTAKE.first(db, facts)
    if lost is not None:
        _record(db, lost, _events(lost).overtaken, by, now)


def erase(db: Db, subject_type: str, subject_id: object, *, name: str, why: str, by: Actor, now: datetime) -> None:
    """Erases what was typed with the decisions about a subject, which is called `name` from now on. A pending one is
    dropped, and its user is told why."""
    about = (PendingDecision.subject_type == subject_type, PendingDecision.subject_id == str(subject_id))
    db.execute(update(TABLE).where(*about, ~IS_PENDING).values(why=None, shown_to=None))
    overtake(db, subject_type, subject_id, why, by=by, now=now)
    db.execute(update(TABLE).where(*about).values(name=name, payload={}))


def settle(database: Database, id: UUID, now: datetime, finalizers: Mapping[str, Finalizer]) -> State | None:
    """Carries out one decision whose time is over. None when there was nothing to do, or another worker did it."""
    try:
        with database.write() as db:
            return _settle(db, id, now, finalizers)
    except _Lost:
        return None
    except OperationalError:
        raise
    except Exception as error:
        # Whatever broke must not keep the other decisions waiting, nor be forgotten.
        log.exception("pending decision cannot be settled", decision=str(id), error=type(error).__name__)
        _postpone(database, id, now)
        return None


class _Lost(Exception):
    """Another transaction ended the decision first: what this one wrote must not stay."""


def _settle(db: Db, id: UUID, now: datetime, finalizers: Mapping[str, Finalizer]) -> State | None:
    decision = db.execute(
        select(TABLE).where(PendingDecision.id == id, IS_PENDING, PendingDecision.final_at <= now)
    ).one_or_none()
    if decision is None:
        return None
    finalizer = finalizers[decision.subject_type]
    if queries.may_still(db, decision.person_id, finalizer.desk, decision.organization_id):
        ending = finalizer.finalize(db, decision, now)
    else:
        who, noun = decision.actor["name"], presentation.VERBS[decision.kind].noun
        ending = Ending(State.RETURNED, f"{who} may not decide here any more, so the {noun} was not written.")
    ended = db.execute(
        update(TABLE)
        .where(PendingDecision.id == id, IS_PENDING)
        .values(
            state=ending.state.value,
            ended_at=now,
            why=ending.why[:500] or None,
            shown_to=None if ending.state is State.FINAL else PendingDecision.shown_to,
        )
        .returning(PendingDecision.id)
    ).one_or_none()
    if ended is None:
        raise _Lost
    if ending.state is State.FINAL:
        _forget_texts(db, decision)
    if ending.state is State.OVERTAKEN:
        _record(db, decision, _events(decision).overtaken, WORKER, now)
    elif ending.state is State.RETURNED:
        _record(db, decision, _events(decision).returned, WORKER, now, why=ending.why)
    return ending.state


def _forget_texts(db: Db, decision: Decision) -> None:
    """Forgets what was typed with this decision, which is written where it belongs now, and with those before it about
    the same subject. A hash stays."""
    about = (PendingDecision.subject_type == decision.subject_type, PendingDecision.subject_id == decision.subject_id)
    for row in db.execute(select(PendingDecision.id, PendingDecision.payload).where(*about, ~IS_PENDING)).all():
        if "hash" not in row.payload:
            typed = json.dumps(row.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            db.execute(update(TABLE).where(PendingDecision.id == row.id).values(payload={"hash": sha256(typed)}))


def _postpone(database: Database, id: UUID, now: datetime) -> None:
    with database.write() as db:
        failed = db.execute(
            update(TABLE)
            .where(PendingDecision.id == id, IS_PENDING)
            .values(failures=PendingDecision.failures + 1)
            .returning(PendingDecision.failures)
        ).scalar_one_or_none()
        if failed is not None:
            wait = WAIT_AFTER_FAILURE[min(failed, len(WAIT_AFTER_FAILURE)) - 1]
            db.execute(update(TABLE).where(PendingDecision.id == id).values(due_at=now + timedelta(seconds=wait)))


def shorten_waits(db: Db, now: datetime) -> None:
    """Lets decisions that were made under a clock that was ahead become final after their own window, from now on."""
    ahead = db.execute(select(TABLE).where(IS_PENDING, PendingDecision.pressed_at > now + CLOCKS_DIFFER)).all()
    for decision in ahead:
        window = decision.final_at - decision.pressed_at
        moments = {"pressed_at": now, "final_at": now + window, "due_at": now + window}
        db.execute(update(TABLE).where(PendingDecision.id == decision.id, IS_PENDING).values(moments))
    longest = timedelta(seconds=max(*WAIT_AFTER_FAILURE, UNDO_SECONDS[1]))
    db.execute(update(TABLE).where(IS_PENDING, PendingDecision.due_at > now + longest).values(due_at=now))


def decided_by(decision: Decision) -> Actor:
    """Who pressed, as history names them: the final act is theirs."""
    known = decision.actor
    return Actor(
        "person",
        str(decision.person_id),
        known["name"],
        known["organization_id"],
        "page",
        known["request_id"],
        known["address"],
    )


def _events(decision: Decision) -> DecisionEvents:
    return decision_events(decision.subject_type)


def _record(db: Db, decision: Decision, event_type: EventType, by: Actor, now: datetime, **more: object) -> None:
    """Records an event of a pending decision at its subject. What was typed stays out of events."""
    record(
        db,
        event_type,
        subject_type=decision.subject_type,
        subject_id=decision.subject_id,
        organization_id=decision.organization_id,
        by=by,
        now=now,
        data={"act": decision.kind, "holder": decision.actor["name"], **more},
    )
