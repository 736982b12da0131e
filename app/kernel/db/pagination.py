"""Keyset paging: a page costs the same however deep it lies.

A list is one group of rows or several in sequence (urgency groups). A cursor says after which row to go on; it is
signed and bound to a purpose, so that it cannot be forged or carried to another organization's list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.engine import Row

from app.kernel.db.engine import Db
from app.kernel.errors import BadRequest

_READ: dict[str, Callable[[str], Any]] = {"t": datetime.fromisoformat, "u": UUID, "d": date.fromisoformat}


def _pack(value: Any) -> Any:
    """A sort value as JSON; what JSON has no word for is an object with one mark."""
    if isinstance(value, UUID):
        return {"u": value.hex}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return {"d": value.isoformat()} if isinstance(value, date) else value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        ((mark, text),) = value.items()
        return _READ[mark](text)
    return value


@lru_cache(maxsize=4096)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    return Signer(list(reversed(keys)), salt=f"session-desk:cursor:{purpose}", sep=".")


def encode_cursor(db: Db, purpose: str, values: Sequence[Any]) -> str:
    """An opaque cursor of sort values, good for `purpose` alone (name the list and its organization)."""
    packed = base64_encode(orjson.dumps([_pack(value) for value in values]))
    return _signer(db.config.secret_keys, purpose).sign(packed).decode()


def decode_cursor(db: Db, purpose: str, token: str) -> list[Any]:
    """The sort values. Raises BadRequest `invalid_cursor` when forged, torn, or from another list."""
    try:
        packed = base64_decode(_signer(db.config.secret_keys, purpose).unsign(token))
        return [_unpack(value) for value in orjson.loads(packed)]
    except (BadData, ValueError, TypeError, KeyError, AttributeError):
        raise BadRequest(
            "This cursor is not one of ours. Leave it out to start from the first page.", code="invalid_cursor"
        ) from None


@dataclass(frozen=True, slots=True)
class Group:
    """One stretch of a list. `order` are the columns sorted by, the last one unique, all in one direction.

    The statement must select the order columns, without ORDER BY and LIMIT of its own.
    """

    key: str
    statement: Select
    order: tuple[ColumnElement[Any], ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as (group key, row), and the cursor of the next page or None."""

    rows: list[tuple[str, Row]]
    next_cursor: str | None
    first: bool


def beyond(group: Group, values: Sequence[Any]) -> Select:
    """The rows of the group after `values`, compared as one row value so that the index is used."""
    here = tuple_(*group.order)
    there = tuple_(*values, types=[column.type for column in group.order])
    return group.statement.where(here < there if group.descending else here > there)


def page_of(db: Db, groups: Sequence[Group], after: str | None, *, purpose: str, size: int = 50) -> Page:
    """One page through the groups in sequence. An unknown group in the cursor starts from the first."""
    start, values = 0, None
    if after:
        key, *values = decode_cursor(db, purpose, after)
        start = next((i for i, group in enumerate(groups) if group.key == key), 0)
        if groups and groups[start].key != key:
            values = None
    rows: list[tuple[str, Row]] = []
    for index in range(start, len(groups)):
        group = groups[index]
        statement = beyond(group, values) if index == start and values else group.statement
        direction = [column.desc() if group.descending else column.asc() for column in group.order]
        found = db.execute(statement.order_by(*direction).limit(size + 1 - len(rows))).all()
        rows += [(group.key, row) for row in found]
        if len(rows) > size:
            break
    more = len(rows) > size
    rows = rows[:size]
    next_cursor = None
    if more:
        key, row = rows[-1]
        group = next(group for group in groups if group.key == key)
        mapping = row._mapping
        next_cursor = encode_cursor(db, purpose, [key, *(mapping[column] for column in group.order)])
    return Page(rows, next_cursor, first=not after)
