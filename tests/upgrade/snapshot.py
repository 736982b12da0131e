"""The old database as text, and how its rows come into a database of either kind."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

HERE = Path(__file__).parent
OLD_KINDS: tuple[str, ...] = tuple((HERE / "old_kinds.txt").read_text().split())
"""Every kind of event that the old version recorded."""

NUMBERED = (
    "events",
    "organizations",
    "people",
    "api_keys",
    "depositions",
    "handover_notes",
    "memberships",
    "outbox_attempts",
    "passkeys",
    "presences",
    "recovery_codes",
    "saved_views",
    "sign_ins",
    "search_entries",
)
"""Tables whose ids PostgreSQL takes from a sequence, which must go on after the highest."""


@dataclass
class Table:
    """The rows of one table. `more` is what its line says besides."""

    name: str
    columns: list[str]
    types: list[str]
    rows: list[list[Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows by column name, as they stand in the file."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


@dataclass
class Snapshot:
    """The whole file: the migration it was at, the moment it was taken, its tables in the order of foreign keys."""

    revision: str
    moment: str
    tables: dict[str, Table]

    def records(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table by column name."""
        return list(self.tables[table].records())


@cache
def snapshot() -> Snapshot:
    """The file, read once."""
    head, *lines = (json.loads(line) for line in (HERE / "database.jsonl").read_text("utf-8").splitlines())
    tables: dict[str, Table] = {}
    for line in lines:
        if isinstance(line, dict):
            names = [column.partition(":") for column in line.pop("columns")]
            name = line.pop("table")
            tables[name] = Table(name, [name for name, _, _ in names], [kind for _, _, kind in names], more=line)
            current = tables[name]
        else:
            current.rows.append(line)
    return Snapshot(**head, tables=tables)


@cache
def facts() -> dict[str, Any]:
    """What the old version showed of this database, but for the draft, which is in no list of staff any more."""
    found: dict[str, Any] = json.loads((HERE / "facts.json").read_text("utf-8"))
    (draft,) = (str(UUID(row["id"])) for row in snapshot().records("prescreens") if row["status"] == "draft")
    for each in (*found["bookmarks"], *found["views"], *found["cursors"]):
        if draft in each.get("things", ()):
            each["things"].remove(draft)
    for each in found["opens"]:
        each.update({"lines": each["lines"] - 1} if each["url"] == "/prescreens/csv?state=all" else {})
    return found


def listed(things: list[str], shown: list[str]) -> list[str]:
    """What the old version linked to, but for the decisions that were not written, which it listed below every list:
    they are one line now and have a page of their own. `shown` is what the new version links to.
    """
    not_written = {
        row["subject_id"] for row in snapshot().records("holds") if row["state"] in ("overtaken", "returned")
    }
    below = things[len(shown) :]
    return things[: len(shown)] if not_written.issuperset(below) else things


def load(connection: Connection) -> None:
    """Inserts every row, by plain SQL, into tables that are at the snapshot's migration."""
    sqlite = connection.dialect.name == "sqlite"
    for table in snapshot().tables.values():
        if table.name == "search_entries":
            _load_search(connection, table, sqlite)
            continue
        convert = [_SQLITE[kind] if sqlite else _POSTGRESQL[kind] for kind in table.types]
        rows = [
            tuple(None if value is None else to(value) for to, value in zip(convert, row, strict=True))
            for row in table.rows
        ]
        _insert(connection, table.name, table.columns, rows)
    if not sqlite:
        for name in NUMBERED:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )


def _insert(connection: Connection, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(columns), ", ".join([mark] * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _load_search(connection: Connection, table: Table, sqlite: bool) -> None:
    """The index of words as the old version kept it: the beginnings of each word, and marks that say whose it is."""
    mark, ladder, shelves = table.more["mark"], table.more["ladder"], table.more["shelves"]
    entries: list[tuple[Any, ...]] = []
    indexed: list[tuple[Any, ...]] = []
    for id, subject_type, subject_id, organization_id, title, rest in table.rows:
        words = {word[:n] for word in f"{title} {rest}".split() for n in ladder if n <= len(word)}
        words |= {f"{mark}{subject_type}", f"{mark}{subject_type}{organization_id}"}
        entry = (id, subject_type, subject_id, organization_id, title, rest)
        if sqlite:
            entries.append(entry)
            indexed.append((id, " ".join(sorted(words))))
        else:
            words |= {f"{mark}#{bits}.{id >> bits}" for bits in shelves}
            entries.append((*entry, " ".join(f"'{word}'" for word in sorted(words))))
    _insert(connection, table.name, [*table.columns, *([] if sqlite else ["document"])], entries)
    if sqlite:
        _insert(connection, "search_index", ["rowid", "document"], indexed)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sqlite_instant(value: str) -> str:
    """`2026-11-24 15:00:00.000000`, as that version wrote it."""
    day, _, time = value.removesuffix("Z").partition("T")
    return f"{day} {time}" + ("" if "." in time else ".000000")


Convert = Callable[[Any], Any]
_SAME: Convert = lambda value: value  # noqa: E731  # one of a table of conversions
_SQLITE: dict[str, Convert] = {
    "": _SAME,
    "date": _SAME,
    "uuid": _SAME,
    "boolean": int,
    "bytes": base64.b64decode,
    "json": _json,
    "instant": _sqlite_instant,
}
_POSTGRESQL: dict[str, Convert] = {
    **_SQLITE,
    "uuid": lambda value: str(UUID(value)),
    "boolean": bool,
    "instant": _SAME,
}
