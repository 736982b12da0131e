"""An SQLite file that is emptied and filled again while connections to it stay open.

Opening a connection reads the whole schema: with forty-five tables that takes longer than most tests' queries.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

LARGEST = 8 << 20
"""Bytes from which on a new file is cheaper than the pages of this one."""

TRIGGERS = "SELECT * FROM sqlite_schema WHERE type = 'trigger'"


class ReusedFile:
    """The file and the connection that empties it.

    No trigger may fire meanwhile, since triggers count rows and refuse to delete history. A connection keeps the schema
    that it read until the version of the schema changes, so this one reads it while the file has no triggers.
    """

    def __init__(self, path: Path, template: Path) -> None:
        self.path = path
        shutil.copyfile(template, path)
        with contextlib.closing(_open(path)) as connection:
            triggers = connection.execute(TRIGGERS).fetchall()
            connection.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
        self._connection = _open(path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._version = self._schema_version()
        kinds = self._connection.execute("PRAGMA main.table_list").fetchall()
        self._tables = [f'"{name}"' for _, name, kind, *_ in kinds if kind != "virtual" and name != "sqlite_schema"]
        self._connection.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", triggers)
        self._standing = "SELECT " + ", ".join(
            f"CASE WHEN EXISTS (SELECT 1 FROM {table}) THEN '{table}' END" for table in self._tables
        )
        self._known: dict[Path, list[tuple[str, list[Any]]]] = {}

    @property
    def usable(self) -> bool:
        """Whether the schema is still the template's and the file is small."""
        return self._schema_version() == self._version and self.path.stat().st_size < LARGEST

    def refill(self, filled: Path) -> None:
        """Gives the file the rows of `filled`, which has the same tables, and no others."""
        if filled not in self._known:
            self._known[filled] = self._rows(filled)
        work = self._connection
        work.execute("BEGIN IMMEDIATE")
        standing = [each for found in work.execute(self._standing) for each in found if each]
        for table in standing:
            work.execute(f"DELETE FROM {table}")
        for statement, rows in self._known[filled]:
            work.executemany(statement, rows)
        work.execute("COMMIT")

    def _rows(self, filled: Path) -> list[tuple[str, list[Any]]]:
        """Statements that write the rows of `filled`, with their parameters."""
        found = []
        with contextlib.closing(_open(filled)) as source:
            for table in self._tables:
                if rows := source.execute(f"SELECT * FROM {table}").fetchall():
                    found.append((f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows))
        return found

    def close(self) -> None:
        self._connection.close()
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()

    def _schema_version(self) -> int:
        return int(self._connection.execute("PRAGMA main.schema_version").fetchone()[0])


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=15, cached_statements=512)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA synchronous = OFF")
    return connection
