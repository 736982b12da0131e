"""The worker: delivers the messages of the outbox and runs the sweeps. Any number of processes may run at once.

Deliveries run one at a time while receivers answer quickly, so that a killed worker leaves at most one message whose
result is unknown. A delivery that takes longer than SLOW_AFTER no longer delays the others: the next one starts beside
it, up to MOST_AT_ONCE for a destination (one until it has answered) and half of all threads for a channel.
"""

import contextlib
import signal
import threading
import time
from collections import Counter
from datetime import datetime
from types import FrameType
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app import logs
from app.config import Config
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.outbox import claims
from app.kernel.outbox.claims import Claimed, Outcome
from app.kernel.outbox.outbox import DEAD, SENT, connections
from app.wiring import Sweep, Wiring, wire

log = structlog.get_logger("desk.worker")

THREADS = 64
MOST_AT_ONCE = 4
"""Deliveries at once to a destination that answers."""
BATCH = 8
"""Rows of one claim."""
SLOW_AFTER = 0.03
"""Seconds after which the next delivery starts beside one that is still running."""
IDLE = 0.25
"""Seconds between two looks for due rows."""
GRACE = 25.0
"""Seconds in which running deliveries may finish when the worker stops."""
SWEEP_AGAIN = 10.0
"""Seconds until a sweep that failed is run again."""


