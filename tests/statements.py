"""What an engine is asked, as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def heard(engine: Engine) -> Iterator[list[str]]:
    """The statements that the engine executes meanwhile. While somebody listens none is read past SQLAlchemy."""
    found: list[str] = []

    def hear(*given: Any) -> None:
        found.append(given[2])

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", hear)
