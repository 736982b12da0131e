"""The running worker: whoever hangs or fails holds up nobody else, and stopping loses nothing."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Delivery, Message, OutboxRow, TemporaryFailure
from app.wiring import Sweep
from app.worker import SHARE, Worker
from tests.messages.sending import HANDLERS, promise
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


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> float:
    """Waits until it is true. Returns how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "It never came true."
        time.sleep(0.01)
    return time.monotonic() - began


class Receivers:
    """Stands for many hosts: those named in `hanging` answer only when released."""

    def __init__(self) -> None:
        self.took: list[Delivery] = []
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.released = threading.Event()

    def __call__(self, delivery: Delivery) -> None:
        host = delivery.destination
        self.busy[host] += 1
        self.most[host] = max(self.most[host], self.busy[host])
        try:
            if host.startswith("hanging"):
                self.released.wait(20)
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


def test_a_hanging_host_delays_others_by_two_seconds_at_most(database: Database, hosts: Receivers) -> None:
    promise(database, *(to("hanging") for _ in range(40)))
    with working(database):
        time.sleep(0.4)
        promise(database, *(to("quick") for _ in range(20)))
        assert eventually(lambda: len(hosts.took) == 20) < 2
        assert hosts.most["hanging"] == 1
        hosts.released.set()


def test_twenty_hosts_that_hang_at_once(database: Database, hosts: Receivers) -> None:
    promise(database, *(to(f"hanging-{n % 20}") for n in range(100)))
    with working(database):
        promise(database, to("quick", "job:test.other"))
        assert eventually(lambda: len(hosts.took) == 1) < 2
        hosts.released.set()


def test_hosts_that_answered_once_and_hang_now(database: Database, hosts: Receivers) -> None:
    hosts.released.set()
    with working(database) as worker:
        worker._answering |= {f"hanging-{n}" for n in range(12)}
        hosts.released.clear()
        promise(database, *(to(f"hanging-{n % 12}") for n in range(240)))
        time.sleep(1)
        promise(database, to("quick", "job:test.other"))
        assert eventually(lambda: len(hosts.took) == 1) < 2
        assert max(hosts.most.values()) <= SHARE
        hosts.released.set()


def test_a_failing_host_and_an_endless_queue_delay_nobody(database: Database, hosts: Receivers) -> None:
    promise(database, *(to("failing") for _ in range(200)))
    with working(database):
        time.sleep(0.2)
        promise(database, to("quick"))
        assert eventually(lambda: len(hosts.took) == 1) < 2


def test_stopping_gives_back_what_was_not_started(database: Database, hosts: Receivers) -> None:
    promise(database, *(to("hanging") for _ in range(12)))
    with working(database):
        eventually(lambda: hosts.busy["hanging"] == 1)
        time.sleep(0.2)
        threading.Timer(0.3, hosts.released.set).start()
    with database.read() as db:
        rows = db.execute(select(OutboxRow.__table__)).all()
    assert all(row.lease_token is None and row.lease_until is None for row in rows)
    tried = [row for row in rows if row.last_error]
    assert len(tried) == 1, "a lane that has not answered yet has one at a time"
    assert all(row.attempts == (1 if row.last_error else 0) for row in rows)


def test_a_lease_is_renewed_while_the_work_lasts(database: Database, hosts: Receivers) -> None:
    promise(database, to("hanging"))
    with working(database, lease=0.6), working(database, lease=0.6):
        eventually(lambda: hosts.busy["hanging"] == 1)
        time.sleep(1.2)
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
    away = threading.Event()
    away.set()
    write = database.write

    def refusing() -> Any:
        if away.is_set():
            raise OperationalError("", {}, Exception("the database is away"))
        return write()

    monkeypatch.setattr(database, "write", refusing)
    with working(database):
        time.sleep(0.3)
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
