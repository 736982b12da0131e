"""By when the team has promised an answer to a request: so many of its own business hours after it came in."""

from datetime import datetime, time, timedelta

from app.config import Hours
from app.kernel.text import datetimes

LONGEST = timedelta(days=400)
"""No promise reaches farther, whatever is set."""


def promised_by(asked_at: datetime, promised: float, hours: Hours) -> datetime:
    """The moment at which `promised` hours of business time have passed since `asked_at`."""
    left, last = timedelta(hours=promised), asked_at + LONGEST
    day = datetimes.local(asked_at, hours.zone).date()
    while True:
        midnight = datetime.combine(day, time(), datetimes.zone_info(hours.zone))
        # Added on the wall clock, so that a team opens at eight on the day of a clock change too.
        opens, closes = (
            (midnight + timedelta(minutes=edge)).astimezone(asked_at.tzinfo) for edge in (hours.opens, hours.closes)
        )
        begins = max(opens, asked_at)
        if day.weekday() in hours.days and begins < closes:
            if left <= closes - begins:
                return min(begins + left, last)
            left -= closes - begins
        if opens > last:
            return last
        day += timedelta(days=1)
