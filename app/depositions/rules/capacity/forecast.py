"""How many requests are expected for a business day beyond those that are known, by the lead times of the last weeks.

This is the additive pickup method of hotels and airlines. A request of the past would still have been to come if fewer
business days lay between it and its own day than are left now, or as many and it came later in the day. As many of
these as the past brought a business day are expected; around it lies the band of a Poisson distribution that holds
four times in five.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.config import Hours as TeamHours
from app.dashboard.statistics import poisson_quantile
from app.depositions.rules.business_days import holiday_of
from app.kernel.text import datetimes

WEEKS = 8
"""How far back requests are looked at."""
ENOUGH = 20
"""Requests below which nothing is expected of them."""
BAND = (0.1, 0.9)
"""Between these shares of the distribution the band of 80 per cent lies."""


class Arrival(NamedTuple):
    """A request of the past: when it came in, and for when."""

    came_at: datetime
    starts_at: datetime


class Expected(NamedTuple):
    """How many more requests are expected, and between what four times in five."""

    mean: float
    low: int
    high: int


def workdays(first: date, last: date, hours: TeamHours, country: str | None) -> list[date]:
    """The team's business days from a day up to and including another: its days of the week without the public
    holidays of its country."""
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day.weekday() in hours.days and not holiday_of(day, country)]


class _Place(NamedTuple):
    """A moment by the last business day that has begun: its number, and how long ago it began on the clock."""

    workday: int
    passed: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the requests of some weeks until now let expect. `known` is how many these are.

    `calendar` are business days in order, from before the first of these weeks; `leads` where each request lies: its
    business days before its own day, and its time of the day.
    """

    known: int
    calendar: Sequence[date]
    now: _Place
    leads: Sequence[tuple[int, timedelta]]
    days: int

    def expected(self, day: date) -> Expected | None:
        """How many more are expected for a business day; None where the past says too little."""
        if self.known < ENOUGH or not self.days:
            return None
        left = bisect_right(self.calendar, day) - 1 - self.now.workday
        more = sum(lead < left or (lead == left and passed > self.now.passed) for lead, passed in self.leads)
        mean = more / self.days
        low, high = (poisson_quantile(mean, share) for share in BAND)
        return Expected(mean, low, high)


def since(now: datetime) -> datetime:
    """From when on requests are looked at."""
    return now - timedelta(weeks=WEEKS)


def forecast(
    arrivals: Iterable[Arrival], now: datetime, zone: str, calendar: Sequence[date], cut: bool = False
) -> Forecast:
    """The forecast of these requests, days and hours on the clock of `zone`. If the oldest were `cut` off, only whole
    days after the oldest that was read count."""
    read = [one for one in arrivals if one.came_at <= now]
    begins = since(now)
    if cut and read:
        begins = now - timedelta(days=(now - min(one.came_at for one in read)).days)
    known = [one for one in read if one.came_at > begins]
    here, working = _place(now, zone, calendar), frozenset(calendar)
    leads = []
    for one in known:
        day, came = datetimes.local(one.starts_at, zone).date(), _place(one.came_at, zone, calendar)
        lead = bisect_right(calendar, day) - 1 - came.workday
        if day in working and lead >= 0:
            leads.append((lead, came.passed))
    return Forecast(len(known), calendar, here, leads, here.workday - _place(begins, zone, calendar).workday)


def _place(moment: datetime, zone: str, calendar: Sequence[date]) -> _Place:
    wall = datetimes.local(moment, zone).replace(tzinfo=None)
    at = bisect_right(calendar, wall.date()) - 1
    if at < 0:
        return _Place(at, timedelta())
    return _Place(at, wall - datetime.combine(calendar[at], datetime.min.time()))
