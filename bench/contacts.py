"""`./dev bench contacts [ROWS,ROWS] [sqlite|postgresql]`: what contacts cost in CPU at two sizes of their table.

All contacts are of one organization, the worst case. Its list is asked for as an agent who is signed in, the API's
first and last pages with its key, within this process, of both sizes in turn, as in `./dev bench board`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.roles import Product
from app.kernel import clock
from app.kernel.db.engine import Database
from bench import rows, world
from bench.board import Subject, compare, signed_in
from bench.data import PostgreSQL, Sqlite, Target

AGENT, HOME = next((email, home) for email, (_, _, home) in world.PEOPLE.items() if home)
PRESCREENS = 10_000
PAGE, LAST = 25, "LAST"
"""Rows of a page of the API, and what stands in an address for the number of its last page."""
BETWEEN = timedelta(seconds=30)
"""Time between two contacts: a million are those of a year."""
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
        answer = self._client.get(url.replace(LAST, self._last), headers=headers)
        assert b"@example.com" in answer.data, f"{url} shows nobody"
        return answer


def contacts(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for i in range(1, n + 1):
        mail = f"p{i}@example.com"
        made = now - (n - i) * BETWEEN
        # A truth as both databases read it.
        yield (rows.uuid_of("contact", i), HOME, rows.name(i), mail, mail, rows.moment(made), "1")


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


def main(given: list[str]) -> int:
    subject = Subject(fill, lambda database, n: Reader(signed_in(database, AGENT), n), PAGES)
    return compare(given, subject, clock.now())
