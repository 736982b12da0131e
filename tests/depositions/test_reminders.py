"""Reminders before a session: at most once each, to those who know of it as it is, never after the start."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.depositions import actions
from app.depositions.rules import new_request, reconfirmation
from app.kernel import clock as kernel_clock
from app.kernel.db.engine import Database
from app.kernel.text.time_zones import clock12
from tests.cast import COMMAND_LINE, Cast
from tests.clocks import Clock
from tests.depositions import factories
from tests.outgoing import Outbox


@pytest.fixture(autouse=True)
def switched_on(database: Database, cast: Cast, clock: Clock) -> None:
    switch(database, cast, on=True)


def switch(database: Database, cast: Cast, *, on: bool) -> None:
    with database.write() as db:
        actions.change_settings(db, cast.marston.id, {"reminders": on}, by=COMMAND_LINE, now=kernel_clock.now())


def booked(database: Database, cast: Cast, clock: Clock, **length: float) -> Any:
    """A session that starts after this time, and invitations that were accepted."""
    made = factories.in_state(database, cast, "scheduled", starts_at=clock.now() + timedelta(**length))
    factories.delivered(database, channel="email")
    return made


def reminded(outbox: Outbox) -> list[str]:
    return sorted(each["to"] for each in outbox.emails() if each["subject"].startswith("Reminder"))


EVERYBODY = ["obsidian@example.com", "orsolya@example.com", "quartz@example.com"]


def test_everybody_is_reminded_twice_and_nobody_after_the_start(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    booked(database, cast, clock, hours=30)
    for hours, expected in ((5, 0), (2, 1), (1, 1), (20, 1), (1.2, 2), (3, 2)):
        clock.move(hours=hours)
        outbox.deliver_all()
        outbox.deliver_all()
        assert reminded(outbox) == sorted(EVERYBODY * expected), hours
    mail = next(each for each in outbox.emails("orsolya@example.com") if each["subject"].startswith("Reminder"))
    assert "?k=" in mail["text"]
    assert mail["attachments"] == []


def test_a_late_worker_sends_the_nearer_one_and_none_after_the_start(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    booked(database, cast, clock, hours=30)
    clock.move(hours=29.5)
    outbox.deliver_all()
    assert reminded(outbox) == EVERYBODY
    booked(database, cast, clock, hours=30)
    clock.move(hours=31)
    outbox.deliver_all()
    assert reminded(outbox) == EVERYBODY


def test_who_was_not_told_is_not_reminded(database: Database, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    made = factories.in_state(database, cast, "scheduled", starts_at=clock.now() + timedelta(hours=30))
    factories.delivered(database, "dead", channel="email")
    clock.move(hours=7)
    outbox.deliver_all()
    assert reminded(outbox) == []
    assert made


def test_a_silent_cancellation_is_not_contradicted(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast, clock, hours=30)
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=clock.now(), notify=False)
    assert [row.state for row in outbox.rows("job:depositions.remind")] == ["dropped", "dropped"]
    clock.move(hours=7)
    outbox.deliver_all()
    assert reminded(outbox) == []


def test_only_sessions_booked_since_the_switch(database: Database, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    switch(database, cast, on=False)
    booked(database, cast, clock, hours=30)
    clock.move(minutes=1)
    switch(database, cast, on=True)
    assert outbox.rows("job:depositions.remind") == []
    booked(database, cast, clock, hours=40)
    clock.move(minutes=1)
    switch(database, cast, on=False)
    clock.move(hours=17)
    outbox.deliver_all()
    assert reminded(outbox) == []


def test_nobody_is_reminded_of_a_session_that_was_started(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast, clock, hours=2)
    with database.write() as db:
        actions.start(db, made.id, by=cast.actor("ines"), now=clock.now(), reason="All are here.")
    clock.move(hours=1.5)
    outbox.deliver_all()
    assert reminded(outbox) == []


def test_reminders_lie_the_real_hours_before_the_start() -> None:
    starts_at = kernel_clock.now()
    assert reconfirmation.reminders(starts_at, starts_at - timedelta(hours=30)) == [
        (24, starts_at - timedelta(hours=24)),
        (1, starts_at - timedelta(hours=1)),
    ]
    assert [hours for hours, _ in reconfirmation.reminders(starts_at, starts_at - timedelta(hours=24))] == [1]
    assert not reconfirmation.reminder_due(24, starts_at, starts_at - timedelta(hours=1))
    assert not reconfirmation.reminder_due(1, starts_at, starts_at)


def move(database: Database, cast: Cast, made: Any, clock: Clock, *, hours: float, notify: bool) -> None:
    wall = (made.starts_at + timedelta(hours=hours)).astimezone(ZoneInfo(made.zone))
    start = new_request.parse_start(f"{wall:%Y-%m-%d}", clock12(wall), made.time_zone)
    with database.write() as db:
        to = actions.Move(start, 1.25, reason="On purpose.")
        actions.move(db, made.id, to, by=cast.actor("ines"), now=clock.now(), notify=notify)


@pytest.mark.parametrize("notify", [True, False])
def test_after_a_move_only_those_who_were_told_of_it_are_reminded(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock, notify: bool
) -> None:
    made = booked(database, cast, clock, hours=30)
    move(database, cast, made, clock, hours=4, notify=notify)
    factories.delivered(database, channel="email")
    clock.move(hours=7)
    outbox.deliver_all()
    assert reminded(outbox) == []
    clock.move(hours=4)
    outbox.deliver_all()
    assert reminded(outbox) == (EVERYBODY if notify else [])


def test_who_is_told_of_a_silent_move_is_reminded_after_all(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast, clock, hours=30)
    move(database, cast, made, clock, hours=4, notify=False)
    factories.delivered(database, channel="email")
    with database.write() as db:
        actions.tell(db, made.id, by=cast.actor("ines"), now=clock.now())
    factories.delivered(database, channel="email")
    clock.move(hours=11)
    outbox.deliver_all()
    assert reminded(outbox) == EVERYBODY
