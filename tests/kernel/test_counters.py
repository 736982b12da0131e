"""Counters change with their rows, in the same transaction."""

import threading

from sqlalchemy import func, select

from app.accounts.models import Organization
from app.kernel.db import counters, recounts
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.depositions import factories


def kept(database: Database, name: str) -> counters.Counter:
    return next(kept for kept in counters.declared() if kept.counts.name == name)


def test_every_counter_equals_a_recount_on_an_empty_database(database: Database) -> None:
    with database.read() as db:
        assert recounts.differences(db) == []


def test_a_counter_that_lies_is_found(database: Database, cast: Cast) -> None:
    one = counters.declared()[0]
    with database.write() as db:
        values = {d: _sample(one, d) for d in one.dimensions}
        db.execute(one.counts.insert().values(**values, slot=0, n=3))
    with database.read() as db:
        found = recounts.differences(db)
    assert [(d.table, d.stored, d.counted) for d in found] == [(one.counts.name, 3, 0)]


def _sample(one: counters.Counter, dimension: str) -> object:
    kind = one.source.c[dimension].type.python_type
    if kind is int:
        return 1
    if kind is str:
        return "x"
    from datetime import date
    from uuid import uuid4

    return {"date": date(2026, 1, 1), "UUID": uuid4(), "bool": True}[kind.__name__]


def test_parallel_writers_lose_no_count(database: Database, cast: Cast) -> None:
    """Five threads add three requests each; the sum is exact, and so is every other counter."""
    one = next(kept for kept in counters.declared() if kept.source.name == "depositions")

    def add() -> None:
        for _ in range(3):
            factories.request(database, cast)

    threads = [threading.Thread(target=add) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as db:
        assert db.execute(select(func.sum(one.counts.c.n))).scalar_one() == 15
        assert recounts.differences(db) == []
        assert db.execute(select(func.count()).select_from(Organization)).scalar_one() > 0
