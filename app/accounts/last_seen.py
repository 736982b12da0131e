"""Last-used and last-seen times: written at most once a minute, beside the request that caused them.

A request only leaves a note in memory. A short-lived thread writes the notes of one second together, so that no
answer waits for a disk. A process that is killed loses at most that second's notes, which nothing depends on.
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, update

from app.accounts.models import ApiKey, SignIn
from app.kernel.db.engine import Database

FRESH = timedelta(minutes=1)
"""A time younger than this is left as it is."""
GATHER = 1.0
"""Seconds during which notes are gathered before they are written."""

KEY_USED: ColumnElement[Any] = ApiKey.__table__.c.last_used_at
SIGN_IN_SEEN: ColumnElement[Any] = SignIn.__table__.c.last_seen_at

log = logging.getLogger(__name__)


class Notes:
    """The notes of one process about one database, and the thread that writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[tuple[Any, int], datetime] = {}
        self._timer: threading.Timer | None = None

    def leave(self, column: ColumnElement[Any], row_id: int, now: datetime) -> None:
        """Remembers that a row was used now. Returns at once."""
        with self._lock:
            self._waiting.setdefault((column, row_id), now)
            if self._timer is None:
                self._timer = threading.Timer(GATHER, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Writes what is waiting. A database that is away costs the notes, not the process.

        One at a time, so that whoever closes the database waits for a write that is under way.
        """
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            waiting, self._waiting, self._timer = self._waiting, {}, None
        if not waiting:
            return
        try:
            with self._database.write() as db:
                for (column, row_id), now in waiting.items():
                    table = column.table
                    db.execute(
                        update(table)
                        .where(table.c.id == row_id, or_(column.is_(None), column < now - FRESH))
                        .values({column.name: now})
                    )
        except Exception:
            log.warning("Last-used times could not be written.", exc_info=True)


def notes(database: Database) -> Notes:
    """The notes kept for a database, one object a process."""
    found: Notes | None = getattr(database, "seen_notes", None)
    if found is None:
        found = Notes(database)
        database.closing.append(found.write)
        database.seen_notes = found  # type: ignore[attr-defined]  # lives and dies with its database
    return found


def stale(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last > FRESH
