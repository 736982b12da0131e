"""The worker is killed while it writes held decisions down: none lost, none twice, whatever the moment."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from app.dashboard.undo.models import PendingDecision
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.faults.results import LONG, note, rounds
from tests.outgoing import Outbox
from tests.prescreens.decisions import decide
from tests.prescreens.factories import prescreen, stored
from tests.processes import Loaded
from tests.servers import environment

DECISIONS_A_KILL = 20
AT_ONCE = 2
"""Workers that run side by side."""

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

Start = Callable[[], list[Loaded]]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Starts real workers."""
    running: list[Loaded] = []

    def begin() -> list[Loaded]:
        begun = [Loaded("app.cli", ["worker"], environment(database.config)) for _ in range(AT_ONCE)]
        running.extend(begun)
        return begun

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def pending(database: Database) -> int:
    with database.read() as db:
        return db.execute(select(func.count()).where(PendingDecision.state == "held")).scalar_one()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "It never came true."
        time.sleep(0.01)


def wait_until_all_are_written(database: Database, patience: float = 60) -> None:
    """Waits as long as one more is written now and then: thousands take their time."""
    left, ends = pending(database), time.monotonic() + patience
    while left:
        assert time.monotonic() < ends, f"{left} decisions wait, and nobody writes them down."
        time.sleep(0.05)
        now_left = pending(database)
        if now_left < left:
            left, ends = now_left, time.monotonic() + patience


def test_killed_in_the_middle_by_two(database: Database, cast: Cast, outbox: Outbox, start: Start) -> None:
    kills = rounds(2)
    ids: list[Any] = []
    killed = 0
    for _ in range(kills):
        for n in range(DECISIONS_A_KILL):
            ids.append(prescreen(database, cast.marston.id, given={"email": f"p{len(ids)}@example.com"}))
            decide(database, cast, ids[-1], "deny" if n % 2 else "approve", seconds=1)
        before = pending(database)
        workers = start()
        wait_until(lambda before=before: pending(database) < before)  # type: ignore[misc]  # bound at once
        time.sleep(random.uniform(0, 0.08))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait(40)
        killed += len(workers)
    workers = start()
    wait_until_all_are_written(database)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    # One of the two may have written all of it down while the other was still starting, and not listening yet.
    assert {worker.wait(40) for worker in workers} <= {0, -signal.SIGTERM}
    emails = Counter(row.subject_id for row in outbox.rows("email"))
    assert emails == {str(id): 2 for id in ids}, "one that the answers came, one decision"
    words = ["denied" if place % 2 else "approved" for place in range(len(ids))]
    assert [stored(database, id).review_status for id in ids] == words
    with database.read() as db:
        decided = select(func.count()).where(Event.kind.in_(("prescreen.approved", "prescreen.denied")))
        assert db.execute(decided).scalar_one() == len(ids)
    note(
        "two workers SIGKILLed while they write holds down",
        database.writer.dialect.name,
        killed,
        f"{len(ids):,} held decisions, 0 lost, 0 twice",
    )
