"""Claims on outbox rows: a worker claims, renews, finishes and releases the rows that it sends.

A claim is one statement. It sets a lease, which ends by itself when the worker dies, and a fencing token, without which
no result is written: a worker that was believed dead and wakes up cannot overwrite the result of its successor.
"""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, Uuid, bindparam, insert, or_, select, update

from app.kernel.clock import CLOCKS_DIFFER
from app.kernel.db.columns import Values
from app.kernel.db.engine import Database, Db, Instant
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import (
    DEAD,
    DROPPED,
    FAILING,
    QUEUED,
    SENT,
    WAITING,
    Accepted,
    Connections,
    Delivery,
    Handler,
    OutboxAttempt,
    OutboxRow,
    PermanentFailure,
    Receipts,
    TemporaryFailure,
    one_line,
    receipt_of,
    without_secrets,
)

log = structlog.get_logger("desk.worker")

LEASE = 30.0
"""Seconds until another worker may claim the rows of one that has stopped renewing."""

BACKOFF = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each attempt: ten attempts over about three days."""

LONGEST_WAIT = 86400.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker has claimed. `payload` is still encrypted."""

    token: UUID
    id: UUID
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
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt. `after` and `at_least` as in TemporaryFailure."""

    state: str
    detail: str
    status: int | None = None
    after: float | None = None
    at_least: float | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Destinations and channels at their concurrency limit: claims leave their rows out."""

    destinations: Collection[str] = ()
    channels: Collection[str] = ()


NOTHING_SKIPPED = Skipped()


