"""The worker: delivers what the outbox holds, and does what time asks for. As many processes as wanted.

One at a time while receivers answer quickly, so that a killed worker leaves at most one message whose fate is unknown.
Whoever takes longer than PATIENCE no longer holds the others up: it keeps a thread of its own, up to SHARE for its
lane (one until that lane has answered), half of all threads for its channel.
"""

import contextlib
import signal
import threading
import time
from collections import Counter
from datetime import datetime
from types import FrameType

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app import logs
from app.config import Config
from app.kernel import clock
from app.kernel.outbox import claims
from app.kernel.outbox.claims import Claimed, Outcome
from app.kernel.outbox.outbox import DEAD, SENT
from app.wiring import Sweep, Wiring, wire

log = structlog.get_logger("desk.worker")

THREADS = 64
SHARE = 4
BATCH = 8
PATIENCE = 0.03
IDLE = 0.25
GRACE = 25.0
SWEEP_AGAIN = 10.0


class Worker:
    """Claims, delivers, finishes. `run_once` does it in the calling thread, `run` until it is told to stop."""

    def __init__(self, wiring: Wiring, lease: float = claims.LEASE) -> None:
        self.database = wiring.database
        self.handlers = wiring.handlers
        self.sweeps = wiring.sweeps
        self.lease = lease
        self._changed = threading.Condition()
        self._ready: list[Claimed] = []
        self._flying: dict[Claimed, float] = {}
        self._answering: set[str] = set()
        self._away = False
        self._claim_at = 0.0
        self._renew_at = time.monotonic() + lease / 3
        self._sweep_at: dict[Sweep, float] = {}

    # For tests and `desk worker --once`: everything that is due, one after the other.

    def run_once(self, now: datetime | None = None) -> bool:
        """Sweeps, then delivers a batch of what is due at `now`. Says whether it found work."""
        now = now or clock.now()
        found = self._sweep(now)
        with self.database.read() as db:
            due = claims.anything_due(db, now)
        if not due:
            return found
        with self.database.write() as db:
            claimed = claims.claim(db, now, limit=16, lease=self.lease)
        for row in claimed:
            outcome = claims.attempt(self.database, row, now, self.handlers)
            with self.database.write() as db:
                claims.finish(db, row, outcome, now, now)
        return True

    def _sweep(self, now: datetime) -> bool:
        """One room's fault stops neither the others nor the mail; it is asked again after a while."""
        found = False
        for sweep in self.sweeps:
            if time.monotonic() < self._sweep_at.get(sweep, 0.0):
                continue
            try:
                found = bool(sweep(self.database, now)) or found
            except OperationalError:
                self._sweep_at[sweep] = time.monotonic() + 1
            except Exception as error:
                self._sweep_at[sweep] = time.monotonic() + SWEEP_AGAIN
                log.exception("sweep failed", sweep=repr(sweep), error=type(error).__name__)
        return found

    # The real thing.

    def run(self, stop: threading.Event) -> None:
        """Works until `stop` is set, then finishes what is on its way and gives the rest back."""
        housekeeping = threading.Thread(target=self._keep_house, args=(stop,), daemon=True, name="housekeeping")
        housekeeping.start()
        while not stop.is_set():
            try:
                self._renew()
                self._claim()
            except SQLAlchemyError as error:
                if not self._away:
                    log.warning("database not available", error=type(error).__name__)
                self._away = True
                stop.wait(1)
                continue
            self._away = False
            with self._changed:
                self._start_what_may()
                self._changed.wait(self._pause())
        self._leave()
        housekeeping.join(timeout=5)

    def _share(self, lane: str) -> int:
        """How many at a time a lane may have: one until it has answered, then a few."""
        return SHARE if lane in self._answering else 1

    def _outstanding(self) -> Counter[str]:
        return Counter(row.destination for row in [*self._ready, *self._flying])

    def _startable(self) -> list[Claimed]:
        """Rows at hand whose lane has a place free, the longest due first."""
        lanes = Counter(row.destination for row in self._flying)
        return [row for row in self._ready if lanes[row.destination] < self._share(row.destination)]

    def _claim(self) -> None:
        """Fills up the rows at hand, if it is time to look."""
        with self._changed:
            if time.monotonic() < self._claim_at or len(self._startable()) >= BATCH:
                return
            before = self._outstanding()
            channels = Counter(row.channel for row in [*self._ready, *self._flying])
            held = [row.id for row in [*self._ready, *self._flying]]
        self._claim_at = time.monotonic() + IDLE
        if len(held) >= 2 * THREADS:
            return
        now = clock.now()
        full = claims.Skipped(
            destinations={destination for destination, n in before.items() if n >= self._share(destination)},
            channels={channel for channel, n in channels.items() if n >= THREADS // 2},
        )
        with self.database.read() as db:
            if not claims.anything_due(db, now, full):
                return
        with self.database.write() as db:
            claimed = claims.claim(db, now, limit=BATCH, lease=self.lease, without=full, claimed=held)
            kept = self._kept(claimed, before)
            if len(kept) < len(claimed):
                claims.release(db, [row for row in claimed if row not in kept])
        if kept:
            self._claim_at = 0.0
            with self._changed:
                self._ready += kept

    def _kept(self, claimed: list[Claimed], before: Counter[str]) -> list[Claimed]:
        """What is not too much for its lane: a hanging receiver's rows must not crowd out the others at hand."""
        lanes, kept = Counter(before), []
        for row in claimed:
            if lanes[row.destination] < (BATCH if row.destination in self._answering else 1):
                lanes[row.destination] += 1
                kept.append(row)
        return kept

    def _start_what_may(self) -> None:
        """Starts the first row that has a place; the others wait for it to answer or to lose its patience."""
        now = time.monotonic()
        if len(self._flying) >= THREADS or any(now - started < PATIENCE for started in self._flying.values()):
            return
        for row in self._startable()[:1]:
            self._ready.remove(row)
            self._flying[row] = now
            threading.Thread(target=self._deliver, args=(row,), daemon=True, name=f"deliver-{row.id}").start()

    def _pause(self) -> float:
        """Seconds until there may be something to do, at most IDLE."""
        now = time.monotonic()
        youngest = max(self._flying.values(), default=0.0) + PATIENCE - now
        if self._ready and youngest > 0:
            return youngest
        return min(max(self._claim_at - now, 0.001), IDLE)

    def _deliver(self, row: Claimed) -> None:
        """One attempt in a thread of its own."""
        started = clock.now()
        outcome = claims.attempt(self.database, row, started, self.handlers)
        self._finish(row, outcome, started)
        with self._changed:
            del self._flying[row]
            if len(self._answering) > 10_000:
                self._answering.clear()
            (self._answering.add if outcome.state in (SENT, DEAD) else self._answering.discard)(row.destination)
            if self._outstanding()[row.destination] < self._share(row.destination):
                self._claim_at = 0.0
            self._changed.notify()

    def _finish(self, row: Claimed, outcome: Outcome, started: datetime) -> None:
        """Writes the end down, also when the database is away for a while: until then the lease is renewed in vain,
        and afterwards somebody else sends it again under the same id."""
        ends = time.monotonic() + 2 * self.lease
        while time.monotonic() < ends:
            try:
                with self.database.write() as db:
                    if not claims.finish(db, row, outcome, started, clock.now()):
                        log.warning("delivery ended after its lease", delivery=str(row.id))
                return
            except SQLAlchemyError as error:
                log.warning("cannot finish yet", delivery=str(row.id), error=type(error).__name__)
                time.sleep(1)

    def _renew(self) -> None:
        """Keeps what is held, three times a lease."""
        if time.monotonic() < self._renew_at:
            return
        with self._changed:
            held = [*self._ready, *self._flying]
        if held:
            with self.database.write() as db:
                claims.renew(db, held, clock.now(), self.lease)
        self._renew_at = time.monotonic() + self.lease / 3

    def _leave(self) -> None:
        """Gives back what was not started, waits for what was."""
        with self._changed:
            unstarted, self._ready = self._ready, []
        if unstarted:
            with contextlib.suppress(SQLAlchemyError), self.database.write() as db:
                claims.release(db, unstarted)
        ends = time.monotonic() + GRACE
        while self._flying and time.monotonic() < ends:
            with contextlib.suppress(SQLAlchemyError):
                self._renew()
            with self._changed:
                self._changed.wait(0.2)

    def _keep_house(self, stop: threading.Event) -> None:
        """Lets the rooms do what time asks for, beside the deliveries."""
        while not stop.is_set():
            found = self._sweep(clock.now())
            stop.wait(0.05 if found else 0.5)


def run(config: Config, stop: threading.Event) -> None:
    """The worker process: until `stop` is set."""
    wiring = wire(config)
    try:
        Worker(wiring).run(stop)
    finally:
        wiring.database.dispose()


def main(config: Config) -> None:
    """Runs until SIGTERM or SIGINT."""
    logs.configure(config)
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    run(config, stop)
