"""The nightly verification of every record, by the worker: a portion at a time, by one worker at a time.

A run begins with the first sweep after two o'clock (UTC). One that is cut off goes on where it was; `desk verify --all`
does the same work at once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from app.inspections import actions
from app.inspections.models import Inspection, VerificationRun
from app.inspections.queries import listing
from app.inspections.verification import Result, Verdict
from app.kernel.changes.events import WORKER, Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Database, Db
from app.kernel.db.inserts import insert_or_ignore

HOUR = timedelta(hours=2)
"""How long after midnight (UTC) a run begins."""
PORTION = 50
LEASE = timedelta(minutes=5)
EVERY = 60.0
"""Seconds between two looks for a run that is due, the first when the worker has run as long."""


class Verified(NamedTuple):
    """The verdict on one record. `over` is whether its inspection has ended."""

    id: UUID
    over: bool
    verdict: Verdict


class Nightly:
    """The sweep of the worker."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() < self._next:
            return False
        more = verify_portion(database, now)
        if not more:
            self._next = time.monotonic() + EVERY
        return more


def verify_portion(database: Database, now: datetime) -> bool:
    """Verifies the next records of the night. Returns whether there are more."""
    night = (now - HOUR).strftime("%Y-%m-%d")
    with database.read() as db:
        found = db.execute(select(VerificationRun.finished_at).where(VerificationRun.night == night)).one_or_none()
    if found is not None and found.finished_at is not None:
        return False
    with database.write() as db:
        taken, after = _take(db, night, now)
    if not taken:
        return False
    verified = _verify_next(database, after, by=WORKER, now=now)
    for each in verified:
        if each.over and each.verdict.result != Result.BROKEN:
            actions.renew(database, each.id, now=now)
    with database.write() as db:
        _keep(db, night, verified, now)
    return len(verified) == PORTION


def verify_all(database: Database, *, by: Actor, now: datetime) -> Iterator[Verified]:
    """Verifies every record at once."""
    after: UUID | None = None
    while True:
        verified = _verify_next(database, after, by=by, now=now)
        yield from verified
        if len(verified) < PORTION:
            return
        after = verified[-1].id


def counted(verified: Iterable[Verified]) -> Counter[Result]:
    """How many records came to each result. One that is not over is not proven yet, and is counted only when broken."""
    return Counter(each.verdict.result for each in verified if each.over or each.verdict.result == Result.BROKEN)


def _verify_next(database: Database, after: UUID | None, *, by: Actor, now: datetime) -> list[Verified]:
    columns = select(Inspection.id, Inspection.ended_at).order_by(Inspection.id).limit(PORTION)
    with database.read() as db:
        rows = db.execute(columns if after is None else columns.where(Inspection.id > after)).all()
    return [Verified(id, ended_at is not None, actions.verify(database, id, by=by, now=now)) for id, ended_at in rows]


def _take(db: Db, night: str, now: datetime) -> tuple[bool, UUID | None]:
    """Takes the lease of a night's run, which it may begin: whether it was to be had, and what was verified last."""
    values = {"night": night, "proven": 0, "broken": 0, "not_proven": 0, "lease_until": now, "started_at": now}
    db.execute(insert_or_ignore(db, VerificationRun).values(values))
    free = (VerificationRun.night == night, VerificationRun.finished_at.is_(None), VerificationRun.lease_until <= now)
    lease = {VerificationRun.lease_until: now + LEASE}
    row = db.execute(update(VerificationRun).where(*free).values(lease).returning(VerificationRun.after)).one_or_none()
    return row is not None, row.after if row is not None else None


def _keep(db: Db, night: str, verified: Sequence[Verified], now: datetime) -> None:
    """Adds a portion to its run, and gives the lease back."""
    results = counted(verified)
    sums = {
        VerificationRun.proven: VerificationRun.proven + results[Result.PROVEN],
        VerificationRun.broken: VerificationRun.broken + results[Result.BROKEN],
        VerificationRun.not_proven: VerificationRun.not_proven + results[Result.NOT_PROVEN],
    }
    more = len(verified) == PORTION
    values: Values = {
        **sums,
        VerificationRun.lease_until: now,
        VerificationRun.finished_at: None if more else now,
        **({VerificationRun.after: verified[-1].id} if verified else {}),
    }
    db.execute(update(VerificationRun).where(VerificationRun.night == night).values(dict(values)))


Measure = tuple[str, str, float]


def measures(db: Db, now: datetime) -> Iterator[Measure]:
    """What monitoring should know: name, description and value."""
    yield "desk_records_broken", "Inspections whose record does not hold", float(listing.broken(db, None))
    last = select(VerificationRun).where(VerificationRun.finished_at.is_not(None))
    run = db.scalars(last.order_by(VerificationRun.night.desc()).limit(1)).one_or_none()
    if run is not None and run.finished_at is not None:
        age = (now - run.finished_at).total_seconds()
        yield "desk_records_verified_seconds", "Age of the last verification of all records", age
        yield "desk_records_proven", "Records that the last verification of all found proven", float(run.proven)
        yield "desk_records_not_proven", "Records that it found not proven", float(run.not_proven)
    yield "desk_anchors_pending", "Ended inspections that wait for a time stamp", float(listing.awaiting_stamp(db))
