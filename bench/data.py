"""Fills a migrated, empty database with `n` rows a room, fast: python -m bench.data DATABASE_URL ROWS

Indexes and triggers are taken off while rows go in, counters are filled by one INSERT … SELECT each, then everything
is put back as it was. `recounts.differences` of the result is empty (tests/bench proves it).
"""

import gc
import sqlite3
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg

import app.models
from app.config import Config
from app.kernel import clock
from app.kernel.db import counters, hourly_stats, schema
from app.kernel.db.engine import Database
from bench import rows, world

assert app.models  # declares every table and counter

FILLED = ("contacts", "prescreens", "depositions", "inspections", "events", "search_entries")


class Target(ABC):
    """One database while it is being filled."""

    first_name: str
    last_name: str
    prescreen_id: str
    dialect: str

    @abstractmethod
    def run(self, statement: str) -> None: ...

    @abstractmethod
    def strip(self) -> None:
        """Takes indexes and triggers off the tables that are filled."""

    @abstractmethod
    def write(self, given: rows.Rows) -> None: ...

    @abstractmethod
    def dress(self) -> None:
        """Puts indexes and triggers back and tells the planner what is there."""

    def uuid(self, text: str) -> str:
        """This text as the type of UUID columns."""
        return text

    def count(self) -> None:
        """Counters of the rooms' rows."""
        for kept in counters.declared():
            names = ", ".join(kept.dimensions)
            self.run(
                f"INSERT INTO {kept.counts.name} ({names}, slot, n) "
                f"SELECT {names}, 0, count(*) FROM {kept.source.name} WHERE {kept.counted} GROUP BY {names}"
            )
        for tallied in hourly_stats.declared():
            if tallied.source in FILLED:
                self.run(hourly_stats.fill(tallied, self.dialect))

    def derive(self) -> None:
        """What follows from the rooms' rows: counters and a first line of history."""
        self.count()
        for subject, id, verb in (
            ("prescreen", self.prescreen_id, "started"),
            ("deposition", "CAST(id AS VARCHAR)", "requested"),
        ):
            self.run(
                "INSERT INTO events (organization_id, subject_type, subject_id, kind, actor_kind, actor_name, via, "
                f"data, created_at) SELECT organization_id, '{subject}', {id}, '{subject}.{verb}', 'visitor', "
                f"'Somebody', 'api', '{{}}', created_at FROM {subject}s"
            )


class Sqlite(Target):
    dialect = "sqlite"
    prescreen_id = (
        "substr(id, 1, 8) || '-' || substr(id, 9, 4) || '-' || substr(id, 13, 4) || '-' || substr(id, 17, 4) || '-' "
        "|| substr(id, 21)"
    )

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # A bench database that a crash tears is made again. Each of some sixty indexes reads a table, from the cache.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1048576"):
            self.run(f"PRAGMA {pragma}")
        self._dressing: list[str] = []

    def run(self, statement: str) -> None:
        self._db.execute(statement)

    def strip(self) -> None:
        marks = ", ".join("?" * len(FILLED))
        found = self._db.execute(
            f"SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ({marks}) "
            "AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type",
            FILLED,
        ).fetchall()
        for kind, name, sql in found:
            self._dressing.append(sql)
            self.run(f"DROP {kind} {name}")

    def write(self, given: rows.Rows) -> None:
        names, marks = ", ".join(given.columns), ", ".join("?" * len(given.columns))
        self.run("BEGIN")
        self._db.executemany(f"INSERT INTO {given.table} ({names}) VALUES ({marks})", given.values)
        self.run("COMMIT")

    def dress(self) -> None:
        for sql in self._dressing:
            self.run(sql)
        self.run("ANALYZE")
        self.run("PRAGMA journal_mode=WAL")
        self._db.close()


class PostgreSQL(Target):
    dialect = "postgresql"
    prescreen_id = "CAST(id AS VARCHAR)"

    def uuid(self, text: str) -> str:
        return f"CAST({text} AS UUID)"

    def __init__(self, address: str) -> None:
        self._db = psycopg.connect(address, autocommit=True)
        # Neither triggers nor foreign keys are asked while rows go in.
        self.run("SET session_replication_role = replica")
        self.run("SET timezone = 'UTC'")
        self.run("SET maintenance_work_mem = '256MB'")
        self._dressing: list[str] = []

    def run(self, statement: str) -> None:
        self._db.execute(statement)

    def strip(self) -> None:
        found = self._db.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY(%s) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
            [list(FILLED)],
        ).fetchall()
        for name, sql in found:
            self._dressing.append(sql)
            self.run(f"DROP INDEX {name}")

    def write(self, given: rows.Rows) -> None:
        statement = f"COPY {given.table} ({', '.join(given.columns)}) FROM STDIN"
        with self._db.cursor().copy(statement) as copy:
            for lines in _lines(given.values):
                copy.write(lines)

    def dress(self) -> None:
        for sql in self._dressing:
            self.run(sql)
        for table in ("depositions", "managers", "search_entries"):
            self.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        self.run("VACUUM ANALYZE")
        self._db.close()


def _lines(values: Iterable[tuple[Any, ...]], batch: int = 2000) -> Iterable[str]:
    """COPY's text format. The rows of the bench hold neither tabs, line breaks nor backslashes."""
    lines: list[str] = []
    for value in values:
        lines.append("\t".join(["\\N" if each is None else str(each) for each in value]))
        if len(lines) == batch:
            yield "\n".join(lines) + "\n"
            lines.clear()
    if lines:
        yield "\n".join(lines) + "\n"


def fill(database: Database, n: int, now: datetime) -> None:
    """World and rows into an empty, migrated database."""
    with database.write() as db:
        world.build(db, now)
    database.dispose()
    if database.sqlite:
        target: Target = Sqlite(str(database.url.database))
    else:
        target = PostgreSQL(database.url.set(drivername="postgresql").render_as_string(hide_password=False))
    target.strip()
    for given in rows.everything(n, now):
        target.write(given)
    target.write(rows.entries(n, postgresql=not database.sqlite))
    if database.sqlite:
        target.write(rows.index(n))
    target.derive()
    target.dress()


def make(url: str, n: int) -> float:
    """Migrates and fills the empty database at `url`; returns the seconds it took."""
    began = time.monotonic()
    gc.freeze()  # millions of tuples would have the program itself looked through again and again
    database = Database(Config(database_url=url))
    schema.upgrade(database)
    fill(database, n, clock.now())
    database.dispose()
    return time.monotonic() - began


if __name__ == "__main__":
    print(f"{make(sys.argv[1], int(sys.argv[2])):.1f} s")
