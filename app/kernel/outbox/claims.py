"""Who may send an outbox row right now: claiming, renewing, finishing, giving back.

A claim is one statement. It leaves a lease that ends by itself when the worker dies, and a token without which nobody
can say how the row ended (fencing): a worker that was believed dead and wakes up cannot overwrite its successor.
"""

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, func, insert, or_, select, update

from app.kernel.db.engine import Database, Db
from app.kernel.outbox.outbox import (
    DEAD,
    DROPPED,
    HANDLERS,
    QUEUED,
    SENT,
    WAITING,
    Delivery,
    OutboxAttempt,
    OutboxRow,
    PermanentFailure,
    TemporaryFailure,
    one_line,
)

log = structlog.get_logger("desk.worker")

LEASE = 30.0
"""Seconds until the rows of a worker that has stopped renewing are taken over."""

BACKOFF = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each attempt: ten attempts over about three days."""

LONGEST_WAIT = 86400.0

_o = OutboxRow.__table__.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this worker holds. `payload` is still encrypted."""

    id: UUID
    token: UUID
    channel: str
    destination: str
    payload: str
    secret: bool
    attempts: int
    earlier_attempts: int
    organization_id: int | None
    subject_type: str | None
    subject_id: str | None
    created_at: datetime
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended. `after` and `at_least` as in Retry."""

    state: str
    detail: str
    status: int | None = None
    after: float | None = None
    at_least: float | None = None


def _claimable(now: datetime, lanes: Collection[str], channels: Collection[str]) -> list[ColumnElement[bool]]:
    conditions = [WAITING, _o.due_at <= now, or_(_o.lease_until.is_(None), _o.lease_until < now)]
    if lanes:
        conditions.append(_o.destination.not_in(sorted(lanes)))
    if channels:
        conditions.append(_o.channel.not_in(sorted(channels)))
    return conditions


def anything_due(db: Db, now: datetime, *, lanes: Collection[str] = (), channels: Collection[str] = ()) -> bool:
    """Whether a claim would find a row. A read, so that an idle worker never takes the write lock.

    In order, although any row would do: a planner that expects many due rows would else walk all that was ever sent.
    """
    due = select(_o.id).where(*_claimable(now, lanes, channels)).order_by(_o.due_at).limit(1)
    return db.execute(due).first() is not None


def claim(
    db: Db,
    now: datetime,
    *,
    limit: int,
    lease: float = LEASE,
    lanes: Collection[str] = (),
    channels: Collection[str] = (),
    held: Collection[UUID] = (),
) -> list[Claimed]:
    """Takes up to `limit` due rows, longest due first, leaving out `lanes` and `channels` that are full.

    `held` are rows this worker is busy with: never taken twice, even when the clock jumped past their lease.
    """
    conditions = _claimable(now, lanes, channels)
    if held:
        conditions.append(_o.id.not_in(list(held)))
    picked = select(_o.id).where(*conditions).order_by(_o.due_at).limit(limit).with_for_update(skip_locked=True)
    due = picked.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    token = uuid4()
    rows = db.execute(
        update(OutboxRow.__table__)
        .where(_o.id.in_(select(due.c.id)))
        .values(lease_until=now + timedelta(seconds=lease), lease_token=token, attempts=_o.attempts + 1)
        .returning(
            _o.id,
            _o.lease_token,
            _o.channel,
            _o.destination,
            _o.payload,
            _o.secret,
            _o.attempts,
            _o.earlier_attempts,
            _o.organization_id,
            _o.subject_type,
            _o.subject_id,
            _o.created_at,
            _o.not_after,
            _o.due_at,
        )
    ).all()
    return [Claimed(*row[:-1]) for row in sorted(rows, key=lambda row: row.due_at)]


def _mine(held: Sequence[Claimed]) -> list[ColumnElement[bool]]:
    return [_o.id.in_([row.id for row in held]), _o.lease_token.in_(list({row.token for row in held}))]


def renew(db: Db, held: Sequence[Claimed], now: datetime, lease: float = LEASE) -> None:
    """Keeps the rows of a worker that is still busy with them."""
    db.execute(update(OutboxRow.__table__).where(*_mine(held)).values(lease_until=now + timedelta(seconds=lease)))


def release(db: Db, held: Sequence[Claimed]) -> None:
    """Gives back rows that were claimed and not tried; the attempt does not count."""
    db.execute(
        update(OutboxRow.__table__)
        .where(*_mine(held))
        .values(lease_until=None, lease_token=None, attempts=_o.attempts - 1)
    )


def attempt(database: Database, row: Claimed, now: datetime) -> Outcome:
    """Hands one row to its handler, outside any transaction, and says how it ended. Never raises."""
    if row.not_after is not None and now > row.not_after:
        return Outcome(DROPPED, "It came too late to be of use.")
    try:
        handler = HANDLERS.get(row.channel)
        if handler is None:
            raise TemporaryFailure(f"This installation has nothing that delivers {row.channel}.")
        said = handler(_delivery(database, row, now))
    except PermanentFailure as dead:
        return Outcome(DEAD, dead.reason, dead.status)
    except TemporaryFailure as retry:
        return Outcome(QUEUED, retry.reason, retry.status, retry.after, retry.at_least)
    except Exception as error:
        # The text of an unforeseen error may hold the message itself, so only its kind is kept.
        log.error("delivery broke", delivery=str(row.id), channel=row.channel, at=_place(error))
        return Outcome(QUEUED, f"Something unforeseen went wrong here ({type(error).__name__}).")
    return Outcome(SENT, said if isinstance(said, str) else "", said if isinstance(said, int) else None)


def _delivery(database: Database, row: Claimed, now: datetime) -> Delivery:
    try:
        payload = json.loads(database.vault.decrypt(row.payload))
    except ValueError:
        raise TemporaryFailure("The message cannot be read with the present ENCRYPTION_KEYS.") from None
    return Delivery(
        id=row.id,
        channel=row.channel,
        destination=row.destination,
        payload=payload,
        attempts=row.attempts,
        organization_id=row.organization_id,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        created_at=row.created_at,
        database=database,
        config=database.config,
        now=now,
    )


def _place(error: Exception) -> str:
    """`ValueError at email.py:97`: where, without what."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"


