"""The bench's rows: counters that equal a recount, keys that open doors, history and words for every row."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.accounts import api_auth
from app.depositions.models import Deposition
from app.kernel import clock
from app.kernel.changes.events import Event
from app.kernel.db import counters, recounts
from app.kernel.db.engine import Database
from app.kernel.errors import Unauthorized
from app.kernel.text import search
from app.prescreens.models import Prescreen
from bench import board, data, rows, world

ROWS = 200


@pytest.fixture
def apart(database: Database, tmp_path: Path) -> Iterator[Database]:
    """An empty database. The bench has its file for itself, which no other connection may have open."""
    if not database.sqlite:
        yield database
        return
    path = tmp_path / "bench.sqlite3"
    with closing(sqlite3.connect(str(database.url.database))) as original, closing(sqlite3.connect(path)) as copy:
        original.backup(copy)
    own = Database(replace(database.config, database_url=f"sqlite:///{path}"))
    yield own
    own.dispose()


@pytest.fixture
def filled(apart: Database) -> Database:
    """A database with the bench's rows."""
    data.fill(apart, ROWS, clock.now())
    return apart


def test_the_rows_of_the_boards_are_multiplied(apart: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "WRITTEN", 25)
    moment = clock.now()
    board.fill(apart, 100, moment)
    with apart.read() as db:
        assert sorted(db.execute(select(Deposition.id)).scalars()) == list(range(1, 101))
        assert recounts.differences(db) == []
        day = Deposition.starts_at > moment + board.AWAY - timedelta(days=1)
        assert db.execute(select(func.count()).where(day)).scalar() == board.SESSIONS


def test_counters_equal_a_recount_and_go_on_counting(filled: Database) -> None:
    with filled.read() as db:
        assert recounts.differences(db) == []
        kept = next(kept for kept in counters.declared() if kept.source.name == "depositions")
        assert db.execute(select(func.sum(kept.counts.c.n))).scalar_one() == ROWS
    with filled.write() as db:
        db.execute(text("UPDATE depositions SET state = 'canceled' WHERE state = 'initial'"))
    with filled.read() as db:
        assert recounts.differences(db) == []


def test_every_row_has_its_words_and_its_first_line_of_history(filled: Database) -> None:
    with filled.read() as db:

        def number(model: type) -> int:
            return db.execute(select(func.count()).select_from(model)).scalar_one()

        assert number(Prescreen) == number(Deposition) == ROWS
        assert number(Event) == 2 * ROWS
        assert number(search.SearchEntry) == 2 * ROWS
        assert search.ids(db, "deposition", "ada", None, 1)
        assert search.ids(db, "prescreen", f"p{ROWS}", {rows.organization_of(ROWS)}) == [
            str(UUID(rows.uuid_of("prescreen", ROWS)))
        ]
        ids = {str(id) for id in db.scalars(select(Prescreen.id))}
        printed = set(db.scalars(select(Event.subject_id).where(Event.subject_type == "prescreen")))
        assert printed == ids


def test_the_known_keys_open_their_apis(filled: Database) -> None:
    now = clock.now()
    with filled.read() as db:
        for product, authenticator in (
            ("prescreens", api_auth.prescreens_authenticator),
            ("inspections", api_auth.inspections_authenticator),
            ("depositions", api_auth.depositions_authenticator),
        ):
            organization, bearer = world.bearers(product, now)[-1]
            assert authenticator.authenticate(f"Bearer {bearer}", db, now).organization.id == organization
        with pytest.raises(Unauthorized):
            api_auth.inspections_authenticator.authenticate(f"Bearer {world.key('prescreens', 1)}", db, now)


def test_the_same_moment_gives_the_same_rows() -> None:
    now = clock.now()
    first, second = ([list(each.values) for each in rows.everything(300, now)] for _ in range(2))
    assert first == second


def test_the_words_are_those_that_the_product_indexes() -> None:
    n = 150
    for entry, (id, words) in zip(rows.entries(n, postgresql=False).values, rows.index(n).values, strict=True):
        _, kind, _, whose, title, rest = entry
        assert id == entry[0]
        assert sorted(words.split(" ")) == search.document(whose, kind, title, rest)


def test_rows_lie_evenly_until_now() -> None:
    now = clock.now()
    made = rows.DEPOSITIONS.index("created_at")
    moments = [row[made] for row in rows.depositions(73, now)]
    assert moments[0] == rows.moment(now - timedelta(days=730))
    assert moments[-1] == rows.moment(now - timedelta(days=10))
    assert moments == sorted(moments)


def test_a_small_organization_still_fills_a_page_of_what_waits() -> None:
    """Ten thousand rows must cost what a million cost, so they must give pages of the same length."""
    waiting: dict[int, int] = {}
    columns = rows.PRESCREENS
    status, review, organization = (columns.index(name) for name in ("status", "review_status", "organization_id"))
    now = clock.now()
    expires = columns.index("expires_at")
    for row in rows.prescreens(10_000, now):
        if (row[status], row[review]) == ("completed", "pending_review") and row[expires] > rows.moment(now):
            waiting[row[organization]] = waiting.get(row[organization], 0) + 1
    assert len(waiting) == world.ORGANIZATIONS
    assert min(waiting.values()) >= 25
