"""The running worker: a slow or failing destination delays no other, and stopping loses nothing."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import worker as worker_module
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.outbox import claims
from app.kernel.outbox.outbox import Delivery, Message, OutboxRow, TemporaryFailure
from app.wiring import Sweep
from app.worker import BATCH, MOST_AT_ONCE, SLOW_AFTER, THREADS, Worker
from tests.messages.sending import HANDLERS, promise, row_of
from tests.messages.sending import worker as delivering


@contextmanager
def working(database: Database, sweeps: tuple[Sweep, ...] = (), **more: Any) -> Iterator[Worker]:
    """A worker that runs in a thread of its own until the block ends."""
    worker, stop = delivering(database, sweeps, **more), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until it is true. The limit is for failures alone: no test depends on how fast the machine is."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "It never came true."
        time.sleep(0.01)


class Receivers:
    """Stands for many hosts: those whose names begin with `hanging` answer only when released.

    `started` are the hosts in the order in which the worker turned to them. Each start may cost the next SLOW_AFTER, so
    their number says how long a delivery waited, on a fast machine and on a slow one.
    """

    def __init__(self) -> None:
        self.took: list[Delivery] = []
        self.started: list[str] = []
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.released = threading.Event()

    def __call__(self, delivery: Delivery) -> None:
        host = delivery.destination
        self.started.append(host)
        self.busy[host] += 1
        self.most[host] = max(self.most[host], self.busy[host])
        try:
            if host.startswith("hanging"):
                self.released.wait(90)
                raise TemporaryFailure("It did not answer.")
            if host.startswith("failing"):
                raise TemporaryFailure("It answered 500.")
            self.took.append(delivery)
        finally:
            self.busy[host] -= 1

    def ids(self) -> list[str]:
        return [str(delivery.id) for delivery in self.took]


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    receivers = Receivers()
    monkeypatch.setitem(HANDLERS, "job:test.host", receivers)
    monkeypatch.setitem(HANDLERS, "job:test.other", receivers)
    yield receivers
    receivers.released.set()


def to(host: str, channel: str = "job:test.host") -> Message:
    return Message(channel, {}, destination=host)


def states(database: Database) -> Counter[str]:
    with database.read() as db:
        return Counter(db.scalars(select(OutboxRow.state)))


def test_everything_goes_once(database: Database, hosts: Receivers) -> None:
    ids = promise(database, *(to(f"host-{n % 7}") for n in range(60)))
    with working(database):
        eventually(lambda: states(database)["sent"] == 60)
    assert sorted(hosts.ids()) == sorted(map(str, ids))


WAIT_AT_MOST = 2.0
"""Seconds that hosts which hang may cost the others, by the worker's own waiting."""


def test_a_hanging_host_delays_others_by_its_first_delivery(database: Database, hosts: Receivers) -> None:
    promise(database, *(to("hanging") for _ in range(40)))
    with working(database):
        eventually(lambda: hosts.busy["hanging"] == 1)
        promise(database, *(to("quick") for _ in range(20)))
        eventually(lambda: len(hosts.took) == 20)
        assert hosts.started == ["hanging"] + 20 * ["quick"]
        hosts.released.set()


def test_twenty_hosts_that_hang_at_once(database: Database, hosts: Receivers) -> None:
    promise(database, *(to(f"hanging-{n % 20}") for n in range(100)))
    with working(database):
        promise(database, to("quick", "job:test.other"))
        eventually(lambda: len(hosts.took) == 1)
        before = hosts.started[: hosts.started.index("quick")]
        assert len(before) * SLOW_AFTER < WAIT_AT_MOST
        assert set(Counter(before).values()) <= {1}
        hosts.released.set()


