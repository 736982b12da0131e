"""By when an answer was promised: counted in the team's own hours."""

from datetime import UTC, datetime, timedelta

import pytest

from app.config import Config, ConfigError, Hours
from app.depositions import actions
from app.depositions.rules.promises import LONGEST, promised_by
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.factories import at

NEW_YORK = Hours()
"""Monday to Friday, 8 AM to 6 PM in New York."""


@pytest.mark.parametrize(
    ("asked", "hours", "promised"),
    [
        ("2026-12-01 15:00", 2, "2026-12-01 17:00"),
        ("2026-12-01 22:00", 2, "2026-12-02 14:00"),  # an hour on Tuesday, one on Wednesday
        ("2026-12-04 23:30", 8, "2026-12-07 21:00"),  # on Friday evening: Monday at 4 PM
        ("2026-12-05 15:00", 0.25, "2026-12-07 13:15"),  # on Saturday
        ("2026-12-01 13:00", 10, "2026-12-01 23:00"),  # a whole day, to its last minute
        ("2026-03-06 22:00", 2, "2026-03-09 13:00"),  # the clocks are put forward on Sunday: 9 AM is earlier in UTC
        ("2026-10-30 21:00", 2, "2026-11-02 14:00"),
    ],
)
def test_only_business_hours_count(asked, hours, promised):
    assert promised_by(at(asked), hours, NEW_YORK) == at(promised)


def test_every_hour_may_count_and_no_promise_is_without_end():
    always = Hours(frozenset(range(7)), 0, 24 * 60, "UTC")
    begins = at("2026-12-05 15:30")
    assert promised_by(begins, 24, always) == begins + timedelta(hours=24)
    once_a_week = Hours(frozenset((2,)), 0, 60, "UTC")
    assert promised_by(begins, 999, once_a_week) == begins + LONGEST


def test_an_organization_is_promised_its_own(database, cast):
    moment = now().replace(microsecond=0)
    with database.write() as db:
        actions.change_settings(db, cast.marston.id, {"promised_hours": 3}, by=cast.actor("hugo"), now=moment)
    mine = factories.request(database, cast, made_at=moment)
    theirs = factories.request(database, cast, organization="harbor", made_at=moment)
    assert mine.promised_by == moment + timedelta(hours=3)
    assert theirs.promised_by == moment + timedelta(hours=24)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Fri 08:00-18:00 America/New_York", NEW_YORK),
        ("sun-thu 09:00-17:30 Asia/Riyadh", Hours(frozenset((6, 0, 1, 2, 3)), 540, 1050, "Asia/Riyadh")),
        ("Mon-Sun 00:00-24:00 UTC", Hours(frozenset(range(7)), 0, 1440, "UTC")),
        ("Sat 10:00-11:00 Europe/Paris", Hours(frozenset((5,)), 600, 660, "Europe/Paris")),
    ],
)
def test_hours_are_read_as_they_are_written(text, hours):
    assert Config.from_env({"DESK_HOURS": text}).desk_hours == hours
    assert Config.from_env({"DESK_HOURS": str(hours)}).desk_hours == hours


@pytest.mark.parametrize(
    "wrong",
    [
        {"DESK_HOURS": "always"},
        {"DESK_HOURS": "Mon-Fri 18:00-08:00 UTC"},
        {"DESK_HOURS": "Mon-Fri 08:00-18:00 Nowhere/City"},
        {"DESK_HOURS": "Mon-Fri 08:00-25:00 UTC"},
        {"DESK_HOURS": "Mon-Fri 08:00-18:00 ../../etc/passwd"},
        {"DESK_PROMISED_HOURS": "0"},
        {"DESK_PROMISED_HOURS": "-3"},
        {"DESK_PROMISED_HOURS": "soon"},
        {"DESK_PROMISED_HOURS": "1e9"},
    ],
)
def test_what_cannot_be_read_stops_the_start_with_its_name(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Config.from_env(wrong)


def test_times_are_aware():
    assert promised_by(datetime(2026, 12, 1, 15, tzinfo=UTC), 1, NEW_YORK).tzinfo is not None
