"""`./dev bench contacts [ROWS,ROWS] [sqlite|postgresql]`: what contacts cost in CPU at two sizes of their table.

All contacts are of one organization, the worst case. Its list is asked for as an agent who is signed in, the API's
first and last pages with its key, within this process, of both sizes in turn, as in `./dev bench board`.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.roles import Product
from app.config import Config
from app.kernel import clock
from app.kernel.db import schema
from app.kernel.db.engine import Database
from bench import rows, world
from bench.board import DATABASES, SIZES, TOLERANCE, Cost, measured, server, signed_in
from bench.data import PostgreSQL, Sqlite, Target

AGENT, HOME = next((email, home) for email, (_, _, home) in world.PEOPLE.items() if home)
PRESCREENS = 10_000
PAGE, LAST = 25, "LAST"
"""Rows of a page of the API, and what stands in an address for the number of its last page."""
PAGES = {
    "API list, first page": f"/api/v1/contacts?limit={PAGE}",
    "API list, last page": f"/api/v1/contacts?limit={PAGE}&page={LAST}",
    "list of contacts": "/prescreens/contacts",
    "list, found by address": "/prescreens/contacts?q=p4@example.com",
}


class Reader:
    """The agent, and the organization's program, at a table of so many contacts."""

    def __init__(self, client: FlaskClient, n: int) -> None:
        self._client, self._last = client, str(n // PAGE)
        self._key = {"Authorization": f"Bearer {world.key(Product.PRESCREENS, HOME)}"}

    def get(self, url: str) -> TestResponse:
        headers = self._key if url.startswith("/api/") else {}
        return self._client.get(url.replace(LAST, self._last), headers=headers)


def contacts(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for i in range(1, n + 1):
        mail = f"p{i}@example.com"
        yield (rows.uuid_of("contact", i), HOME, rows.name(i), mail, mail, rows.moment(now), "true")


def fill(database: Database, n: int, now: datetime) -> None:
    """The world, n contacts of one organization, and some prescreens."""
    with database.write() as db:
        world.build(db, now)
    url = database.url
    database.dispose()
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    target: Target = Sqlite(str(url.database)) if database.sqlite else PostgreSQL(address)
    target.strip()
    target.write(rows.Rows("contacts", (*rows.CONTACTS, "is_counted"), contacts(n, now)))
    target.write(rows.Rows("prescreens", tuple(rows.PRESCREENS), rows.prescreens(min(n, PRESCREENS), now)))
    target.count()
    target.dress()


def costs(name: str, sizes: Sequence[int], now: datetime) -> dict[str, list[Cost]]:
    """What each page costs at each size."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory()))
        place = undo.enter_context(server(name, folder))
        readers = []
        for n in sizes:
            began = time.monotonic()
            database = Database(Config(database_url=place.url(n), log_level="ERROR"))
            undo.callback(database.dispose)
            schema.upgrade(database)
            fill(database, n, now)
            print(f"{name}: {n:,} contacts in {time.monotonic() - began:.0f} s", flush=True)
            readers.append(Reader(signed_in(database, AGENT), n))
        return {page: measured(readers, url, place) for page, url in PAGES.items()}


def main(given: list[str]) -> int:
    now, names = clock.now(), [each for each in given if each in DATABASES] or DATABASES
    sizes = next(([int(n) for n in each.split(",")] for each in given if each not in DATABASES), list(SIZES))
    slow = False
    for name in names:
        found = costs(name, sizes, now)
        sized = " | ".join(f"{n:,} contacts, CPU ms" for n in sizes)
        print(f"| {name} | {sized} | ratio |\n|---|{'---|' * (len(sizes) + 1)}")
        for page, values in found.items():
            ratio = values[-1].total / values[0].total
            slow |= ratio > TOLERANCE
            print(f"| {page} | {' | '.join(f'{each.total:.2f}' for each in values)} | {ratio:.2f} |", flush=True)
    return int(slow)
