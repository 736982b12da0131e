"""Writes of holds: press, undo, overtake, settle. Each end is one conditional update, so each hold ends once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from app.dashboard.events import DecisionEvents, decision_events
from app.dashboard.undo import presentation, queries
from app.dashboard.undo.models import IS_PENDING, TABLE, H, State
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, Actor, record
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict, NotFound

log = structlog.get_logger("desk.worker")

WAIT_AFTER_FAILURE = (2, 10, 60, 300)
"""Seconds before a hold that could not be written down is tried again; the last one repeats."""


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
    """How a hold ends when its time has come: FINAL, or OVERTAKEN or RETURNED with the sentence that says why."""

    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finalizer:
    """Carries out the pending decisions about one type of thing, for a user who still has the right at that desk.

    `finalize` is called in the transaction that ends the pending decision: it locks the thing before anything else, and
    has written nothing when it returns another end than FINAL.
    """

    desk: str
    finalize: Callable[[Db, Row, datetime], Ending]


def check_free(db: Db, subject_type: str, subject_id: object, person_id: int, now: datetime) -> None:
    """Raises Conflict, naming who and until when, while something is under a hold. The caller has locked the thing."""
    other = queries.standing(db, subject_type, subject_id)
    if other is not None:
        raise Conflict(presentation.refusal(other, now, person_id), code="hold.held")


def press(
    db: Db,
    subject: Subject,
    kind: str,
    *,
    person_id: int,
    seconds: int,
    payload: dict[str, Any],
    version: int,
    digest: str,
    by: Actor,
    now: datetime,
) -> Row:
    """Holds an act for so many seconds. The caller has locked the thing and checked that the act is allowed.

    Pressing the same again changes nothing. Raises Conflict when it is held already.
    """
    new = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    final_at = now + timedelta(seconds=seconds)
    held = db.execute(
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
            state=State.HELD.value,
        )
        .on_conflict_do_nothing()
        .returning(TABLE)
    ).one_or_none()
    if held is not None:
        _record(db, held, _events(held).pending, by, now, seconds=seconds)
        return held
    other = queries.standing(db, subject.type, subject.id)
    if other is None:
        raise Conflict("Somebody else was quicker. Nothing was decided. Load the page again.", code="hold.held")
    if (other.person_id, other.kind, presentation.lapsed(other, now)) == (person_id, kind, False):
        return other
    raise Conflict(presentation.refusal(other, now, person_id), code="hold.held")


_UNDO = (
    update(TABLE)
    .where(
        H.id == bindparam("wanted"),
        H.person_id == bindparam("whose"),
        IS_PENDING,
        H.final_at > bindparam("moment", type_=H.final_at.type),
    )
    .values(state=State.UNDONE.value, ended_at=bindparam("moment", type_=H.final_at.type), shown_to=None)
    .returning(TABLE)
)


def undo(db: Db, id: UUID, person_id: int, *, by: Actor, now: datetime) -> Row:
    """Takes back one's own press before it is final. Twice changes nothing. Raises NotFound, Conflict (too late)."""
    done = db.execute(_UNDO, {"wanted": id, "whose": person_id, "moment": now}).one_or_none()
    if done is not None:
        _record(db, done, _events(done).undone, by, now)
        return done
    found = mine(db, id, person_id)
    if found.state != State.UNDONE:
        raise Conflict(presentation.too_late(found, now), code="hold.final")
    return found


