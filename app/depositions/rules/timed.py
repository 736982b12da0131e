"""What rules and texts need to know of anything that takes place: when, and in which zone."""

from datetime import datetime
from typing import Protocol


class Spanning(Protocol):
    """Anything that begins and ends; both are UTC."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


class Timed(Spanning, Protocol):
    """Anything that has a session's time and zone."""

    @property
    def zone(self) -> str: ...
