"""What a session's wall time means by the zone rules of today, where other rules placed it before."""

from datetime import datetime
from typing import Protocol

from app.depositions.rules.new_request import clock_of, day_of
from app.kernel.text import datetimes, time_zones
from app.kernel.text.time_zones import NonexistentTime, ResolvedTime


class Placed(Protocol):
    """A session with its wall time as it was written, and the moment that was found for it."""

    @property
    def start_date(self) -> str: ...
    @property
    def start_time(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...


def resolved(session: Placed) -> ResolvedTime | None:
    """The moment of its wall time by the rules of today; None when the clocks skip it now."""
    day, clock = day_of(session.start_date), clock_of(session.start_time)
    if day is None or clock is None:
        raise ValueError("A stored wall time can be read.")
    try:
        return time_zones.resolve(datetime.combine(day, clock), datetimes.zone_info(session.zone))
    except NonexistentTime:
        return None


def moved(session: Placed) -> bool:
    """Whether its wall time is another moment by the rules of today."""
    found = resolved(session)
    return found is None or found.instant != session.starts_at