_NOT_LEASED = or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < bindparam("now", type_=Instant))
_CLAIMABLE = (
    WAITING,
    OutboxRow.due_at <= bindparam("now", type_=Instant),
    _NOT_LEASED,
    OutboxRow.destination.not_in(bindparam("destinations", expanding=True)),
    OutboxRow.channel.not_in(bindparam("channels", expanding=True)),
)
_DUE: Prepared[object] = Prepared(select(OutboxRow.id).where(*_CLAIMABLE).order_by(OutboxRow.due_at).limit(1))
"""In order, although any row would do: a planner that expects many due rows would else walk all that was ever sent."""
_PICKED = (
    select(OutboxRow.id)
    .where(*_CLAIMABLE, OutboxRow.id.not_in(bindparam("claimed", expanding=True)))
    .order_by(OutboxRow.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_CLAIM: Prepared[tuple[Any, ...]] = Prepared(  # the fields of Claimed after its token
    update(OutboxRow)
    .where(OutboxRow.id.in_(select(_PICKED.c.id)))
    .values(
        {
            OutboxRow.lease_until: bindparam("until", type_=Instant),
            OutboxRow.lease_token: bindparam("token", type_=Uuid),
            OutboxRow.attempts: OutboxRow.attempts + 1,
        }
    )
    .returning(
        OutboxRow.id,
        OutboxRow.channel,
        OutboxRow.destination,
        OutboxRow.payload,
        OutboxRow.secret,
        OutboxRow.attempts,
        OutboxRow.earlier_attempts,
        OutboxRow.organization_id,
        OutboxRow.subject_type,
        OutboxRow.subject_id,
        OutboxRow.created_at,
        OutboxRow.not_after,
        OutboxRow.due_at,
    )
)


def _which(now: datetime, without: Skipped) -> dict[str, object]:
    return {"now": now, "destinations": sorted(without.destinations), "channels": sorted(without.channels)}


def anything_due(db: Db, now: datetime, without: Skipped = NOTHING_SKIPPED) -> bool:
    """Whether a claim would find a row. A read, so that an idle worker never takes the write lock."""
    return _DUE.first(db, _which(now, without)) is not None


def claim(
    db: Db,
    now: datetime,
    *,
    limit: int,
    lease: float = LEASE,
    without: Skipped = NOTHING_SKIPPED,
    claimed: Collection[UUID] = (),
) -> list[Claimed]:
    """Claims up to `limit` due rows, longest due first, without destinations and channels at their limit.

    `claimed` are the rows that this worker has already: never claimed twice, even when the clock jumped past their
    lease.
    """
    token, until = uuid4(), now + timedelta(seconds=lease)
    which = {**_which(now, without), "claimed": list(claimed), "most": limit, "until": until, "token": token}
    return sorted((Claimed(token, *row) for row in _CLAIM.all(db, which)), key=lambda row: row.due_at)


def _still_claimed(rows: Sequence[Claimed]) -> ColumnElement[bool]:
    """Those of these rows that are still claimed, but not what a verb is dropping at this moment: to wait for it while
    holding other rows that it drops next would be a deadlock."""
    ids = select(OutboxRow.id).where(
        OutboxRow.id.in_([row.id for row in rows]), OutboxRow.lease_token.in_(list({row.token for row in rows}))
    )
    return OutboxRow.id.in_(ids.with_for_update(skip_locked=True))


def renew(db: Db, rows: Sequence[Claimed], now: datetime, lease: float = LEASE) -> None:
    """Extends the lease of rows that a worker is still sending. What is passed over is extended the next time, which
    comes before the lease ends."""
    lease_until = now + timedelta(seconds=lease)
    db.execute(update(OutboxRow).where(_still_claimed(rows)).values({OutboxRow.lease_until: lease_until}))


def release(db: Db, rows: Sequence[Claimed]) -> None:
    """Releases rows that were claimed and not tried; the attempt does not count."""
    db.execute(
        update(OutboxRow)
        .where(_still_claimed(rows))
        .values(
            {
                OutboxRow.lease_until: None,
                OutboxRow.lease_token: None,
                OutboxRow.attempts: OutboxRow.attempts - 1,
            }
        )
    )


def shorten_waits(db: Db, now: datetime) -> None:
    """Shortens what a clock that was ahead has set: leases to the length of one, waits to what is left of them.

    A worker that is alive renews its leases before they end. Messages that are planned for a time keep it.
    """
    longest = now + timedelta(seconds=LEASE)
    leased = update(OutboxRow).where(WAITING, OutboxRow.lease_until > longest)
    db.execute(leased.values({OutboxRow.lease_until: longest}))
    created = OutboxRow.created_at
    never_tried = [WAITING, created > now + CLOCKS_DIFFER, OutboxRow.due_at == created]
    db.execute(update(OutboxRow).where(*never_tried).values({OutboxRow.due_at: now}))
    now_us, limit_us = (int(moment.timestamp() * 1_000_000) for moment in (now, now + CLOCKS_DIFFER))
    tried = select(OutboxRow.id, OutboxRow.due_at, OutboxRow.changed_at_us).where(
        FAILING, OutboxRow.changed_at_us > limit_us
    )
    for row in db.execute(tried).all():
        due_at = row.due_at - timedelta(microseconds=row.changed_at_us - now_us)
        values: Values = {OutboxRow.due_at: due_at, OutboxRow.changed_at_us: now_us}
        db.execute(update(OutboxRow).where(OutboxRow.id == row.id, WAITING).values(values))


def attempt(
    database: Database, row: Claimed, now: datetime, handlers: Mapping[str, Handler], kept: Connections
) -> Outcome:
    """Hands one row to the handler of its channel, outside any transaction, and returns how it ended. Never raises."""
    if row.not_after is not None and now > row.not_after:
        return Outcome(DROPPED, "It came too late to be of use.")
    try:
        handler = handlers.get(row.channel)
        if handler is None:
            raise TemporaryFailure(f"This installation has nothing that delivers {row.channel}.")
        answer = handler(delivery(database, row, now, kept))
    except PermanentFailure as failure:
        return Outcome(DEAD, failure.reason, failure.status, answer=failure.answer)
    except TemporaryFailure as failure:
        return Outcome(QUEUED, failure.reason, failure.status, failure.after, failure.at_least, failure.answer)
    except Exception as error:
        # The text of an unforeseen error may hold the message itself, so only its kind is kept.
        log.error("delivery broke", delivery=str(row.id), channel=row.channel, at=_place(error))
        return Outcome(QUEUED, f"Something unforeseen went wrong here ({type(error).__name__}).")
    if isinstance(answer, Accepted):
        return Outcome(SENT, "", answer.status, answer=answer.answer)
    return Outcome(SENT, answer if isinstance(answer, str) else "", answer if isinstance(answer, int) else None)


def delivery(database: Database, row: Claimed | OutboxRow, now: datetime, kept: Connections) -> Delivery:
    """A row as its handler receives it. Raises TemporaryFailure when it cannot be decrypted."""
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
        connections=kept,
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
    """Seconds until the next attempt after `tries` failed ones, with a tenth of jitter; None when none is left."""
    if tries >= len(BACKOFF):
        return None
    if after is None:
        after = max(BACKOFF[tries] * random.uniform(0.9, 1.1), at_least or 0.0)
    return min(max(after, 1.0), LONGEST_WAIT * 1.1)


NO_RECEIPTS: Mapping[str, Receipts] = {}
_OWN = (OutboxRow.id == bindparam("sent_row"), OutboxRow.lease_token == bindparam("own_token"))
_WRITE: dict[bool, Prepared[object]] = {
    True: Prepared(update(OutboxRow.__table__).where(*_OWN)),
    False: Prepared(update(OutboxRow.__table__).where(*_OWN, OutboxRow.state == QUEUED)),
}
"""By whether the message was sent."""
_TRIED: Prepared[object] = Prepared(insert(OutboxAttempt.__table__).inline())


def finish(
    db: Db,
    row: Claimed,
    outcome: Outcome,
    started: datetime,
    now: datetime,
    receipts: Mapping[str, Receipts] = NO_RECEIPTS,
) -> bool:
    """Writes the result of an attempt. False when another worker has claimed the row since: its result counts then.

    A message dropped while it was being sent stays dropped when the attempt failed, and becomes sent when it succeeded.
    What the item it is about (by subject type, in `receipts`) keeps of a final result is written with it.
    """
    result = _result(row, outcome, now)
    if row.secret and outcome.state == SENT:
        result = {**result, OutboxRow.payload: _remains(db, row)}
    keeper, receipt = _receipt(db, row, receipts) if OutboxRow.state in result else (None, None)
    if keeper:
        keeper.lock(db, row.subject_id or "")
    ended: Values = {
        OutboxRow.lease_until: None,
        OutboxRow.lease_token: None,
        OutboxRow.changed_at_us: int(now.timestamp() * 1_000_000),
    }
    changes = {column.key: value for column, value in {**ended, **result}.items()}
    written = _WRITE[outcome.state == SENT].run(db, {"sent_row": row.id, "own_token": row.token, **changes}) > 0
    # That a server has accepted the message stays true when the lease had ended.
    if keeper and receipt is not None and (written or outcome.state == SENT):
        keeper.keep(db, row.subject_id or "", receipt, str(result[OutboxRow.state]), now)
    _TRIED.run(
        db,
        {
            "outbox_id": row.id,
            "number": row.attempts,
            "started_at": started,
            "ended_at": now,
            "ok": outcome.state == SENT,
            "status": outcome.status,
            "detail": one_line(outcome.detail if written else f"{outcome.detail} (reported after the lease had ended)"),
            "answer": db.vault.encrypt(outcome.answer) if outcome.answer else None,
        },
    )
    return written


def _receipt(db: Db, row: Claimed, receipts: Mapping[str, Receipts]) -> tuple[Receipts, JsonObject] | tuple[None, None]:
    """Who keeps the result of a message, and the message's receipt; None when nobody does."""
    keeper = receipts.get(row.subject_type or "")
    if keeper is None:
        return None, None
    receipt = receipt_of(db, row.payload)
    return (keeper, receipt) if receipt is not None else (None, None)


def _remains(db: Db, row: Claimed) -> str:
    text = db.vault.read(row.payload)
    remains = without_secrets(text) if text else ""
    return db.vault.encrypt(remains) if remains else ""


def _result(row: Claimed, outcome: Outcome, now: datetime) -> Values:
    if outcome.state == SENT:
        return {OutboxRow.state: SENT, OutboxRow.finished_at: now, OutboxRow.last_error: None}
    if outcome.state != QUEUED:
        return _ended(outcome.state, outcome.detail, now)
    tries = row.attempts - row.earlier_attempts
    wait = delay_before(tries, outcome.after, outcome.at_least)
    due = None if wait is None else now + timedelta(seconds=wait)
    if due is not None and (row.not_after is None or due <= row.not_after):
        return {OutboxRow.due_at: due, OutboxRow.last_error: one_line(outcome.detail)}
    why = f"Given up after {tries} attempts." if due is None else "A later attempt would come too late."
    return _ended(DEAD, f"{why} {outcome.detail}", now)


def _ended(state: str, detail: str, now: datetime) -> Values:
    return {OutboxRow.state: state, OutboxRow.finished_at: now, OutboxRow.last_error: one_line(detail)}
