"""Deletes the parts of files whose phone never came back to send the rest, and bundles that earlier versions left."""

from __future__ import annotations

import os
import re
import tempfile
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from app.kernel import store
from app.kernel.db.engine import Database

KEPT = timedelta(days=3)
EVERY = 6 * 3600.0
"""Seconds between two looks; the first is some minutes after the worker has started."""


class Leftovers:
    """A sweep of the worker that never reports work, so that it is not run again at once."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 300

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            delete_old_parts(store.store_at(database.config.evidence_url), now)
            delete_old_bundles(Path(tempfile.gettempdir()), now)
        return False


def delete_old_parts(kept: store.Store, now: datetime) -> int:
    """Deletes parts that came more than KEPT ago; returns how many. A store that is away is looked at another time."""
    deleted = 0
    try:
        for name, written_at in kept.names("parts").items():
            if written_at < now - KEPT:
                kept.delete(*name.rsplit("/", 1))
                deleted += 1
    except store.Away:
        return deleted
    return deleted


BUNDLE = re.compile(r"bundle-[a-z0-9_]{8}\.zip")


def delete_old_bundles(folder: Path, now: datetime) -> int:
    """Deletes what a worker of an earlier version was writing when it was killed: a named file with originals in the
    folder for temporary files. Returns how many. Those of others are left alone, and so is what may still be in use."""
    deleted = 0
    for file in [each for each in folder.iterdir() if BUNDLE.fullmatch(each.name)]:
        with suppress(OSError):
            found = file.lstat()
            if found.st_uid == os.getuid() and found.st_mtime < (now - KEPT).timestamp():
                file.unlink()
                deleted += 1
    return deleted
