"""Clients that go on while something breaks: they retry under the same key, and keep what they were answered."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from tests.depositions.test_bad_input import GOOD

TIMEOUT = 30.0
PAUSE = 0.02


class Load:
    """Threads that create depositions with idempotency keys, and threads that read.

    `acked` are the ids by key; `statuses` counts all answers; `wrong` are those that no fault excuses.
    """

    def __init__(self, port: int, headers: list[dict[str, str]], reads: tuple[str, ...] = ()) -> None:
        self.port, self.headers, self.reads = port, headers, reads
        self.sent: set[str] = set()
        self.acked: dict[str, Any] = {}
        self.statuses: Counter[int] = Counter()
        self.read_statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.unanswered = 0
        self.slowest = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def create(self, http: urllib3.PoolManager, key: str, headers: dict[str, str]) -> None:
        """One request, tried again until it is answered for good."""
        body = json.dumps({"session_request": {**GOOD, "remote_session": {**GOOD["remote_session"], "title": key}}})
        wanted = {**headers, "Content-Type": "application/json", "Idempotency-Key": key}
        with self._lock:
            self.sent.add(key)
        while not self._stop.is_set() or key in self.sent - self.acked.keys():
            answer = self._ask(http, "POST", "/api/v1/session_requests", wanted, body)
            if answer is None:
                time.sleep(PAUSE)
                continue
            with self._lock:
                self.statuses[answer.status] += 1
                if answer.status in (200, 201):
                    self.acked[key] = json.loads(answer.data)
                    return
            if answer.status not in (429, 503, 409) or "Retry-After" not in answer.headers:
                self.wrong.append(f"POST {answer.status} {answer.data[:300]!r}")
                return
            time.sleep(PAUSE + random.random() * PAUSE)

    def _ask(self, http: urllib3.PoolManager, method: str, path: str, headers: dict[str, str], body: str = "") -> Any:
        started = time.monotonic()
        try:
            answer = http.request(
                method, f"http://127.0.0.1:{self.port}{path}", headers=headers, body=body or None, retries=False
            )
        except urllib3.exceptions.HTTPError:
            self.unanswered += 1
            return None
        self.slowest = max(self.slowest, time.monotonic() - started)
        return answer

    def _write(self, number: int) -> None:
        http, n = urllib3.PoolManager(timeout=TIMEOUT), 0
        while not self._stop.is_set():
            n += 1
            self.create(http, f"key-{number}-{n}", self.headers[(number + n) % len(self.headers)])
            time.sleep(PAUSE)

    def _read(self) -> None:
        http = urllib3.PoolManager(timeout=TIMEOUT)
        while not self._stop.is_set():
            for path in self.reads:
                headers = self.headers[0] if path.startswith("/api") else {}
                answer = self._ask(http, "GET", path, headers)
                if answer is not None:
                    with self._lock:
                        self.read_statuses[answer.status] += 1
            time.sleep(PAUSE)

    @contextmanager
    def running(self, writers: int = 3, readers: int = 1) -> Iterator[None]:
        """Goes on until the block ends; then finishes what was begun."""
        threads = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(writers)]
        threads += [threading.Thread(target=self._read, daemon=True) for _ in range(readers if self.reads else 0)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(90)
                assert not thread.is_alive(), "A request was never answered for good."

    def wait_for(self, acked: int, seconds: float = 60) -> None:
        """Until so many more requests were answered for good."""
        goal, ends = len(self.acked) + acked, time.monotonic() + seconds
        while len(self.acked) < goal:
            assert time.monotonic() < ends, f"Nothing is answered any more: {self.statuses}, {self.wrong[:3]}"
            time.sleep(0.01)
