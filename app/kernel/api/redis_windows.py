"""Rate limits in Redis, which several machines share."""

import time
from collections.abc import Sequence

from limits.storage import RedisStorage
from redis.exceptions import RedisError

from app.kernel.api.rate_limits import Decision, name_of

REDIS_SECONDS = 1.0
"""Time-out of one call of Redis: every request waits for it."""


class RedisWindows:
    """Moving windows in Redis, for several machines. Redis itself drops a window that has passed."""

    faults = (OSError, RedisError)
    """What is raised when hits cannot be counted."""

    def __init__(self, url: str) -> None:
        self._storage = RedisStorage(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)

    def hit_all(self, buckets: Sequence[tuple[str, int]], seconds: int) -> list[Decision]:
        """Hits the buckets in order and stops at the first that refuses."""
        decisions = []
        for bucket, limit in buckets:
            name = name_of(bucket, seconds)
            allowed = self._storage.acquire_entry(name, limit, seconds)
            oldest, count = self._storage.get_moving_window(name, limit, seconds)
            # Redis drops a window after its seconds whatever a clock says, also one that was written by a clock ahead.
            ends = min(oldest, time.time()) + seconds
            decisions.append(Decision(allowed, limit, max(0, limit - count) if allowed else 0, ends))
            if not allowed:
                break
        return decisions

    def tidy(self) -> None:
        """Does nothing: Redis has done it."""

    def forget(self, bucket: str, seconds: int) -> None:
        self._storage.clear(name_of(bucket, seconds))

    def reset(self) -> None:
        self._storage.reset()
