"""Housekeeping of the worker: once in a while it drops rows that are too old to matter."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from app.dashboard import presence
from app.kernel.db import idempotency, recounts
from app.kernel.db.engine import Database, Db

EVERY = 60.0
"""Seconds between two rounds."""


class Housekeeping:
    """A sweep that never reports work, so that it is not run again at once. `tidiers` are those of the desks."""

    def __init__(self, tidiers: Sequence[Callable[[Db, datetime], object]] = ()) -> None:
        self._next = 0.0
        self._tidiers = tidiers

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            with database.write() as db:
                idempotency.forget_old(db, now)
                recounts.tidy(db)
                presence.forget_old(db, now)
                for tidy in self._tidiers:
                    tidy(db, now)
        return False