def test_hosts_that_answered_once_and_hang_now(database: Database, hosts: Receivers) -> None:
    hosts.released.set()
    with working(database) as worker:
        worker._responsive |= {f"hanging-{n}" for n in range(12)}
        hosts.released.clear()
        promise(database, *(to(f"hanging-{n % 12}") for n in range(240)))
        eventually(lambda: len(worker._ready) + len(worker._in_flight) >= THREADS // 2 and not worker._ready_to_start())
        promise(database, to("quick", "job:test.other"))
        eventually(lambda: len(hosts.took) == 1)
        assert hosts.started.index("quick") * SLOW_AFTER < WAIT_AT_MOST
        assert max(hosts.most.values()) <= MOST_AT_ONCE
        hosts.released.set()


def test_a_failing_host_and_an_endless_queue_delay_nobody(database: Database, hosts: Receivers) -> None:
    promise(database, *(to("failing") for _ in range(200)))
    with working(database):
        eventually(lambda: hosts.started.count("failing") >= 3)
        promise(database, to("quick"))
        waiting = len(hosts.started)
        eventually(lambda: len(hosts.took) == 1)
        assert hosts.started.index("quick") - waiting <= BATCH


def test_stopping_gives_back_what_was_not_started(
    database: Database, hosts: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(database, *(to("hanging") for _ in range(12)))
    with working(database) as worker:
        eventually(lambda: hosts.busy["hanging"] == 1)
        shut_down = worker._shut_down
        monkeypatch.setattr(worker, "_shut_down", lambda: (hosts.released.set(), shut_down()))
    with database.read() as db:
        rows = db.execute(select(OutboxRow.__table__)).all()
    assert all(row.lease_token is None and row.lease_until is None for row in rows)
    tried = [row for row in rows if row.last_error]
    assert len(tried) == 1, "a destination that has not answered yet gets one at a time"
    assert all(row.attempts == (1 if row.last_error else 0) for row in rows)


def test_a_lease_is_renewed_while_the_work_lasts(database: Database, hosts: Receivers) -> None:
    (id,) = promise(database, to("hanging"))
    with working(database, lease=2), working(database, lease=2):
        eventually(lambda: hosts.busy["hanging"] == 1)
        first = row_of(database, id).lease_until
        eventually(lambda: now() > first + timedelta(seconds=0.5))  # the other worker has looked twice since
        assert row_of(database, id).lease_until > first
        assert hosts.most["hanging"] == 1
        hosts.released.set()


def test_a_sweep_that_fails_stops_neither_the_others_nor_the_mail(database: Database, hosts: Receivers) -> None:
    swept: list[datetime] = []

    def broken(_database: Database, _now: datetime) -> bool:
        raise RuntimeError("broken")

    def good(_database: Database, now: datetime) -> bool:
        swept.append(now)
        return False

    promise(database, to("quick"))
    with working(database, sweeps=(broken, good)):
        eventually(lambda: len(swept) >= 2 and len(hosts.took) == 1)


def test_a_database_that_is_away_for_a_while(
    database: Database, hosts: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = promise(database, to("quick"))
    away, refused = threading.Event(), threading.Event()
    away.set()
    write = database.write

    def refusing() -> Any:
        if away.is_set():
            refused.set()
            raise OperationalError("", {}, Exception("the database is away"))
        return write()

    monkeypatch.setattr(database, "write", refusing)
    with working(database):
        eventually(refused.is_set)
        assert hosts.took == []
        away.clear()
        eventually(lambda: states(database)["sent"] == 1)
    assert hosts.ids() == [str(id) for id in ids]


def test_an_outcome_outlives_a_database_that_is_away(
    database: Database, hosts: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(database, to("quick"))
    away = threading.Event()
    write = database.write

    def refusing() -> Any:
        if away.is_set():
            raise OperationalError("", {}, Exception("the database is away"))
        return write()

    def take(delivery: Delivery) -> None:
        away.set()
        hosts(delivery)

    monkeypatch.setattr(database, "write", refusing)
    monkeypatch.setitem(HANDLERS, "job:test.host", take)
    with working(database):
        eventually(lambda: len(hosts.took) == 1)
        away.clear()
        eventually(lambda: states(database)["sent"] == 1)
    assert len(hosts.took) == 1


def test_quick_hosts_are_served_by_one_thread(
    database: Database, hosts: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set[str]()

    def take(delivery: Delivery) -> None:
        threads.add(threading.current_thread().name)
        hosts(delivery)

    monkeypatch.setattr(worker_module, "SLOW_AFTER", 3600.0)  # on whatever machine
    monkeypatch.setitem(HANDLERS, "job:test.host", take)
    promise(database, *(to(f"quick-{n}") for n in range(BATCH)))
    with working(database):
        eventually(lambda: states(database)["sent"] == BATCH)
    assert len(hosts.took) == BATCH
    assert len(threads) == 1, "what one claim has brought needs no thread a message"


def test_a_delivery_that_breaks_stops_no_other(
    database: Database, hosts: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own, after an attempt: its row stays with its lease, the next one goes in another thread."""
    finish, broken = claims.finish, list[str]()

    def breaking(db: Db, row: claims.Claimed, *more: Any) -> bool:
        if not broken:
            broken.append(row.destination)
            raise AssertionError("planted")
        return finish(db, row, *more)

    monkeypatch.setattr(worker_module, "SLOW_AFTER", 3600.0)
    monkeypatch.setattr(claims, "finish", breaking)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    promise(database, *(to(f"quick-{n}") for n in range(BATCH)))
    with working(database) as worker:
        eventually(lambda: states(database)["sent"] == BATCH - 1)
        eventually(lambda: not worker._in_flight)
    assert states(database)["queued"] == 1
    assert len(hosts.took) == BATCH
