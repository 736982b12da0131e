"""Keyset pagination: the cost of a page does not depend on how deep it lies.

A cursor holds the sort values of the last row of a page. It is signed and bound to a purpose, so that it cannot be
forged or used in another organization's list.
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
from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.kernel.db.engine import Db
from app.kernel.errors import BadRequest

SortColumn = ColumnElement[Any] | InstrumentedAttribute[Any]
"""A column that a list is sorted by. `Any`: the columns of one order have different types."""
SortValue = Any
"""A value of such a column: text, a number, a boolean, a UUID, a date or a time; None where the column is nullable."""

_READ: dict[str, Callable[[str], UUID | date]] = {"t": datetime.fromisoformat, "u": UUID, "d": date.fromisoformat}


def _pack(value: SortValue) -> object:
    """A sort value as JSON; types that JSON does not have become an object with one mark."""
    if isinstance(value, UUID):
        return {"u": value.hex}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return {"d": value.isoformat()} if isinstance(value, date) else value


def _unpack(value: SortValue) -> SortValue:
    if isinstance(value, dict):
        ((mark, text),) = value.items()
        return _READ[mark](text)
    return value


@lru_cache(maxsize=4096)
def _signer(keys: tuple[str, ...], purpose: str) -> Signer:
    return Signer(list(reversed(keys)), salt=f"session-desk:cursor:{purpose}", sep=".")


def encode_cursor(db: Db, purpose: str, values: Sequence[SortValue]) -> str:
    """An opaque cursor of sort values, valid for `purpose` alone (which names the list and its organization)."""
    packed = base64_encode(orjson.dumps([_pack(value) for value in values]))
    return _signer(db.config.secret_keys, purpose).sign(packed).decode()


def decode_cursor(db: Db, purpose: str, token: str) -> list[SortValue]:
    """The sort values. Raises BadRequest `invalid_cursor` when it is forged, incomplete or of another list."""
    try:
        packed = base64_decode(_signer(db.config.secret_keys, purpose).unsign(token))
        return [_unpack(value) for value in orjson.loads(packed)]
    except (BadData, ValueError, TypeError, KeyError, AttributeError):
        raise _invalid_cursor() from None


def _invalid_cursor() -> BadRequest:
    detail = "This cursor is not one of ours. Leave it out to start from the first page."
    return BadRequest(detail, code="invalid_cursor")


def keyset(order: Sequence[SortColumn], values: Sequence[object], *, descending: bool = False) -> ColumnElement[bool]:
    """The condition for the rows after `values`: one comparison of row values, so that the index on `order` is used."""
    after = tuple_(*values, types=[column.type for column in order])
    return tuple_(*order) < after if descending else tuple_(*order) > after


def placeholders(order: Sequence[SortColumn]) -> list[BindParameter[Any]]:  # of those types
    """Bound parameters `at_0`, `at_1` … for the values of a keyset in a statement that is built once."""
    return [bindparam(f"at_{number}", type_=column.type) for number, column in enumerate(order)]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the cursor of the next page or None."""

    rows: list[Row]
    next_cursor: str | None
    first: bool


def page_of(
    db: Db,
    statement: Select,
    order: Sequence[SortColumn],
    after: str | None,
    *,
    purpose: str,
    tab: str = "",
    size: int = 50,
    descending: bool = False,
) -> Page:
    """One page of a list. The last column of `order` is unique; the statement selects all of them.

    The statement has no ORDER BY and no LIMIT of its own. A cursor of another `tab` leads to the first page.
    """
    if after:
        cursor_tab, *values = decode_cursor(db, purpose, after)
        if len(values) != len(order):
            raise _invalid_cursor()
        if cursor_tab == tab:
            statement = statement.where(keyset(order, values, descending=descending))
    direction = [column.desc() if descending else column.asc() for column in order]
    rows = list(db.execute(statement.order_by(*direction).limit(size + 1)).all())
    next_cursor = None
    if len(rows) > size:
        rows = rows[:size]
        next_cursor = encode_cursor(db, purpose, [tab, *(rows[-1]._mapping[column] for column in order)])
    return Page(rows, next_cursor, first=not after)
