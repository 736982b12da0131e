"""What runs now: how a session's end lies to the next one of its manager. Pure: no database."""

from datetime import datetime, timedelta
from typing import NamedTuple

from app.depositions.models import State
from app.depositions.rules.transitions import busy
from app.kernel.text import datetimes

AHEAD = timedelta(hours=2)
"""How far ahead sessions are shown."""
LATE = timedelta(hours=2)
"""How long after its planned start a session that did not begin is shown."""
CLOSE = timedelta(minutes=15)
"""A manager who has not entered this long before the start is missed."""


class Ahead(NamedTuple):
    """When a session ends and what comes next, in words: `ends 11:30, next at 11:45`."""

    text: str
    tone: str


def ahead(
    starts_at: datetime,
    ends_at: datetime,
    state: str,
    next_at: datetime | None,
    gap: timedelta,
    now: datetime,
    zone: str,
) -> Ahead:
    """`next_at` is the next start of the same manager, who needs the `gap` between two; hours are those of `zone`."""
    ends = busy(starts_at, ends_at).ends_at
    known = ends_at > starts_at
    over = state == State.ACTIVE and known and now >= ends
    length = datetimes.duration((now - ends) // timedelta(minutes=1) * timedelta(minutes=1))
    text = f"{length} over" if over else f"ends {_hour(ends, zone)}" if known else "open end"
    if next_at is None:
        return Ahead(text, "warn" if over else "")
    free_at = max(ends, now) if over or known else max(starts_at, now)
    tone = "danger" if free_at + gap > next_at else "warn" if over else ""
    return Ahead(f"{text}, next at {_hour(next_at, zone)}", tone)


def _hour(moment: datetime, zone: str) -> str:
    return datetimes.hour(datetimes.local(moment, zone), zone)