class Worker:
    """Claims rows, delivers them and writes the results."""

    def __init__(self, wiring: Wiring, lease: float = claims.LEASE) -> None:
        self.database = wiring.database
        self.handlers = wiring.handlers
        self.receipts = wiring.receipts
        self.sweeps = wiring.sweeps
        self.lease = lease
        self._changed = threading.Condition()
        self._ready: list[Claimed] = []
        self._in_flight: dict[Claimed, float] = {}
        self._responsive: set[str] = set()
        self._database_away = False
        self._claim_at = 0.0
        self._renew_at = time.monotonic() + lease / 3
        self._sweep_at: dict[Sweep, float] = {}

    def run_once(self, now: datetime | None = None) -> bool:
        """Sweeps, then delivers one batch of the rows due at `now`. Returns whether it found work. For tests."""
        now = now or clock.now()
        found = self._sweep(now)
        with self.database.read() as db:
            due = claims.anything_due(db, now)
        if not due:
            return found
        with self.database.write() as db:
            claimed = claims.claim(db, now, limit=16, lease=self.lease)
        with connections() as kept:
            for row in claimed:
                outcome = claims.attempt(self.database, row, now, self.handlers, kept)
                with self.database.write() as db:
                    claims.finish(db, row, outcome, now, now, self.receipts)
        return True

    def _sweep(self, now: datetime) -> bool:
        """Runs all sweeps. One that fails stops neither the others nor the deliveries; it runs again later."""
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

    def run(self, stop: threading.Event) -> None:
        """Works until `stop` is set, then finishes running deliveries and releases all other rows."""
        sweeping = threading.Thread(target=self._run_sweeps, args=(stop,), daemon=True, name="sweeps")
        sweeping.start()
        while not stop.is_set():
            try:
                self._renew()
                self._claim()
            except SQLAlchemyError as error:
                if not self._database_away:
                    log.warning("database not available", error=type(error).__name__)
                self._database_away = True
                stop.wait(1)
                continue
            self._database_away = False
            with self._changed:
                self._start_next()
                self._changed.wait(self._pause())
        self._shut_down()
        sweeping.join(timeout=5)

    def _limit(self, destination: str) -> int:
        """The concurrency limit of a destination: one until it has answered, then a few."""
        return MOST_AT_ONCE if destination in self._responsive else 1

    def _outstanding(self) -> Counter[str]:
        return Counter(row.destination for row in [*self._ready, *self._in_flight])

    def _ready_to_start(self) -> list[Claimed]:
        """Claimed rows whose destination is below its limit, the longest due first."""
        running = Counter(row.destination for row in self._in_flight)
        return [row for row in self._ready if running[row.destination] < self._limit(row.destination)]

    def _claim(self) -> None:
        """Claims further rows when it is time and there are few left to start."""
        with self._changed:
            if time.monotonic() < self._claim_at or len(self._ready_to_start()) >= BATCH:
                return
            outstanding = self._outstanding()
            channels = Counter(row.channel for row in [*self._ready, *self._in_flight])
            claimed_ids = [row.id for row in [*self._ready, *self._in_flight]]
        self._claim_at = time.monotonic() + IDLE
        if len(claimed_ids) >= 2 * THREADS:
            return
        now = clock.now()
        full = claims.Skipped(
            destinations={destination for destination, n in outstanding.items() if n >= self._limit(destination)},
            channels={channel for channel, n in channels.items() if n >= THREADS // 2},
        )
        with self.database.read(keep=True) as db:
            if not claims.anything_due(db, now, full):
                return
        with self.database.write() as db:
            accepted, dropped = self._claim_within_limits(db, now, full, claimed_ids, outstanding)
            if dropped:
                # The crowded destinations had the longest due rows; the others get what is left of the batch.
                crowded = {*full.destinations, *(row.destination for row in dropped)}
                others = claims.Skipped(destinations=crowded, channels=full.channels)
                ids = [*claimed_ids, *(row.id for row in accepted)]
                counted = outstanding + Counter(row.destination for row in accepted)
                more, _ = self._claim_within_limits(db, now, others, ids, counted)
                accepted += more
        if accepted:
            self._claim_at = 0.0
            with self._changed:
                self._ready += accepted

    def _claim_within_limits(
        self, db: Db, now: datetime, without: claims.Skipped, claimed_ids: list[UUID], outstanding: Counter[str]
    ) -> tuple[list[Claimed], list[Claimed]]:
        """Claims a batch and releases the rows beyond a destination's limit. Returns those kept and those released.

        So one slow receiver cannot fill the buffer.
        """
        claimed = claims.claim(db, now, limit=BATCH, lease=self.lease, without=without, claimed=claimed_ids)
        counts, kept = Counter(outstanding), []
        for row in claimed:
            if counts[row.destination] < (MOST_AT_ONCE + BATCH if row.destination in self._responsive else 1):
                counts[row.destination] += 1
                kept.append(row)
        released = [row for row in claimed if row not in kept]
        if released:
            claims.release(db, released)
        return kept, released

    def _next(self) -> Claimed | None:
        """Takes the first row below its limit; None while one has just begun, which the others wait for until it is
        slow."""
        now = time.monotonic()
        if len(self._in_flight) >= THREADS or any(now - started < SLOW_AFTER for started in self._in_flight.values()):
            return None
        for row in self._ready_to_start()[:1]:
            self._ready.remove(row)
            self._in_flight[row] = now
            return row
        return None

    def _start_next(self) -> None:
        """Starts the next row in a thread, which goes on with those that come after it as long as it is quick."""
        row = self._next()
        if row is not None:
            try:
                threading.Thread(target=self._deliver, args=(row,), daemon=True, name=f"deliver-{row.id}").start()
            except RuntimeError:  # the machine gives no more threads: it waits for one that ends
                del self._in_flight[row]
                self._ready.append(row)

    def _pause(self) -> float:
        """Seconds until there may be work, at most IDLE."""
        now = time.monotonic()
        youngest = max(self._in_flight.values(), default=0.0) + SLOW_AFTER - now
        if self._ready and youngest > 0:
            return youngest
        return min(max(self._claim_at - now, 0.001), IDLE)

    def _deliver(self, row: Claimed | None) -> None:
        """Makes one attempt at a row, and then at the next one, in a thread of its own.

        Whatever breaks, the row is let go: its lease is renewed no more and ends by itself.
        """
        with connections() as kept:
            while row is not None:
                responsive = goes_on = False
                try:
                    started = clock.now()
                    outcome = claims.attempt(self.database, row, started, self.handlers, kept)
                    responsive = outcome.state in (SENT, DEAD)
                    self._finish(row, outcome, started)
                    goes_on = True
                finally:
                    row = self._let_go(row, responsive, goes_on)

    def _let_go(self, row: Claimed, responsive: bool, goes_on: bool) -> Claimed | None:
        """Takes a row out of those that are being delivered, and keeps whether its destination has answered. Returns
        the next one for a thread that goes on."""
        with self._changed:
            del self._in_flight[row]
            if len(self._responsive) > 10_000:
                self._responsive.clear()
            (self._responsive.add if responsive else self._responsive.discard)(row.destination)
            wanted = self._outstanding()[row.destination] < self._limit(row.destination)
            if wanted:
                self._claim_at = 0.0
            following = self._next() if goes_on else None
            if wanted or following is None:
                self._changed.notify()
            return following

    def _finish(self, row: Claimed, outcome: Outcome, started: datetime) -> None:
        """Writes the result, and tries again while the database is not available.

        After the end of the lease another worker sends the message again under the same id.
        """
        ends = time.monotonic() + 2 * self.lease
        while time.monotonic() < ends:
            try:
                with self.database.write() as db:
                    if not claims.finish(db, row, outcome, started, clock.now(), self.receipts):
                        log.warning("delivery ended after its lease", delivery=str(row.id))
                return
            except SQLAlchemyError as error:
                log.warning("cannot finish yet", delivery=str(row.id), error=type(error).__name__)
                time.sleep(1)

    def _renew(self) -> None:
        """Renews the leases of claimed rows, three times in the life of a lease."""
        if time.monotonic() < self._renew_at:
            return
        with self._changed:
            claimed = [*self._ready, *self._in_flight]
        if claimed:
            with self.database.write() as db:
                claims.renew(db, claimed, clock.now(), self.lease)
        self._renew_at = time.monotonic() + self.lease / 3

    def _shut_down(self) -> None:
        """Releases rows that were not started and waits for running deliveries."""
        with self._changed:
            unstarted, self._ready = self._ready, []
        if unstarted:
            with contextlib.suppress(SQLAlchemyError), self.database.write() as db:
                claims.release(db, unstarted)
        ends = time.monotonic() + GRACE
        while self._in_flight and time.monotonic() < ends:
            with contextlib.suppress(SQLAlchemyError):
                self._renew()
            with self._changed:
                self._changed.wait(0.2)

    def _run_sweeps(self, stop: threading.Event) -> None:
        """Runs the sweeps until `stop` is set, beside the deliveries."""
        while not stop.is_set():
            found = self._sweep(clock.now())
            stop.wait(0.05 if found else 0.5)


def run(config: Config, stop: threading.Event) -> None:
    """Runs one worker until `stop` is set."""
    wiring = wire(config)
    try:
        Worker(wiring).run(stop)
    finally:
        wiring.database.dispose()


def main(config: Config) -> None:
    """Runs until SIGTERM or SIGINT."""
    logs.configure(config)
    stop = threading.Event()

    def request_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    run(config, stop)
