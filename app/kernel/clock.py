"""The clock. Functions that need the time take it as `now`; only requests, the worker and the CLI call `now()`."""

from datetime import UTC, datetime, timedelta

CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the clocks of our machines may differ."""


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def iso(instant: datetime | None) -> str | None:
    """`2026-05-23T10:00:00Z`: whole seconds, as prescreens and inspections print it."""
    return None if instant is None else f"{instant.isoformat()[:19]}Z"
