"""The one clock. Everything that needs the time takes it as `now`; only requests, the worker and the CLI ask here."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def iso(instant: datetime | None) -> str | None:
    """`2026-05-23T10:00:00Z`: whole seconds, as prescreens and inspections print it."""
    return None if instant is None else f"{instant.isoformat()[:19]}Z"


def iso_ms(instant: datetime) -> str:
    """`2026-05-23T10:00:00.123Z`: milliseconds, as the evidence chain prints it."""
    return f"{instant.isoformat()[:19]}.{instant.microsecond // 1000:03d}Z"
