"""Counter tables: exact counts of rows, updated by triggers in the transaction that changes the rows.

Exact at any size, on both databases. On PostgreSQL each counter is spread over slots by backend, so that parallel
writers do not queue on one hot row; readers always sum. `desk check counts` proves that they equal a recount.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DDL, BigInteger, Column, Integer, Table, TextClause, event, func, select, text

from app.kernel.db.engine import Base, Db

SLOTS = 16

Key = tuple[Any, ...]
"""The dimensions of one counter. `Any`, because each table has its own; all can be sorted."""

COUNTER = "counter"
"""Key of `Table.info` under which a counter table has its Counter."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter table: the table whose rows it counts, the columns by which it counts them, and which of them."""

    source: Table
    counts: Table
    dimensions: tuple[str, ...]
    only: str = ""
    """SQL: the condition of the rows `{r}` that are counted; empty for all."""

    @property
    def counted(self) -> TextClause:
        """The condition of the rows that are counted, for a recount."""
        return text(self.only.format(r=self.source.name) or "1 = 1")


def declared() -> list[Counter]:
    """Every counter of the tables that are loaded (app/models.py loads them all)."""
    return [table.info[COUNTER] for table in Base.metadata.tables.values() if COUNTER in table.info]


def keep_counters(source: Table, table_name: str, dimensions: Sequence[str], only: str = "") -> Table:
    """Declares a counter table for `source`: one row a combination of its NOT NULL columns `dimensions`, and `n`.

    With `only`, a boolean column `{r}.…`, it counts the rows where that is true, and costs nothing where it is not.
    Read it with `select(func.sum(counts.c.n))`; a combination may have several rows (slots), some negative.
    """
    columns = [
        Column(name, source.c[name].type, primary_key=True, nullable=False, autoincrement=False) for name in dimensions
    ]
    counts = Table(
        table_name,
        Base.metadata,
        *columns,
        Column("slot", Integer, primary_key=True, autoincrement=False, nullable=False),
        Column("n", BigInteger, nullable=False),
    )
    counts.info[COUNTER] = Counter(source, counts, tuple(dimensions), only)
    for dialect, statements in (
        ("sqlite", sqlite_triggers(source.name, table_name, dimensions, only)),
        ("postgresql", postgresql_triggers(source.name, table_name, dimensions, only)),
    ):
        for statement in statements:
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's
            event.listen(Base.metadata, "after_create", ddl)
    return counts


def sqlite_triggers(source: str, counts: str, dimensions: Sequence[str], only: str = "") -> list[str]:
    """The trigger statements for SQLite; migrations hold a copy of their text."""

    def bump(row: str, by: int) -> str:
        names = ", ".join(dimensions)
        values = ", ".join(f"{row}.{name}" for name in dimensions)
        return (
            f"INSERT INTO {counts} ({names}, slot, n) {_row(f'{values}, 0, {by}', only.format(r=row))} "
            f"ON CONFLICT ({names}, slot) DO UPDATE SET n = n + {by};"
        )

    if only:
        new, old = only.format(r="NEW"), only.format(r="OLD")
        watched = (*dimensions, only.format(r="").removeprefix("."))
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in watched)
        return [
            f"CREATE TRIGGER {counts}_insert AFTER INSERT ON {source} WHEN {new} BEGIN {bump('NEW', 1)} END",
            f"CREATE TRIGGER {counts}_delete AFTER DELETE ON {source} WHEN {old} BEGIN {bump('OLD', -1)} END",
            f"CREATE TRIGGER {counts}_update AFTER UPDATE OF {', '.join(watched)} ON {source} "
            f"WHEN ({old} OR {new}) AND ({changed}) BEGIN {bump('OLD', -1)} {bump('NEW', 1)} END",
        ]
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in dimensions)
    of = ", ".join(dimensions)
    return [
        f"CREATE TRIGGER {counts}_insert AFTER INSERT ON {source} BEGIN {bump('NEW', 1)} END",
        f"CREATE TRIGGER {counts}_delete AFTER DELETE ON {source} BEGIN {bump('OLD', -1)} END",
        f"CREATE TRIGGER {counts}_update AFTER UPDATE OF {of} ON {source} WHEN {changed} "
        f"BEGIN {bump('OLD', -1)} {bump('NEW', 1)} END",
    ]


