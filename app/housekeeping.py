"""Housekeeping of the worker: once in a while it drops rows that are too old to matter, and follows the clock."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from app.dashboard import presence
from app.dashboard.undo import actions as undo
from app.kernel.api.rate_limits import Limiter
from app.kernel.db import backfills, idempotency, recounts
from app.kernel.db.backfills import Backfill
from app.kernel.db.engine import Database, Db
from app.kernel.outbox import claims, recipient_limits

EVERY = 60.0
"""Seconds between two rounds."""


class Housekeeping:
    """A sweep that never reports work, so that it is not run again at once. `tidiers` are those of the desks."""

    def __init__(self, limiter: Limiter, tidiers: Sequence[Callable[[Db, datetime], object]] = ()) -> None:
        self._limiter = limiter
        self._next = 0.0
        self._tidiers = tidiers

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            with database.write() as db:
                idempotency.forget_old(db, now)
                recounts.tidy(db)
                presence.forget_old(db, now)
                recipient_limits.forget_old(db, now)
            for tidy in self._tidiers:
                with database.write() as db:  # one that fails takes nothing else back
                    tidy(db, now)
            self._limiter.tidy()
        return False


class Backfills:
    """A sweep that makes what an upgrade has left to the worker: each call one portion, in a transaction of its own. It
    goes on where it was, whoever stopped."""

    def __init__(self, left: Sequence[Backfill]) -> None:
        self._left = [backfill for backfill in left if backfill.by_worker]
        self._next = 0.0

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() < self._next:
            return False
        with database.read() as db:
            names = backfills.unfinished(db, self._left)
        for backfill in self._left:
            if backfill.name in names and backfills.run_one(database, backfill, now):
                return True
        self._next = time.monotonic() + EVERY
        return False


SHORTEN: tuple[Callable[[Db, datetime], None], ...] = (claims.shorten_waits, undo.shorten_waits)
STEP = 1.0
"""Seconds by which a clock that steps back is noticed; less is what time servers do every day."""


class ClockSteps:
    """A sweep that shortens waits after the clock has stepped back, and once when the worker starts.

    A wait that was set at three and ends at five past three would else last an hour longer for a clock that then says
    two.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def __call__(self, database: Database, now: datetime) -> bool:
        ahead = now.timestamp() - time.monotonic()
        if self._ahead is None or ahead < self._ahead - STEP:
            with database.write() as db:
                for shorten in SHORTEN:
                    shorten(db, now)
        self._ahead = ahead
        return False
