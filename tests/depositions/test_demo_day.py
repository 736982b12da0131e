"""The day of the demonstration: whatever hour of the day it is loaded, two sessions of one manager overlap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.depositions.demo import day
from app.depositions.rules.board import day_span
from app.depositions.rules.transitions import overlap


@pytest.mark.parametrize("date", ["2026-11-30", "2027-03-28", "2026-10-25"])
def test_two_overlap_that_are_not_over(date):
    midnight = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(day.VIEWER)).astimezone(UTC)
    of_the_day = day_span(datetime.fromisoformat(date).date(), day.VIEWER)
    now = midnight + timedelta(minutes=7)
    while now < of_the_day.ends_at:
        one, other = (each.span for each in day.due(now, {}) if each.booked.overlaps)
        assert overlap(one, other, timedelta()), now
        assert min(one.ends_at, other.ends_at) > now, now
        assert overlap(one, of_the_day, timedelta()), now
        assert overlap(other, of_the_day, timedelta()), now
        now += timedelta(minutes=15)
