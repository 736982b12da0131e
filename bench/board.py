"""`./dev bench board [ROWS,ROWS] [sqlite|postgresql]`: what the boards cost in CPU at two sizes of the table.

The same sixty sessions stand on one day of both databases, so that only the size of the table differs. The pages are
asked for within this process, whole, as a scheduler who is signed in: of both sizes in turn, so that whatever else the
machine does meets both alike. What PostgreSQL spends counts.
"""

import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from flask.testing import FlaskClient
from psutil import Process
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from app import create_app
from app.config import Config
from app.depositions.models import State
from app.kernel import clock
from app.kernel.db import schema
from app.kernel.db.engine import Database
from bench import rows, world
from bench.data import PostgreSQL, Sqlite, Target
from bench.load import tree
from tests import postgres

SIZES = (10_000, 1_000_000)
WRITTEN = 10_000
"""Rows that are written one by one; the database multiplies them."""
SESSIONS, TIMES = 60, 50
AWAY = timedelta(days=90)
"""How far ahead the day is: beyond every other session of the data."""
TOLERANCE = 1.1
ROOMS = ("depositions", "managers")
"""The tables that are filled."""
DATABASES = ("sqlite", "postgresql")


def fill(database: Database, n: int, now: datetime) -> None:
    """The world and n depositions, of which SESSIONS are moved to the day that is shown."""
    with database.write() as db:
        world.build(db, now)
    url = database.url
    database.dispose()
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    target: Target = Sqlite(str(url.database)) if database.sqlite else PostgreSQL(address)
    target.strip()
    written = WRITTEN if n % WRITTEN == 0 else n
    for given in rows.everything(written, now):
        if given.table in ROOMS:
            target.write(given)
    multiply(target, written, n // written)
    target.count()
    target.dress()
    day = (now + AWAY).replace(hour=13, minute=0, second=0, microsecond=0)
    states = (State.INITIAL, State.SCHEDULED, State.SCHEDULED)
    with database.write() as db:
        for at in range(SESSIONS):
            starts = day + timedelta(minutes=15 * (at % 32))
            values = {"id": n - at, "starts": starts, "ends": starts + timedelta(hours=1)}
            if database.sqlite:
                values |= {"starts": rows.moment(starts), "ends": rows.moment(starts + timedelta(hours=1))}
            db.execute(
                text("UPDATE depositions SET starts_at = :starts, ends_at = :ends, state = :state WHERE id = :id"),
                {**values, "state": states[at % 3].value},
            )


def multiply(target: Target, written: int, times: int) -> None:
    """Makes so many of each deposition that was written, with ids and links of their own."""
    new = {
        "id": f"id + k * {written}",
        "remote_session_id": target.uuid(
            "substr(CAST(remote_session_id AS VARCHAR), 1, length(CAST(remote_session_id "
            "AS VARCHAR)) - 8) || substr(CAST(100000000 + k AS VARCHAR), 2)"
        ),
        "slug": "slug || '-' || k",
    }
    names = ", ".join(rows.DEPOSITIONS)
    values = ", ".join(new.get(name, name) for name in rows.DEPOSITIONS)
    target.run(
        f"WITH RECURSIVE series (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM series WHERE k < {times - 1}) "
        f"INSERT INTO depositions ({names}) SELECT {values} FROM depositions CROSS JOIN series WHERE k < {times}"
    )


def pages(now: datetime) -> dict[str, str]:
    """The addresses by what they are."""
    day = (now + AWAY).date()
    return {
        "board, a day": f"/depositions/board?day={day}",
        "board, a day, filtered": f"/depositions/board?day={day}&zone=America/Bogota",
        "board, a week": f"/depositions/board?week={day}",
    }


def signed_in(database: Database, email: str = next(iter(world.PEOPLE))) -> FlaskClient:
    """Somebody of the bench, the scheduler unless another is named."""
    client = create_app(database.config, database).test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert found is not None
    typed = {"csrf_token": found[1], "email": email, "password": world.PASSWORD}
    answer = client.post("/sign-in", data=typed)
    assert answer.status_code == 303, answer.status
    return client


class Asking(Protocol):
    """Who asks for pages."""

    def get(self, url: str, /) -> TestResponse: ...


class Server:
    """Where the databases lie, and the processes of the database server."""

    def __init__(self, url: Callable[[int], str], processes: Callable[[], list[Process]]) -> None:
        self.url, self.processes = url, processes


@contextmanager
def server(name: str, folder: Path) -> Iterator[Server]:
    if name == "sqlite":
        yield Server(lambda n: f"sqlite:///{folder / f'{n}.sqlite3'}", list)
        return
    started = postgres.start(folder, {**postgres.SETTINGS, "shared_buffers": "512MB", "autovacuum": "off"})
    pid = int((started.pgdata / "postmaster.pid").read_text().split()[0])
    engine = create_engine(
        started.get_uri().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )

    def url(n: int) -> str:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE rows_{n}")
        return engine.url.set(database=f"rows_{n}", drivername="postgresql").render_as_string(hide_password=False)

    try:
        yield Server(url, lambda: tree(pid))
    finally:
        engine.dispose()
        started.cleanup()


def spent(processes: Sequence[Process]) -> float:
    """Seconds on the processor so far, to the nanosecond: a query takes less than the ticks that others count."""
    return sum(int(Path(f"/proc/{one.pid}/schedstat").read_text().split()[0]) for one in processes) / 1e9


class Cost(NamedTuple):
    """CPU milliseconds of a page: the median of some."""

    own: float
    database: float

    @property
    def total(self) -> float:
        return self.own + self.database


def measured(clients: Sequence[Asking], url: str, server: Server) -> list[Cost]:
    """What a page costs each client."""
    found: list[list[Cost]] = [[] for _ in clients]
    processes = list[Process]()
    for at in range(TIMES + 5):
        processes = server.processes() if at == 5 else processes
        for each, client in zip(found, clients, strict=True):
            before, began = spent(processes), time.process_time()
            answer = client.get(url)
            ended, after = time.process_time(), spent(processes)
            assert answer.status_code == 200, (url, answer.status)
            if at >= 5:
                each.append(Cost((ended - began) * 1000, (after - before) * 1000))
    return [Cost(*(statistics.median(each) for each in zip(*costs, strict=True))) for costs in found]


class Subject(NamedTuple):
    """What is compared at sizes of its table: how the table is filled, who asks at a size, and for which pages."""

    fill: Callable[[Database, int, datetime], None]
    asking: Callable[[Database, int], Asking]
    pages: Mapping[str, str]


def costs(name: str, sizes: Sequence[int], subject: Subject, now: datetime) -> dict[str, list[Cost]]:
    """What each page costs at each size."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory()))
        place = undo.enter_context(server(name, folder))
        clients = []
        for n in sizes:
            began = time.monotonic()
            database = Database(Config(database_url=place.url(n), log_level="ERROR"))
            undo.callback(database.dispose)
            schema.upgrade(database)
            subject.fill(database, n, now)
            print(f"{name}: {n:,} rows in {time.monotonic() - began:.0f} s", flush=True)
            clients.append(subject.asking(database, n))
        return {page: measured(clients, url, place) for page, url in subject.pages.items()}


def compare(given: list[str], subject: Subject, now: datetime) -> int:
    """Prints a table a database: what each page costs at each size. Returns 1 when one costs too much more."""
    names = [each for each in given if each in DATABASES] or DATABASES
    sizes = next(([int(n) for n in each.split(",")] for each in given if each not in DATABASES), list(SIZES))
    slow = False
    for name in names:
        found = costs(name, sizes, subject, now)
        sized = " | ".join(f"{n:,} rows, CPU ms" for n in sizes)
        print(f"| {name} | {sized} | ratio | of which the database |\n|---|{'---|' * (len(sizes) + 2)}")
        for page, values in found.items():
            ratio = values[-1].total / values[0].total
            slow |= ratio > TOLERANCE
            totals = " | ".join(f"{each.total:.2f}" for each in values)
            theirs = " / ".join(f"{each.database:.2f}" for each in values)
            print(f"| {page} | {totals} | {ratio:.2f} | {theirs} |", flush=True)
    return int(slow)


def main(given: list[str]) -> int:
    now = clock.now()
    return compare(given, Subject(fill, lambda database, _: signed_in(database), pages(now)), now)
