"""Web processes are killed under load with retried idempotency keys: a row a key, and nothing acknowledged is lost."""

import random
import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import select

from app.depositions.models import Deposition
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.faults import bugs
from tests.faults.load import Load
from tests.faults.results import LONG, long_only, note, rounds
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

Serve = Callable[..., Server]
MANY = 100
ORGANIZATIONS = ("marston", "harbor", "quill", "fern")


def web_processes(server: Server) -> list[psutil.Process]:
    """The processes that answer requests: children of the main one."""
    return psutil.Process(server.process.pid).children()


def kill_under_load(
    serve: Serve, cast: Cast, kills: int, bug: str | None = None, enough: Callable[[Load], bool] = lambda _: False
) -> tuple[Load, int]:
    """Kills so many times, or until it is enough. Returns the load and how many processes were killed."""
    server = serve(workers=2, **bugs.environment(bug))
    load = Load(server.port, [cast.headers("depositions", slug) for slug in ORGANIZATIONS])
    killed = 0
    with load.running():
        for _ in range(kills):
            load.wait_for(3)
            time.sleep(random.uniform(0, 0.05))
            for process in web_processes(server)[: random.randint(1, 2)]:
                process.kill()
                killed += 1
            if enough(load):
                break
    return load, killed


def titles(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(select(Deposition.title)))


def test_every_key_makes_one_row(serve: Serve, cast: Cast, database: Database) -> None:
    load, killed = kill_under_load(serve, cast, rounds(1))
    assert killed
    stored = titles(database)
    assert load.wrong == []
    assert sorted(stored) == sorted(load.sent), "a row for each key, and one alone"
    assert load.acked.keys() == load.sent
    note(
        "web process SIGKILLed under load with retried keys",
        database.writer.dialect.name,
        killed,
        f"{len(stored):,} keys, {load.unanswered} requests unanswered, 0 lost, 0 twice",
    )


@long_only
@pytest.mark.parametrize("bug", ["keys_are_ignored", "acknowledged_too_early"])
def test_the_measure_notices(serve: Serve, cast: Cast, database: Database, bug: str) -> None:
    def broken(load: Load) -> bool:
        acknowledged = set(load.acked)
        stored = titles(database)
        return len(stored) != len(set(stored)) or not acknowledged <= set(stored)

    # A kill meets the moment between a commit and its answer by luck: six did not on a busy machine.
    load, killed = kill_under_load(serve, cast, MANY, bug, broken)
    stored = titles(database)
    assert sorted(stored) != sorted(load.sent)
    twice, lost = len(stored) - len(set(stored)), len(load.sent - set(stored))
    note(f"planted: {bug}", database.writer.dialect.name, killed, f"noticed, {lost} lost, {twice} twice")


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bug", [None, "gives_up"])
def test_all_die_again_at_once(serve: Serve, cast: Cast, bug: str | None) -> None:
    """Each time that the web processes are there again, they are killed: the site comes back every time."""
    server = serve(workers=2, **bugs.environment(bug))
    ended, ends = set[int](), time.monotonic() + 60
    while len(ended) < 6 and server.process.poll() is None and time.monotonic() < ends:
        for process in web_processes(server) if server.process.poll() is None else ():
            ended.add(process.pid)
            process.kill()
        time.sleep(0.05)
    if bug:
        assert server.process.poll() is not None
        note(f"planted: {bug}", "sqlite", len(ended), "noticed, the site was gone")
        return
    assert server.process.poll() is None
    load = Load(server.port, [cast.headers("depositions", "marston")])
    with load.running():
        load.wait_for(3)
    assert load.wrong == []
    note("web processes killed as soon as they start", "sqlite", len(ended), "the site came back every time")
