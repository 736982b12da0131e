"""Counts that are kept, not counted: a counter table a thing, moved by triggers in the transaction that moves the row.

Exact at any size, on both databases. On PostgreSQL each counter is spread over slots by backend, so that parallel
writers do not queue on one hot row; readers always sum. `desk check counts` proves that they equal a recount.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import DDL, BigInteger, Column, Integer, Table, event, func, select, text

from app.kernel.db.engine import Base, Db

SLOTS = 16

COUNTER = "counter"
"""Where a counter table keeps what it counts (`Table.info`)."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter table: which table it counts, by which of its columns."""

    source: Table
    counts: Table
    dimensions: tuple[str, ...]


def declared() -> list[Counter]:
    """Every counter of the tables that are loaded (app/models.py loads them all)."""
    return [table.info[COUNTER] for table in Base.metadata.tables.values() if COUNTER in table.info]


def keep_counters(source: Any, name: str, dimensions: Sequence[str]) -> Table:
    """Declares counter table `name` for `source`: one row a combination of its NOT NULL columns `dimensions`, and `n`.

    Read it with `select(func.sum(counts.c.n))`; a combination may have several rows (slots), some negative.
    """
    source = cast(Table, source)
    columns = [Column(d, source.c[d].type, primary_key=True, nullable=False, autoincrement=False) for d in dimensions]
    counts = Table(
        name,
        Base.metadata,
        *columns,
        Column("slot", Integer, primary_key=True, autoincrement=False, nullable=False),
        Column("n", BigInteger, nullable=False),
    )
    counts.info[COUNTER] = Counter(source, counts, tuple(dimensions))
    for dialect, statements in (
        ("sqlite", sqlite_triggers(source.name, name, dimensions)),
        ("postgresql", postgresql_triggers(source.name, name, dimensions)),
    ):
        for statement in statements:
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # theirs
            event.listen(Base.metadata, "after_create", ddl)
    return counts


def sqlite_triggers(source: str, counts: str, dimensions: Sequence[str]) -> list[str]:
    """The trigger statements for SQLite; migrations hold a copy of their text."""

    def bump(row: str, by: int) -> str:
        names = ", ".join(dimensions)
        values = ", ".join(f"{row}.{d}" for d in dimensions)
        return (
            f"INSERT INTO {counts} ({names}, slot, n) VALUES ({values}, 0, {by}) "
            f"ON CONFLICT ({names}, slot) DO UPDATE SET n = n + {by};"
        )

    moved = " OR ".join(f"OLD.{d} IS NOT NEW.{d}" for d in dimensions)
    of = ", ".join(dimensions)
    return [
        f"CREATE TRIGGER {counts}_insert AFTER INSERT ON {source} BEGIN {bump('NEW', 1)} END",
        f"CREATE TRIGGER {counts}_delete AFTER DELETE ON {source} BEGIN {bump('OLD', -1)} END",
        f"CREATE TRIGGER {counts}_update AFTER UPDATE OF {of} ON {source} WHEN {moved} "
        f"BEGIN {bump('OLD', -1)} {bump('NEW', 1)} END",
    ]


def postgresql_triggers(source: str, counts: str, dimensions: Sequence[str]) -> list[str]:
    """The trigger statements for PostgreSQL; migrations hold a copy of their text."""

    def bump(row: str, by: int) -> str:
        names = ", ".join(dimensions)
        values = ", ".join(f"{row}.{d}" for d in dimensions)
        return (
            f"INSERT INTO {counts} ({names}, slot, n) VALUES ({values}, pg_backend_pid() % {SLOTS}, {by}) "
            f"ON CONFLICT ({names}, slot) DO UPDATE SET n = {counts}.n + {by};"
        )

    moved = " OR ".join(f"OLD.{d} IS DISTINCT FROM NEW.{d}" for d in dimensions)
    of = ", ".join(dimensions)
    return [
        f"CREATE FUNCTION {counts}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {bump('NEW', 1)} "
        f"ELSIF TG_OP = 'DELETE' THEN {bump('OLD', -1)} "
        f"ELSIF {moved} THEN {bump('OLD', -1)} {bump('NEW', 1)} END IF; RETURN NULL; END $$",
        f"CREATE TRIGGER {counts}_keep AFTER INSERT OR DELETE OR UPDATE OF {of} ON {source} "
        f"FOR EACH ROW EXECUTE FUNCTION {counts}_keep()",
    ]


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that does not say what a recount says."""

    table: str
    key: dict[str, Any]
    kept: int
    counted: int


def differences(db: Db) -> list[Difference]:
    """Returns the counters that do not equal their recount. Slow by nature: for operators and tests, not for pages."""
    found: list[Difference] = []
    for kept in declared():
        by = [kept.source.c[d] for d in kept.dimensions]
        counted = {tuple(row[:-1]): row[-1] for row in db.execute(select(*by, func.count()).group_by(*by))}
        by = [kept.counts.c[d] for d in kept.dimensions]
        said = {tuple(r[:-1]): int(r[-1]) for r in db.execute(select(*by, func.sum(kept.counts.c.n)).group_by(*by))}
        for key in counted.keys() | said.keys():
            if counted.get(key, 0) != said.get(key, 0):
                names = dict(zip(kept.dimensions, key, strict=True))
                found.append(Difference(kept.counts.name, names, said.get(key, 0), counted.get(key, 0)))
    return found


def tidy(db: Db) -> None:
    """Drops counters that stand at zero, such as those of days gone by. Safe beside running triggers."""
    for kept in declared():
        db.execute(text(f"DELETE FROM {kept.counts.name} WHERE n = 0"))
