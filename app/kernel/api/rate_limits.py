"""Rate limits: exact moving windows, shared by all server processes.

No period of 60 seconds has more hits than the limit. One machine stores the hits in a small SQLite file, which is not
the database and may be lost (synchronous=OFF); several machines share Redis (REDIS_URL). See
docs/decisions/0005-rate-limits.md.
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
from typing import TYPE_CHECKING

import structlog

from app.config import Config
from app.kernel.errors import RateLimited, Unavailable
from app.kernel.networks import network_of

if TYPE_CHECKING:
    from app.kernel.api.redis_windows import RedisWindows

log = structlog.get_logger("desk.rate_limits")

TIDY_EVERY = 60.0
"""Seconds between two deletions of windows that have passed."""
TIDY_AT_ONCE = 20_000
"""Rows of one deletion, so that no hit waits long."""
LOG_EVERY = 60.0
"""Seconds between two log lines about hits that could not be counted."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a hit. `ends` is when the oldest hit leaves the window."""

    allowed: bool
    limit: int
    remaining: int
    ends: float

    @property
    def reset(self) -> int:
        """When the oldest hit leaves the window, in Unix epoch seconds."""
        return math.ceil(self.ends)

    @property
    def retry_after(self) -> int:
        """Whole seconds to wait, at least 1."""
        return max(1, math.ceil(self.ends - time.time()))

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

    faults = (OSError, sqlite3.Error)
    """What is raised when hits cannot be counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._tidied_at = -math.inf

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None or self._local.pid != os.getpid():
            found = self._open()
            self._local.connection, self._local.pid = found, os.getpid()
        return found

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        try:
            # First of all, because the switch to WAL would wait for the disk as well.
            connection.execute("PRAGMA synchronous=OFF")
            _switch_to_wal(connection)
            # The table of earlier versions, which was never tidied.
            connection.execute("DROP TABLE IF EXISTS windows")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS moving_windows "
                "(bucket TEXT PRIMARY KEY, hits BLOB NOT NULL, seconds INT NOT NULL, ends REAL NOT NULL) WITHOUT ROWID"
            )
            # Of earlier versions. Every hit paid for it, a third of its price; once a minute the table is read instead.
            connection.execute("DROP INDEX IF EXISTS ix_moving_windows_ends")
        except BaseException:
            connection.close()
            raise
        return connection

    def hit_all(self, buckets: Sequence[tuple[str, int]], seconds: int) -> list[Decision]:
        """Hits the buckets in order, in one transaction, and stops at the first that refuses."""
        try:
            connection = self._connection
            with _transaction(connection):
                self._tidy_sometimes(connection)
                decisions = []
                for bucket, limit in buckets:
                    decisions.append(_hit(connection, name_of(bucket, seconds), limit, seconds))
                    if not decisions[-1].allowed:
                        break
            return decisions
        except sqlite3.Error as error:
            self._start_over(error)
            raise

    def _start_over(self, error: sqlite3.Error) -> None:
        """Closes this thread's connection after a fault. A damaged file is deleted: it may be lost."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def _tidy_sometimes(self, connection: sqlite3.Connection) -> None:
        now = time.time()
        if not self._tidied_at <= now < self._tidied_at + TIDY_EVERY and _tidy(connection, now) < TIDY_AT_ONCE:
            self._tidied_at = now

    def tidy(self) -> None:
        """Deletes windows that have passed."""
        with _transaction(self._connection):
            _tidy(self._connection, time.time())

    def forget(self, bucket: str, seconds: int) -> None:
        self._connection.execute("DELETE FROM moving_windows WHERE bucket = ?", (name_of(bucket, seconds),))

    def reset(self) -> None:
        self._connection.execute("DELETE FROM moving_windows")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switching does not wait for other processes that switch, so it is tried again."""
    for tries_left in reversed(range(100)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or not tries_left:
                raise
            time.sleep(0.05)


class _transaction:
    """A transaction that holds the write lock from its beginning."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:  # SQLite has rolled back already when the disk is full
            self._connection.execute("ROLLBACK")


def _hit(connection: sqlite3.Connection, name: str, limit: int, seconds: int) -> Decision:
    now = time.time()
    row = connection.execute("SELECT hits FROM moving_windows WHERE bucket = ?", (name,)).fetchone()
    hits = array("d", row[0] if row else b"")
    ahead = hits[-1] - now if hits else 0.0
    if ahead > 0:
        # The clock has stepped back. The hits keep their distances and the newest one is now: none leaves the window
        # too early, and the wait is no longer than the window.
        hits = array("d", [hit - ahead for hit in hits])
    hits = hits[bisect_right(hits, now - seconds) :]
    allowed = len(hits) < limit
    if allowed:
        hits.append(now)
    if allowed or ahead > 0:
        values = (name, hits.tobytes(), seconds, now + seconds)
        connection.execute("INSERT OR REPLACE INTO moving_windows VALUES (?, ?, ?, ?)", values)
    # A refused one waits until fewer than the limit are left: hits may have been counted with a higher limit before.
    first = now if not hits else hits[0] if allowed else hits[-limit]
    return Decision(allowed, limit, limit - len(hits) if allowed else 0, first + seconds)


