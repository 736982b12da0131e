"""Hours that a session could be moved to, computed from what is known of those who take part. Pure: no database.

An hour is good when the manager is there and free, when it lies in office hours on a business day by every clock that
is known, and when nothing else that the session needs is taken.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from app.depositions.rules import availability, business_days
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.conflicts import Need
from app.depositions.rules.flags import OFFICE_CLOSES, OFFICE_OPENS
from app.depositions.rules.transitions import Span
from app.kernel.text import datetimes

LEAST, MOST = 2, 4
"""How many hours are offered."""
DAYS = 21
"""How many days are looked through."""
STEP = timedelta(minutes=30)
NOTICE = timedelta(hours=24)
"""How long before an hour it is offered at the latest, when the hours are computed."""
ANSWER_DAYS = timedelta(days=3)
"""How long people are given to answer, unless another first day is wanted."""
MIDDAY = (9 * 60, 17 * 60)
"""The minutes of a day in which an hour is best."""
VARIETY = (10 * 60, 14 * 60)
"""The minutes of a day near which the second hour and the third are looked for, so that not all are alike."""

_TAKEN = {
    Need.MANAGER: "the manager has another session",
    Need.NAME: "the deponent has another session",
    Need.ADDRESS: "somebody invited has another session",
    Need.CASE: "the case has another session",
    Need.INTERPRETER: "the interpreter has another session",
}


class Clock(NamedTuple):
    """A zone in which somebody takes part, and the country whose holidays count there."""

    zone: str
    country: str | None


class Taken(NamedTuple):
    """A time at which something that the session needs is taken."""

    need: str
    span: Span


class WorkingManager(NamedTuple):
    """The manager: the zone of their hours and absences, and what they need between two sessions."""

    zone: str
    hours: Sequence[Hours]
    absences: Sequence[Away]
    gap: timedelta


@dataclass(frozen=True, slots=True)
class Search:
    """What is known when other hours are looked for. `clocks` begins with the session's own; with `own_clock_only` the
    others do not count."""

    starts_at: datetime
    length: timedelta
    clocks: Sequence[Clock]
    manager: WorkingManager | None
    taken: Sequence[Taken]
    own_clock_only: bool = False

    @property
    def zone(self) -> str:
        return self.clocks[0].zone


class Found(NamedTuple):
    """The hours that were found, and how many were left out for which reason."""

    slots: list[datetime]
    left_out: Counter[str]


def find(search: Search, first_day: date, now: datetime, most: int = MOST) -> Found:
    """The best hours, at most one a day, from a day on; at different times of the day where that is possible."""
    left_out: Counter[str] = Counter()
    own = _minutes(datetimes.local(search.starts_at, search.zone))
    wanted = [own, *VARIETY, own]
    slots: list[datetime] = []
    for n in range(DAYS):
        if len(slots) == most:
            break
        good = []
        for starts_at in _grid(first_day + timedelta(days=n), search.zone):
            reason = why_not(search, starts_at, now + NOTICE)
            if reason:
                left_out[reason] += 1
            else:
                good.append(starts_at)
        if good:
            near = wanted[len(slots) % len(wanted)]
            slots.append(min(good, key=lambda at: (_inconvenience(search, at), _away_from(search, at, near), at)))
    return Found(slots, left_out)


def why_not(search: Search, starts_at: datetime, after: datetime) -> str:
    """Why an hour is not offered, in a few words; empty when it can be. It has to lie later than `after`."""
    span = Span(starts_at, starts_at + search.length)
    if starts_at <= after:
        return "it is too soon"
    if starts_at == search.starts_at:
        return "the session is at that hour now"
    for clock in search.clocks[:1] if search.own_clock_only else search.clocks:
        reason = _outside(clock, span)
        if reason:
            return reason
    return _manager_away(search, span) or _taken(search, span)


def _outside(clock: Clock, span: Span) -> str:
    """Whether an hour is outside office hours, or on a day off, by a clock."""
    begins, ends = datetimes.local(span.starts_at, clock.zone), datetimes.local(span.ends_at, clock.zone)
    where = place(clock.zone)
    if begins.date() != ends.date() or begins.time() < OFFICE_OPENS or ends.time() > OFFICE_CLOSES:
        return f"it is outside 7 AM to 8 PM in {where}"
    holiday = business_days.holiday_of(begins.date(), clock.country)
    if holiday:
        return f"it is {holiday} in {where}"
    if not business_days.is_business_day(begins.date(), clock.country):
        return f"it is a weekend in {where}"
    return ""


def _manager_away(search: Search, span: Span) -> str:
    manager = search.manager
    if manager is None:
        return ""
    reason = availability.why_away(manager.zone, manager.hours, manager.absences, span)
    return f"the manager {'is ' if reason.startswith('away') else ''}{reason}" if reason else ""


def _taken(search: Search, span: Span) -> str:
    gap = search.manager.gap if search.manager else timedelta(0)
    for each in search.taken:
        # What ends is kept with the manager's gap already (rules/conflicts.py).
        ends = span.ends_at + (gap if each.need == Need.MANAGER else timedelta(0))
        if span.starts_at < each.span.ends_at and each.span.starts_at < ends:
            return _TAKEN.get(Need(each.need), "it is taken")
    return ""


def place(zone: str) -> str:
    """What people call the place of a zone: `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


def why_so_few(found: Found) -> str:
    """Why fewer hours were found than are offered at least, with what stood in the way most often."""
    if len(found.slots) >= LEAST:
        return ""
    common = [f"{reason} ({n})" for reason, n in found.left_out.most_common(3) if reason != "it is too soon"]
    only = "Only one hour was found" if found.slots else "No hour was found"
    return (
        f"{only} within {DAYS} days. What stands in the way most often: {'; '.join(common)}." if common else only + "."
    )


def _grid(day: date, zone: str) -> Iterator[datetime]:
    """The starts that are tried on a day, by the session's own clock."""
    tried = datetime.combine(day, OFFICE_OPENS)
    while tried < datetime.combine(day, OFFICE_CLOSES):
        yield tried.replace(tzinfo=datetimes.zone_info(zone)).astimezone(UTC)
        tried += STEP


def _inconvenience(search: Search, starts_at: datetime) -> int:
    """By how many minutes an hour lies outside the middle of the day, by all clocks together."""
    found, length = 0, round(search.length.total_seconds() / 60)
    for clock in search.clocks:
        begins = _minutes(datetimes.local(starts_at, clock.zone))
        found += max(0, MIDDAY[0] - begins) + max(0, begins + length - MIDDAY[1])
    return found


def _away_from(search: Search, starts_at: datetime, minutes: int) -> int:
    return abs(_minutes(datetimes.local(starts_at, search.zone)) - minutes)


def _minutes(local: datetime) -> int:
    return local.hour * 60 + local.minute


def first_day(now: datetime, zone: str) -> date:
    """The first day that is looked at, unless another is wanted: people need time to answer."""
    return datetimes.local(now, zone).date() + ANSWER_DAYS


def answers_until(first: datetime, now: datetime) -> datetime:
    """Until when people answer, unless another moment is wanted: a day before the first hour, or halfway to it."""
    until = max(first - NOTICE, now + (first - now) / 2)
    return until.replace(minute=0, second=0, microsecond=0) if until - now > timedelta(hours=2) else until
