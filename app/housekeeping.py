"""Housekeeping of the worker: once in a while it drops rows that are too old to matter, and follows the clock."""

import time
from collections.abc import Callable, Iterable, Sequence
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


Tidy = Callable[[Db, datetime], object]


class Housekeeping:
    """A sweep that tidies one thing, in a transaction of its own. It never reports work, so that it is not run again at
    once."""

    def __init__(self, tidy: Tidy) -> None:
        self._tidy, self._next = tidy, 0.0

    def __repr__(self) -> str:
        """By what a failure is known in the log."""
        return f"housekeeping of {self._tidy.__module__}"

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            with database.write() as db:
                self._tidy(db, now)
        return False


def housekeeping(limiter: Limiter, tidiers: Iterable[Tidy]) -> tuple[Housekeeping, ...]:
    """A sweep for what the kernel keeps, and for each of these `tidiers`: where one fails, the others go on."""
    own: tuple[Tidy, ...] = (
        idempotency.forget_old,
        lambda db, _: recounts.tidy(db),
        presence.forget_old,
        recipient_limits.forget_old,
        lambda _, __: limiter.tidy(),
    )
    return tuple(map(Housekeeping, (*own, *tidiers)))


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