def _tidy(connection: sqlite3.Connection, now: float) -> int:
    """Deletes windows that have passed. Returns how many."""
    # Windows of a clock that was ahead end as if their newest hit were now.
    connection.execute(
        "UPDATE moving_windows SET ends = ?1 + seconds WHERE ends > ?1 AND ends > ?1 + seconds + 1", (now,)
    )
    old = "SELECT bucket FROM moving_windows WHERE ends <= ? LIMIT ?"
    return connection.execute(f"DELETE FROM moving_windows WHERE bucket IN ({old})", (now, TIDY_AT_ONCE)).rowcount


def name_of(bucket: str, seconds: int) -> str:
    """The key of a bucket, which may be counted in windows of different lengths."""
    return f"{bucket}/{seconds}"


class Limiter:
    """Counts hits in named buckets.

    When hits cannot be counted (a full disk, no Redis), a hit is allowed unless it is `guarded`: then the request is
    refused, because what cannot be counted can be guessed.
    """

    def __init__(self, config: Config) -> None:
        self._windows = _in_redis(config.redis_url) if config.redis_url else FileWindows(_file(config))
        self._lock = threading.Lock()
        self._logged_at = -math.inf
        self.uncounted = 0
        """Hits that could not be counted since this process began."""

    def hit(self, bucket: str, limit: int, window_seconds: int = 60, *, guarded: bool = False) -> Decision:
        """Counts one hit if it is allowed; a refused one does not count."""
        return self._hit_all([(bucket, limit)], window_seconds, guarded)[0]

    def hit_all(self, buckets: Sequence[tuple[str, int]]) -> Decision:
        """Hits the buckets in order, stopping at the first that refuses; returns the tightest decision.

        The caller's own bucket comes first, so that a noisy key does not use up the limit of its organization.
        """
        decisions = self._hit_all(buckets, 60, guarded=False)
        if not decisions[-1].allowed:
            return decisions[-1]
        return min(decisions, key=lambda decision: decision.remaining)

    def _hit_all(self, buckets: Sequence[tuple[str, int]], seconds: int, guarded: bool) -> list[Decision]:
        try:
            return self._windows.hit_all(buckets, seconds)
        except self._windows.faults as error:
            self._note(error)
            if guarded:
                raise Unavailable(
                    "We cannot check this right now. Nothing was done. Try again in a minute.",
                    headers={"Retry-After": "60"},
                ) from None
            ends = time.time() + seconds
            return [Decision(True, limit, limit, ends) for _, limit in buckets]

    def _note(self, error: Exception) -> None:
        with self._lock:
            self.uncounted += 1
            if time.monotonic() < self._logged_at + LOG_EVERY:
                return
            self._logged_at = time.monotonic()
        log.error("rate limits cannot be counted", kind=type(error).__name__)

    def forget(self, bucket: str, window_seconds: int = 60) -> None:
        """Empties one bucket, with the seconds of its hits (after a correct password)."""
        try:
            self._windows.forget(bucket, window_seconds)
        except self._windows.faults as error:
            self._note(error)

    def tidy(self) -> None:
        """Deletes windows that have passed."""
        try:
            self._windows.tidy()
        except self._windows.faults as error:
            self._note(error)

    def reset(self) -> None:
        """Removes all hits (tests)."""
        self._windows.reset()


def _in_redis(url: str) -> "RedisWindows":
    # Imported only where it is used: its libraries are a tenth of what the app loads.
    from app.kernel.api.redis_windows import RedisWindows

    return RedisWindows(url)


def by_network(what: str, address: str | None) -> str:
    """The bucket of what one network does: an IPv4 address or a /64 of IPv6, where one visitor has every address."""
    return f"{what}:{network_of(address).removesuffix('/32')}"


def refuse(decision: Decision) -> None:
    """Raises RateLimited unless the decision allows the hit."""
    if not decision.allowed:
        raise RateLimited(
            f"Too many requests. The limit is {decision.limit} a minute; "
            f"try again in {decision.retry_after} seconds. Nothing was done.",
            headers=decision.headers,
        )


def _file(config: Config) -> Path:
    """The path: beside an SQLite database, else in the temporary folder by database and user; in tests a new one."""
    if config.testing:
        return Path(tempfile.mkdtemp(prefix="session-desk-")) / "limits.sqlite3"
    if config.sqlite and "///" in config.database_url and ":memory:" not in config.database_url:
        return Path(f"{config.database_url.split('///', 1)[1]}.limits")
    name = hashlib.sha256(config.database_url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"session-desk-{os.getuid()}-{name}" / "limits.sqlite3"
