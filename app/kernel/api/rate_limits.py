"""Rate limits: exact moving windows, shared by all server processes.

No period of 60 seconds has more hits than the limit. One machine stores the hits in a small SQLite file, which is not
the database and may be lost (synchronous=OFF); several machines share Redis (REDIS_URL).
"""

import hashlib
import math
import os
import sqlite3
import tempfile
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from app.config import Config
from app.kernel.errors import RateLimited


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a hit. `reset` is when the oldest hit leaves the window, in Unix epoch seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    @property
    def retry_after(self) -> int:
        """Whole seconds to wait, at least 1."""
        return max(1, self.reset - math.floor(time.time()))

    @property
    def headers(self) -> dict[str, str]:
        """The rate-limit headers of a response."""
        found = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        if not self.allowed:
            found["Retry-After"] = str(self.retry_after)
        return found


class FileWindows:
    """Moving windows in a SQLite file for the processes of one machine: a row a bucket, with its hits in order."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None or self._local.pid != os.getpid():
            found = self._open()
            self._local.connection, self._local.pid = found, os.getpid()
        return found

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        for tries_left in reversed(range(100)):
            try:
                # Switching to WAL does not wait for other processes that switch, so it is tried again.
                connection.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError:
                if not tries_left:
                    raise
                time.sleep(0.05)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS windows (bucket TEXT PRIMARY KEY, hits BLOB NOT NULL) WITHOUT ROWID"
        )
        return connection

    def hit_all(self, buckets: Sequence[tuple[str, int]], seconds: int) -> list[Decision]:
        """Hits the buckets in order, in one transaction, and stops at the first that refuses."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            decisions = []
            for bucket, limit in buckets:
                decisions.append(self._hit(connection, _name(bucket, seconds), limit, seconds))
                if not decisions[-1].allowed:
                    break
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return decisions

    @staticmethod
    def _hit(connection: sqlite3.Connection, name: str, limit: int, seconds: int) -> Decision:
        now = time.time()
        row = connection.execute("SELECT hits FROM windows WHERE bucket = ?", (name,)).fetchone()
        hits = array("d", row[0] if row else b"")
        hits = hits[bisect_right(hits, now - seconds) :]
        allowed = len(hits) < limit
        if allowed:
            hits.append(max(now, hits[-1]) if hits else now)
            connection.execute("INSERT OR REPLACE INTO windows VALUES (?, ?)", (name, hits.tobytes()))
        oldest = hits[0] if hits else now
        return Decision(allowed, limit, limit - len(hits) if allowed else 0, math.ceil(oldest + seconds))

    def forget(self, bucket: str, limit: int, seconds: int) -> None:
        self._connection.execute("DELETE FROM windows WHERE bucket = ?", (_name(bucket, seconds),))

    def reset(self) -> None:
        self._connection.execute("DELETE FROM windows")


def _name(bucket: str, seconds: int) -> str:
    """The key of a bucket, which may be counted in windows of different lengths."""
    return f"{bucket}/{seconds}"


class RedisWindows:
    """Moving windows in Redis, for several machines."""

    def __init__(self, url: str) -> None:
        self._storage = RedisStorage(url)
        self._windows = MovingWindowRateLimiter(self._storage)

    def hit_all(self, buckets: Sequence[tuple[str, int]], seconds: int) -> list[Decision]:
        """Hits the buckets in order and stops at the first that refuses."""
        decisions = []
        for bucket, limit in buckets:
            item = RateLimitItemPerSecond(limit, seconds)
            allowed = self._windows.hit(item, bucket)
            reset, remaining = self._windows.get_window_stats(item, bucket)
            decisions.append(Decision(allowed, limit, max(0, remaining) if allowed else 0, math.ceil(reset)))
            if not allowed:
                break
        return decisions

    def forget(self, bucket: str, limit: int, seconds: int) -> None:
        self._windows.clear(RateLimitItemPerSecond(limit, seconds), bucket)

    def reset(self) -> None:
        self._storage.reset()


class Limiter:
    """Counts hits in named buckets."""

    def __init__(self, config: Config) -> None:
        self._windows = RedisWindows(config.redis_url) if config.redis_url else FileWindows(_file(config))

    def hit(self, bucket: str, limit: int, window_seconds: int = 60) -> Decision:
        """Counts one hit if it is allowed; a refused one does not count."""
        return self._windows.hit_all([(bucket, limit)], window_seconds)[0]

    def hit_all(self, buckets: Sequence[tuple[str, int]]) -> Decision:
        """Hits the buckets in order, stopping at the first that refuses; returns the tightest decision.

        The caller's own bucket comes first, so that a noisy key does not use up the limit of its organization.
        """
        decisions = self._windows.hit_all(buckets, 60)
        if not decisions[-1].allowed:
            return decisions[-1]
        return min(decisions, key=lambda decision: decision.remaining)

    def forget(self, bucket: str, limit: int, window_seconds: int = 60) -> None:
        """Empties one bucket, with the arguments of its hits (after a correct password)."""
        self._windows.forget(bucket, limit, window_seconds)

    def reset(self) -> None:
        """Removes all hits (tests)."""
        self._windows.reset()


def refuse(decision: Decision) -> None:
    """Raises RateLimited unless the decision allows the hit."""
    if not decision.allowed:
        raise RateLimited(
            f"Too many requests. The limit is {decision.limit} a minute; "
            f"try again in {decision.retry_after} seconds. Nothing was done.",
            headers=decision.headers,
        )


def _file(config: Config) -> str:
    """The path: beside an SQLite database, else in the temporary folder by database and user; in tests a new one."""
    if config.testing:
        return f"{tempfile.mkdtemp(prefix='session-desk-')}/limits.sqlite3"
    if config.sqlite and "///" in config.database_url and ":memory:" not in config.database_url:
        return f"{config.database_url.split('///', 1)[1]}.limits"
    name = hashlib.sha256(config.database_url.encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"session-desk-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return f"{folder}/limits.sqlite3"
