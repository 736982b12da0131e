"""Types that stand for columns of many types (their values differ, so each is `Any` for the type checker), and numbers
that stand in a statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, literal_column
from sqlalchemy.orm import InstrumentedAttribute

Attribute = InstrumentedAttribute[Any]
"""A mapped attribute, whatever type its column has."""
Values = Mapping[Attribute, object]
"""Values of a row by mapped attribute."""
Rows = Select[*tuple[Any, ...]]
"""A SELECT of several columns; who reads its rows declares what they are."""


def number(value: int) -> ColumnElement[int]:
    """A number that stands in the text of a statement, for a limit.

    Of a limit that is bound PostgreSQL assumes a tenth of the rows: it would keep no plan, and make one at each
    execution.
    """
    return literal_column(str(value), Integer)