def mine(db: Db, id: UUID, person_id: int) -> Row:
    """One's own hold. Raises NotFound, also for somebody else's."""
    found = db.execute(select(TABLE).where(H.id == id, H.person_id == person_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such decision on hold, or it is not yours.")
    return found


def read(db: Db, id: UUID, person_id: int) -> Row:
    """Takes a hold that did not become final off its person's bar. Raises NotFound."""
    ended = H.state.in_((State.OVERTAKEN.value, State.RETURNED.value))
    db.execute(update(TABLE).where(H.id == id, H.person_id == person_id, ended).values(shown_to=None))
    return mine(db, id, person_id)


_OVERTAKE = (
    update(TABLE)
    .where(H.subject_type == bindparam("type_wanted"), H.subject_id == bindparam("subject_wanted"), IS_PENDING)
    .values(
        state=State.OVERTAKEN.value,
        ended_at=bindparam("moment", type_=H.final_at.type),
        why=bindparam("reason"),
    )
    .returning(TABLE)
)


def overtake(db: Db, subject_type: str, subject_id: object, why: str, *, by: Actor, now: datetime) -> None:
    """An immediate decision was written: ends a hold on the same thing, if there is one, and tells its person.

    In the transaction of that decision, after it: it has locked the thing.
    """
    facts = {"type_wanted": subject_type, "subject_wanted": str(subject_id), "moment": now, "reason": why[:500]}
    lost = db.execute(_OVERTAKE, facts).one_or_none()
    if lost is not None:
        _record(db, lost, _events(lost).overtaken, by, now)


def settle(database: Database, id: UUID, now: datetime, finalizers: Mapping[str, Finalizer]) -> State | None:
    """Writes one hold down whose time is over. None when there was nothing to do, or another worker did it."""
    try:
        with database.write() as db:
            return _settle(db, id, now, finalizers)
    except _Lost:
        return None
    except OperationalError:
        raise
    except Exception as error:
        # Whatever broke must not keep the other holds waiting, nor be forgotten.
        log.exception("hold cannot be settled", hold=str(id), error=type(error).__name__)
        _postpone(database, id, now)
        return None


class _Lost(Exception):
    """Somebody ended it meanwhile: what this transaction wrote must not stay."""


def _settle(db: Db, id: UUID, now: datetime, finalizers: Mapping[str, Finalizer]) -> State | None:
    hold = db.execute(select(TABLE).where(H.id == id, IS_PENDING, H.final_at <= now)).one_or_none()
    if hold is None:
        return None
    finalizer = finalizers[hold.subject_type]
    if queries.may_still(db, hold.person_id, finalizer.desk, hold.organization_id):
        ending = finalizer.finalize(db, hold, now)
    else:
        who, noun = hold.actor["name"], presentation.VERBS[hold.kind].noun
        ending = Ending(State.RETURNED, f"{who} may not decide here any more, so the {noun} was not written.")
    ended = db.execute(
        update(TABLE)
        .where(H.id == id, IS_PENDING)
        .values(
            state=ending.state.value,
            ended_at=now,
            why=ending.why[:500] or None,
            shown_to=None if ending.state is State.FINAL else H.shown_to,
        )
        .returning(H.id)
    ).one_or_none()
    if ended is None:
        raise _Lost
    if ending.state is State.OVERTAKEN:
        _record(db, hold, _events(hold).overtaken, WORKER, now)
    elif ending.state is State.RETURNED:
        _record(db, hold, _events(hold).returned, WORKER, now, why=ending.why)
    return ending.state


def _postpone(database: Database, id: UUID, now: datetime) -> None:
    with database.write() as db:
        failed = db.execute(
            update(TABLE).where(H.id == id, IS_PENDING).values(failures=H.failures + 1).returning(H.failures)
        ).scalar_one_or_none()
        if failed is not None:
            wait = WAIT_AFTER_FAILURE[min(failed, len(WAIT_AFTER_FAILURE)) - 1]
            db.execute(update(TABLE).where(H.id == id).values(due_at=now + timedelta(seconds=wait)))


def presser(hold: Any) -> Actor:
    """Who pressed, as history names them: the final act is theirs."""
    known = hold.actor
    return Actor(
        "person",
        str(hold.person_id),
        known["name"],
        known["organization_id"],
        "page",
        known["request_id"],
        known["address"],
    )


def _events(hold: Row) -> DecisionEvents:
    return decision_events(hold.subject_type)


def _record(db: Db, hold: Row, event_type: EventType, by: Actor, now: datetime, **more: Any) -> None:
    """Records an event of a pending decision at its subject. What was typed stays out of events."""
    record(
        db,
        event_type,
        subject_type=hold.subject_type,
        subject_id=hold.subject_id,
        organization_id=hold.organization_id,
        by=by,
        now=now,
        data={"act": hold.kind, "holder": hold.actor["name"], **more},
    )