def delay_before(tries: int, after: float | None = None, at_least: float | None = None) -> float | None:
    """Seconds until the next attempt after `tries` failed ones, None when there is none left. A tenth of jitter."""
    if tries >= len(BACKOFF):
        return None
    if after is None:
        after = max(BACKOFF[tries] * random.uniform(0.9, 1.1), at_least or 0.0)
    return min(max(after, 1.0), LONGEST_WAIT * 1.1)


def finish(db: Db, row: Claimed, outcome: Outcome, started: datetime, now: datetime) -> bool:
    """Writes how an attempt ended. False when the lease has passed to somebody else, whose word counts then.

    A message taken back while it was being sent stays dropped when it failed, and is shown as sent when it arrived.
    """
    conditions = [_o.id == row.id, _o.lease_token == row.token]
    if outcome.state != SENT:
        conditions.append(_o.state == QUEUED)
    moved = int(now.timestamp() * 1_000_000)
    ended = {"lease_until": None, "lease_token": None, "moved_us": moved, **_ending(row, outcome, now)}
    mine = db.execute(update(OutboxRow.__table__).where(*conditions).values(ended).returning(_o.id)).first() is not None
    db.execute(
        insert(OutboxAttempt.__table__),
        {
            "outbox_id": row.id,
            "number": row.attempts,
            "started_at": started,
            "ended_at": now,
            "ok": outcome.state == SENT,
            "status": outcome.status,
            "detail": one_line(outcome.detail if mine else f"{outcome.detail} (reported after the lease had ended)"),
        },
    )
    return mine


def _ending(row: Claimed, outcome: Outcome, now: datetime) -> dict[str, Any]:
    if outcome.state == SENT:
        blank = {"payload": ""} if row.secret else {}
        return {"state": SENT, "finished_at": now, "last_error": None, **blank}
    tries = row.attempts - row.earlier_attempts
    if outcome.state != QUEUED:
        return {"state": outcome.state, "finished_at": now, "last_error": one_line(outcome.detail)}
    wait = delay_before(tries, outcome.after, outcome.at_least)
    due = None if wait is None else now + timedelta(seconds=wait)
    if due is not None and (row.not_after is None or due <= row.not_after):
        return {"due_at": due, "last_error": one_line(outcome.detail)}
    why = f"Given up after {tries} attempts." if due is None else "A later attempt would come too late."
    return {"state": DEAD, "finished_at": now, "last_error": one_line(f"{why} {outcome.detail}")}


def depths(db: Db, now: datetime, cap: int = 10_000) -> Any:
    """For /metrics and the ready check: `waiting` and `dead` (both capped), and `oldest_due_at` of what waits."""

    def capped(*conditions: ColumnElement[bool]) -> Any:
        return (
            select(func.count()).select_from(select(_o.id).where(*conditions).limit(cap).subquery()).scalar_subquery()
        )

    oldest = select(func.min(_o.due_at)).where(WAITING).scalar_subquery()
    return db.execute(
        select(
            capped(WAITING, _o.due_at <= now).label("waiting"),
            capped(_o.state == DEAD).label("dead"),
            oldest.label("oldest_due_at"),
        )
    ).one()
