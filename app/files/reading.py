"""Reading what lies in the store again, by the worker: a portion at a time, with a rest after each, so that the store
and the disk serve people meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row

from app.files import keeping
from app.kernel import store
from app.kernel.db.engine import Database

PORTION = 20
"""Files of one portion; each is at most 32 MB."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes after which a portion is over."""
REST = 2.0
"""Seconds between two portions."""
EVERY = 60.0
"""Seconds between two looks for what is due."""

MISSING, CHANGED, WHOLE = "missing", "changed", "whole"


class Reading:
    """A sweep of the worker. It never reports work, so that nothing waits for it. `read_portion` returns whether there
    is more to read."""

    def __init__(self, read_portion: Callable[[Database, datetime], bool]) -> None:
        self._read_portion = read_portion
        self._next = time.monotonic() + EVERY

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + (REST if self._read_portion(database, now) else EVERY)
        return False


def read(kept: store.Store, rows: Iterable[Row[UUID, UUID, str, int]]) -> dict[UUID, str]:
    """What was found of the first of these files, by id: as many as one portion may read, and as the store gave. A row
    is an id, whose folder the file lies in, its SHA-256 and its bytes."""
    found, size = dict[UUID, str](), 0
    for id, owner, sha256, length in rows:
        try:
            there = keeping.hash_of(kept, owner, sha256)
        except store.Away:
            break
        found[id] = MISSING if there is None else WHOLE if there == sha256 else CHANGED
        size += length
        if size >= MOST_BYTES:
            break
    return found
