"""Agents hear of new answers at once, daily or never, as each of them chose."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import Person
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from app.prescreens.actions.announce_answers import DAILY, next_eight
from tests.accounts.browser import post
from tests.cast import Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.factories import prescreen

LENA = "lena@example.com"
TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def choose(database: Database, cast: Cast, who: str, when: str, zone: str = "UTC") -> None:
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.people[who].id).values(new_answers=when, time_zone=zone))


def test_nobody_is_written_to_who_has_not_chosen_it(database: Database, cast: Cast, outbox: Outbox) -> None:
    prescreen(database, cast.marston.id)
    assert [mail["to"] for mail in outbox.emails()] == ["jane@example.com"]
    assert outbox.rows("job:prescreens") == []


def test_at_once_is_one_now_and_one_for_the_rest_of_ten_minutes(database: Database, cast: Cast, outbox: Outbox) -> None:
    choose(database, cast, "lena", "now")
    choose(database, cast, "lars", "now")
    for minute in (0, 1, 2, 9):
        prescreen(database, cast.marston.id, at=TEN + timedelta(minutes=minute), given={"fullName": "Canary"})
    rows = [row for row in outbox.rows("email") if row.payload["to"] == LENA]
    assert [(row.payload["subject"], row.due_at) for row in rows] == [
        ("New answers to Two-bedroom prescreen · Marston & Vale", TEN),
        ("New answers · Marston & Vale", TEN + timedelta(minutes=10)),
    ]
    assert "Canary" not in str([row.payload for row in rows])
    assert outbox.emails("lars@example.com") == [], "they are of another organization"
    prescreen(database, cast.marston.id, at=TEN + timedelta(minutes=21))
    assert len(outbox.emails(LENA)) == 3


@pytest.mark.parametrize("person", ["otto", "adam", "aude"])
def test_who_decides_nothing_hears_nothing(database: Database, cast: Cast, outbox: Outbox, person: str) -> None:
    choose(database, cast, person, "now")
    prescreen(database, cast.marston.id)
    assert outbox.emails(f"{person}@example.com") == []


@pytest.mark.parametrize("late", [0, 3])
def test_daily_is_one_at_eight_about_the_day_before(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock, late: int
) -> None:
    """Also where the workers were away at eight: it names the day."""
    clock.set(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    choose(database, cast, "lena", "daily")
    for _ in range(2):
        prescreen(database, cast.marston.id)
    prescreen(database, cast.harbor.id)
    (job,) = outbox.rows(DAILY)
    assert job.due_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    clock.set(job.due_at - timedelta(minutes=1))
    outbox.deliver_all()
    assert outbox.emails(LENA) == []
    clock.set(job.due_at + timedelta(days=late))
    outbox.deliver_all()
    (mail,) = outbox.emails(LENA)
    assert mail["subject"] == "2 prospects sent answers until Tue 3 Mar 2026, 8 AM"
    assert "2 prospects sent answers in the day until Tue 3 Mar 2026, 8 AM." in mail["text"]
    assert "2 prescreens wait for a decision now." in mail["text"]
    outbox.deliver_all()
    assert len(outbox.emails(LENA)) == 1


@pytest.mark.parametrize(
    ("zone", "sent", "mails"),
    [
        # Eight in the morning is at half past two there, and at a quarter past two.
        ("Asia/Kolkata", ["2026-03-02T02:20", "2026-03-02T02:40"], {"2026-03-02T02:30": 1, "2026-03-03T02:30": 1}),
        ("Asia/Kathmandu", ["2026-03-02T02:10"], {"2026-03-02T02:15": 1}),
        # The clocks are put back: a day of 25 hours; and forward, one of 23.
        ("America/New_York", ["2026-10-31T12:30"], {"2026-11-01T13:00": 1}),
        ("America/New_York", ["2026-03-07T12:30", "2026-03-07T13:30"], {"2026-03-07T13:00": 1, "2026-03-08T12:00": 1}),
    ],
)
def test_each_answer_is_told_once_whatever_the_clocks_do(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock, zone: str, sent: list[str], mails: dict[str, int]
) -> None:
    choose(database, cast, "lena", "daily", zone)
    moments = sorted([*((each, 0) for each in sent), *mails.items()])
    for moment, number in moments:
        clock.set(datetime.fromisoformat(f"{moment}+00:00"))
        if not number:
            prescreen(database, cast.marston.id)
            continue
        before = len(outbox.emails(LENA))
        outbox.deliver_all()
        (mail,) = outbox.emails(LENA)[before:]
        assert mail["subject"].startswith(f"{number} prospect")


def test_who_has_thought_better_of_it_hears_nothing(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    choose(database, cast, "lena", "daily")
    prescreen(database, cast.marston.id)
    choose(database, cast, "lena", "never")
    clock.move(days=1, hours=1)
    outbox.deliver_all()
    assert outbox.emails(LENA) == []


@pytest.mark.parametrize(
    ("zone", "now", "eight"),
    [
        ("UTC", "2026-03-02T07:59", "2026-03-02T08:00"),
        ("UTC", "2026-03-02T08:00", "2026-03-03T08:00"),
        ("Asia/Kathmandu", "2026-03-02T00:00", "2026-03-02T02:15"),
        # The night in which the clocks are put forward has an hour less.
        ("America/New_York", "2026-03-07T13:30", "2026-03-08T12:00"),
    ],
)
def test_it_is_eight_where_the_person_is(zone: str, now: str, eight: str) -> None:
    found = next_eight(zone, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(eight).replace(tzinfo=UTC)


def test_the_page_and_the_command_choose_it(
    client: FlaskClient, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, monkeypatch)
    cast.sign_in(client, "lena")
    assert "E-mail about new answers of prospects" in client.get("/settings").text
    fields = {"name": "Lena Ortiz", "time_zone": "UTC", "theme": "system", "undo_seconds": "30"}
    assert post(client, "/settings", {**fields, "version": "1", "new_answers": "hourly"}).status_code == 422
    assert post(client, "/settings", {**fields, "version": "1", "new_answers": "now"}).status_code == 303
    assert post(client, "/settings", {**fields, "version": "2"}).status_code == 303, "a form of before it was there"
    with database.read() as db:
        assert db.scalar(select(Person.new_answers).where(Person.email == LENA)) == "now"
    assert desk.json("person", "set", LENA, "--new-answers", "daily")["changed"] is True
    assert desk.json("person", "set", LENA, "--new-answers", "daily")["changed"] is False
    assert post(client, "/settings", {**fields, "version": "3", "new_answers": "now"}).status_code == 409, "overtaken"
    with database.read() as db:
        assert db.scalar(select(Person.new_answers).where(Person.email == LENA)) == "daily"
        last = timeline(db, "person", cast.lena.id)[0]
    assert last.data["before"] == {"new_answers": "now"}
    assert last.data["after"] == {"new_answers": "daily"}