def postgresql_triggers(source: str, counts: str, dimensions: Sequence[str], only: str = "") -> list[str]:
    """The trigger statements for PostgreSQL; migrations hold a copy of their text."""

    def bump(row: str, by: int) -> str:
        names = ", ".join(dimensions)
        values = ", ".join(f"{row}.{name}" for name in dimensions)
        one = _row(f"{values}, pg_backend_pid() % {SLOTS}, {by}", only.format(r=row))
        return (
            f"INSERT INTO {counts} ({names}, slot, n) {one} "
            f"ON CONFLICT ({names}, slot) DO UPDATE SET n = {counts}.n + {by};"
        )

    watched = (*dimensions, only.format(r="").removeprefix(".")) if only else tuple(dimensions)
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in watched)
    of = ", ".join(watched)
    function = (
        f"CREATE FUNCTION {counts}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {bump('NEW', 1)} "
        f"ELSIF TG_OP = 'DELETE' THEN {bump('OLD', -1)} "
        f"ELSIF {changed} THEN {bump('OLD', -1)} {bump('NEW', 1)} END IF; RETURN NULL; END $$"
    )
    if only:
        new, old = only.format(r="NEW"), only.format(r="OLD")
        after = {"INSERT": new, "DELETE": old, f"UPDATE OF {of}": f"{old} OR {new}"}
        return [
            function,
            *(
                f"CREATE TRIGGER {counts}_{doing.split()[0].lower()} AFTER {doing} ON {source} "
                f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {counts}_keep()"
                for doing, when in after.items()
            ),
        ]
    return [
        function,
        f"CREATE TRIGGER {counts}_keep AFTER INSERT OR DELETE OR UPDATE OF {of} ON {source} "
        f"FOR EACH ROW EXECUTE FUNCTION {counts}_keep()",
    ]


def _row(values: str, condition: str) -> str:
    """The row of an INSERT; with a condition none where it does not hold."""
    return f"SELECT {values} WHERE {condition}" if condition else f"VALUES ({values})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that does not equal its recount."""

    table: str
    key: Mapping[str, object]
    stored: int
    counted: int


def differences(db: Db) -> list[Difference]:
    """Returns the counters that do not equal their recount. Slow by nature: for operators and tests, not for pages."""
    found: list[Difference] = []
    for counter in declared():
        by = [counter.source.c[name] for name in counter.dimensions]
        recount = select(*by, func.count()).where(counter.counted).group_by(*by)
        counted = {tuple(row[:-1]): row[-1] for row in db.execute(recount)}
        by = [counter.counts.c[name] for name in counter.dimensions]
        sums = db.execute(select(*by, func.sum(counter.counts.c.n)).group_by(*by))
        stored = {tuple(row[:-1]): int(row[-1]) for row in sums}
        found += compare(counter.counts.name, counter.dimensions, stored, counted)
    return found


def compare(
    table: str, names: Sequence[str], stored: Mapping[Key, int], counted: Mapping[Key, int]
) -> list[Difference]:
    """The keys whose stored number is not the counted one; a missing number is zero."""
    return [
        Difference(table, dict(zip(names, key, strict=True)), stored.get(key, 0), counted.get(key, 0))
        for key in sorted(stored.keys() | counted.keys())
        if stored.get(key, 0) != counted.get(key, 0)
    ]


def tidy(db: Db) -> None:
    """Deletes counters that are zero, such as those of past days. Safe beside running triggers."""
    for counter in declared():
        db.execute(text(f"DELETE FROM {counter.counts.name} WHERE n = 0"))
