"""What the pages of one thing ask the database, however much has happened to it and however many people there are."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.depositions import actions
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.depositions import factories

DEPOSITION, INSPECTION = 27, 27
SEARCHES = 2
"""Of the case and of the deponent; on PostgreSQL each asks first how long the search index is."""


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """The statements of this thread: last-used times are written by another, a second after a call (last_seen.py)."""
    seen: list[str] = []
    here = threading.get_ident()

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == here:
            seen.append(statement)

    for engine in (database.reader, database.writer):
        event.listen(engine, "before_cursor_execute", keep)
    yield seen
    for engine in (database.reader, database.writer):
        event.remove(engine, "before_cursor_execute", keep)


def count(database: Database, client: Any, url: str) -> int:
    client.get(url)  # notes that somebody looks, once in a while
    with asked(database) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


@pytest.mark.parametrize("events", [0, 6])
def test_a_deposition(app, database, cast, events):
    made = factories.request(database, cast)
    for _ in range(events):
        with database.write() as db:
            actions.write_notice(db, made.id, "Who pays?", by=cast.actor("hugo"), now=now())
    ines = cast.sign_in(app.test_client(), "ines")
    more = 0 if database.config.sqlite else SEARCHES
    assert count(database, ines, f"/depositions/{made.id}") == DEPOSITION + more


@pytest.mark.parametrize("invites", [1, 4])
def test_an_inspection(app, database, cast, invites):
    caller = app.test_client()
    headers = cast.headers("inspections")
    sessions = "/api/v1/public/sessions"
    session = caller.post(sessions, json={}, headers=headers).json
    for n in range(invites):
        recipient = {"recipient_email": f"guest{n}@example.com", "send_email": True}
        assert (
            caller.post(f"{sessions}/{session['id']}/participants", json=recipient, headers=headers).status_code < 300
        )
    otto = cast.sign_in(app.test_client(), "otto")
    assert count(database, otto, f"/inspections/{session['id']}") == INSPECTION
