"""Last-used and last-seen times: written at most once a minute, beside the request that caused them.

A request only adds the time to a list in memory. A short-lived thread writes the times of one second together, so that
no response waits for a disk. A process that is killed loses at most that second's times, which nothing depends on.
"""

import logging
import threading
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import ApiKey, SignIn
from app.kernel.db.engine import Database, Db
from app.kernel.db.prepared import Prepared

FRESH = timedelta(minutes=1)
"""A stored time younger than this is not replaced."""
DELAY = 1.0
"""Seconds during which times are collected before they are written."""

Column = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]

log = logging.getLogger(__name__)


class PendingTimes:
    """The times that one process has still to write to a database, and the thread that writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: dict[tuple[Column, int], datetime] = {}
        self._timer: threading.Timer | None = None

    def add(self, column: Column, row_id: int, now: datetime) -> None:
        """Adds the time at which a row was used. Returns at once."""
        with self._lock:
            self._pending.setdefault((column, row_id), now)
            if self._timer is None:
                self._timer = threading.Timer(DELAY, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Writes the pending times. A database that is away costs the times, not the process.

        One write at a time, so that closing the database waits for one that is under way.
        """
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            pending, self._pending, self._timer = self._pending, {}, None
        if not pending:
            return
        try:
            with self._database.write() as db:
                for (column, row_id), now in pending.items():
                    _write_time(db, column, row_id, now)
        except Exception:
            log.warning("Last-used times could not be written.", exc_info=True)


@cache
def _writing(column: Column) -> Prepared[object]:
    model = ApiKey if column.class_ is ApiKey else SignIn
    fresh, now = (bindparam(name, type_=column.type) for name in ("fresh", "now"))
    old = or_(column.is_(None), column < fresh, column > now)
    return Prepared(update(model.__table__).where(model.id == bindparam("row_id"), old).values({column.key: now}))


def _write_time(db: Db, column: Column, row_id: int, now: datetime) -> None:
    _writing(column).run(db, {"row_id": row_id, "fresh": now - FRESH, "now": now})


def pending_times(database: Database) -> PendingTimes:
    """The pending times of a database, one object a process."""
    found: PendingTimes | None = getattr(database, "pending_times", None)
    if found is None:
        found = PendingTimes(database)
        database.closing.append(found.write)
        database.pending_times = found  # type: ignore[attr-defined]  # lives and dies with its database
    return found


def is_stale(last: datetime | None, now: datetime) -> bool:
    """Whether a stored time is to be replaced: it is old, or of a clock that was ahead."""
    return last is None or not timedelta(0) <= now - last <= FRESH
