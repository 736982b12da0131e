"""What a session's wall time means by the zone rules of today, where other rules placed it before."""

from datetime import datetime
from typing import Protocol

from app.depositions.rules.new_request import Start, clock_of, day_of, parse_start
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import datetimes, time_zones
from app.kernel.text.time_zones import NonexistentTime, ResolvedTime, clock12


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


class Written(Placed, Protocol):
    """The same, with the zone as it was written."""

    @property
    def time_zone(self) -> str: ...


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


def at_clock_time(session: Written) -> Start:
    """The start that its wall time means today. Raises Invalid when the clocks skip it now."""
    return parse_start(session.start_date, session.start_time, session.time_zone)


def at_moment(session: Written) -> Start:
    """The start with the wall time of its moment today. Raises Invalid when that cannot be written: it is the second
    of two alike, or lies between two minutes."""
    wall = datetimes.local(session.starts_at, session.zone)
    start = parse_start(f"{wall:%Y-%m-%d}", clock12(wall), session.time_zone)
    if start.starts_at != session.starts_at:
        detail = "This moment has no hour of its own on the clock now. Nothing was changed. Move the session instead."
        raise Invalid(detail, errors=[FieldError("start_time", "ambiguous", detail)])
    return start


def choices(session: Written) -> tuple[Start | None, Start | None]:
    """What it would be to keep the clock time, and to keep the moment; None where that cannot be."""
    found: list[Start | None] = []
    for start_of in (at_clock_time, at_moment):
        try:
            found.append(start_of(session))
        except Invalid:
            found.append(None)
    return found[0], found[1]
