"""The worker is killed while it works: nothing is lost, what comes twice has the same id."""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel.db.engine import Database
from app.kernel.outbox import claims, webhooks
from app.kernel.outbox.outbox import OutboxRow
from app.worker import MOST_AT_ONCE
from tests.faults.results import LONG, long_only, note, rounds
from tests.messages.receivers import HttpReceiver
from tests.messages.sending import promise
from tests.processes import Loaded
from tests.servers import environment

LEASE = 1.0
"""Seconds; short, so that orphans do not make the test wait half a minute each."""

EVENTS_A_KILL = 50 if LONG else 20

pytestmark = [
    pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),)),
    pytest.mark.timeout(3600 if LONG else 120),
]


@pytest.fixture
def sink() -> Iterator[HttpReceiver]:
    running = HttpReceiver()
    yield running
    running.stop()


class Victims:
    """Starts workers, one at a time."""

    def __init__(self, database: Database) -> None:
        self.names = environment(database.config)
        self.process: Loaded | None = None

    def start(self, lease: float = LEASE, *planted: str) -> None:
        self.process = Loaded("tests.faults.victim", [str(lease), *planted], self.names)

    def end(self, how: signal.Signals) -> int | None:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(40)


@pytest.fixture
def victims(database: Database) -> Iterator[Victims]:
    found = Victims(database)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        found.process.wait()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "It never came true."
        time.sleep(0.01)


def queued(database: Database) -> int:
    with database.read() as db:
        return db.execute(select(func.count()).where(OutboxRow.state == "queued")).scalar_one()


def promises(database: Database, sink: HttpReceiver, number: int) -> set[str]:
    made: set[str] = set()
    for start in range(0, number, 500):
        notices = [webhooks.notification(sink.url("/200"), {"n": n}, 1) for n in range(start, min(start + 500, number))]
        made |= {str(id) for id in promise(database, *notices)}
    return made


def kill_while_working(database: Database, sink: HttpReceiver, victims: Victims, kills: int, *planted: str) -> int:
    """Kills workers in the middle of their work. Returns how often that was."""
    done = 0
    while done < kills and queued(database):
        came = len(sink.requests)
        victims.start(LEASE, *planted)
        # A worker that finds only rows still leased to a dead one has nothing to be killed in.
        with contextlib.suppress(AssertionError):
            wait_until(lambda came=came: len(sink.requests) > came, 20)  # type: ignore[misc]  # bound at once
        time.sleep(random.uniform(0, 0.12))
        victims.end(signal.SIGKILL)
        done += 1
    return done


def deliver_the_rest(database: Database, sink: HttpReceiver, victims: Victims) -> set[str]:
    """Lets a last worker deliver what is left. Returns the id of one more message, without which there may be nothing
    left and the worker be told to stop before it listens."""
    more = promises(database, sink, 1)
    victims.start()
    wait_until(lambda: queued(database) == 0, 600 if LONG else 60)
    return more


def test_killed_in_the_middle(database: Database, sink: HttpReceiver, victims: Victims) -> None:
    kills = rounds(2)
    made = promises(database, sink, kills * EVENTS_A_KILL)
    killed = kill_while_working(database, sink, victims, kills)
    made |= deliver_the_rest(database, sink, victims)
    assert victims.end(signal.SIGTERM) == 0
    arrived = Counter(sink.ids())
    twice = sum(arrived.values()) - len(arrived)
    assert set(arrived) == made, "lost, or never promised"
    # A kill repeats at most what was on its way, several to a destination; over many kills that is less than one each.
    assert twice <= (killed if LONG else killed * MOST_AT_ONCE)
    note(
        "worker SIGKILLed while it delivers",
        database.writer.dialect.name,
        killed,
        f"{len(made):,} events, 0 lost, {twice} came twice with the same id",
    )


@long_only
def test_the_measure_notices_a_worker_that_marks_before_it_sends(
    database: Database, sink: HttpReceiver, victims: Victims
) -> None:
    made = promises(database, sink, 600)
    killed = kill_while_working(database, sink, victims, 12, "planted")
    made |= deliver_the_rest(database, sink, victims)
    victims.end(signal.SIGTERM)
    lost = len(made - set(sink.ids()))
    assert lost > 0
    note(
        "planted: marks before it sends",
        database.writer.dialect.name,
        killed,
        f"noticed, {lost} of {len(made)} lost",
    )


@long_only
def test_an_orphan_is_sent_again_within_a_minute(database: Database, sink: HttpReceiver, victims: Victims) -> None:
    made = promises(database, sink, 1)
    hanging = [webhooks.notification(sink.url("/hang"), {}, 1)]
    (orphan,) = promise(database, *hanging)
    victims.start(claims.LEASE)
    wait_until(lambda: str(orphan) in sink.ids() and made <= set(sink.ids()))
    victims.end(signal.SIGKILL)
    died = time.monotonic()
    victims.start(claims.LEASE)
    wait_until(lambda: sink.ids().count(str(orphan)) == 2, 70)
    waited = time.monotonic() - died
    victims.end(signal.SIGKILL)
    assert waited <= 60
    note("orphan of a killed worker", database.writer.dialect.name, 1, f"sent again after {waited:.0f} s")


def test_told_to_stop_it_finishes_and_gives_the_rest_back(
    database: Database, sink: HttpReceiver, victims: Victims
) -> None:
    made = promises(database, sink, 300)
    stops = 0
    for _ in range(min(rounds(1), 20)):
        if not queued(database):
            break
        came = len(sink.requests)
        victims.start()
        wait_until(lambda came=came: len(sink.requests) > came, 20)  # type: ignore[misc]  # bound at once
        assert victims.end(signal.SIGTERM) == 0
        stops += 1
        with database.read() as db:
            rows: list[Any] = list(db.execute(select(OutboxRow.__table__)))
        assert all(row.lease_token is None and row.lease_until is None for row in rows)
        assert all(row.attempts == (1 if row.state == "sent" else 0) for row in rows)
        sent = {str(row.id) for row in rows if row.state == "sent"}
        assert sent == set(sink.ids())
    assert set(sink.ids()) <= made
    assert len(sink.ids()) == len(set(sink.ids())), "nothing came twice"
    note(
        "SIGTERM while it delivers",
        database.writer.dialect.name,
        stops,
        f"{len(sink.ids())} sent once each, every lease released",
    )
