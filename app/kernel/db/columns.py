"""Types that stand for columns of many types: their values differ, so each of them is `Any` for the type checker."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

Attribute = InstrumentedAttribute[Any]
"""A mapped attribute, whatever type its column has."""
Values = Mapping[Attribute, object]
"""Values of a row by mapped attribute."""
Rows = Select[*tuple[Any, ...]]
"""A SELECT of several columns; who reads its rows declares what they are."""
