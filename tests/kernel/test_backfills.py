"""Backfills: interrupted anywhere they go on where they stopped, and finished they do nothing."""

import pytest
from sqlalchemy import select

from app.kernel.clock import now
from app.kernel.db import backfills
from app.kernel.db.backfills import Backfill, BackfillState, Portion
from app.kernel.db.engine import Database, Db


class Counted:
    """A backfill of ten rows that fails before the given portions."""

    def __init__(self, *fails: int) -> None:
        self.made: list[int] = []
        self.fails, self.calls = set(fails), 0

    def portion(self, db: Db, position: str | None, size: int) -> Portion:
        self.calls += 1
        if self.calls in self.fails:
            raise OSError("The machine went away.")
        first = int(position or 0)
        new = range(first, min(first + size, 10))
        self.made += new
        return Portion(len(new), str(first + size) if first + size < 10 else None)


@pytest.mark.parametrize("fails", [(), (1,), (2,), (2, 4), (4,)])
def test_an_interrupted_backfill_goes_on_where_it_stopped(database: Database, fails: tuple[int, ...]) -> None:
    counted = Counted(*fails)
    backfill = Backfill("counted", counted.portion)
    done = 0
    for _ in fails:
        with pytest.raises(OSError, match="went away"):
            backfills.run(database, [backfill], now(), size=3)
        with database.read() as db:
            assert backfills.unfinished(db, [backfill]) == ["counted"]
        done = len(counted.made)
    assert backfills.run(database, [backfill], now(), size=3) == {"counted": 10 - done}
    assert counted.made == list(range(10))
    with database.read() as db:
        assert backfills.unfinished(db, [backfill]) == []
    assert backfills.run(database, [backfill], now(), size=3) == {}
    assert counted.made == list(range(10))


def test_what_a_portion_wrote_is_undone_with_its_position(database: Database) -> None:
    def writes_and_fails(db: Db, position: str | None, size: int) -> Portion:
        db.add(BackfillState(name="by the portion"))
        db.flush()
        raise OSError("The machine went away.")

    with pytest.raises(OSError, match="went away"):
        backfills.run(database, [Backfill("fails", writes_and_fails)], now())
    with database.read() as db:
        assert db.scalars(select(BackfillState.name)).all() == []


def test_an_ordered_backfill_runs_where_a_migration_has_ordered_it(database: Database) -> None:
    counted = Counted()
    backfill = Backfill("counted", counted.portion, ordered=True)
    assert backfills.run(database, [backfill], now()) == {}
    with database.writer.begin() as connection:
        backfills.order(connection, "counted", "organizations")
    assert backfills.run(database, [backfill], now()) == {}, "a table without rows owes nothing"
    with database.writer.begin() as connection:
        backfills.order(connection, "counted", "alembic_version")
    with database.read() as db:
        assert backfills.unfinished(db, [backfill]) == ["counted"]
    assert backfills.run(database, [backfill], now()) == {"counted": 10}
    assert backfills.run(database, [backfill], now()) == {}
