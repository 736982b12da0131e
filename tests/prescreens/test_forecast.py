"""What expires undecided at this week's pace: the rule, the overview and the command."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from app.prescreens.queries.forecast import first_to_decide, outlook
from app.prescreens.rules.forecast import Lapse, forecast
from tests.cast import Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.prescreens.factories import prescreen


def test_two_a_day_decide_two_of_five_by_tomorrow() -> None:
    # N is Poisson with mean 2: 0 at the lower tenth, 2 in the middle, 4 at the upper tenth.
    assert forecast([5], [1.0], 14).slots == (Lapse(5, 1, 3, 5),)


def test_what_is_decided_first_is_what_expires_first() -> None:
    # One a day: by day 1 the median is 1, by day 10 it is 10. Three expire on the first day, three on the tenth.
    found = forecast([3, 3], [1.0, 10.0], 7)
    assert [each.likely for each in found.slots] == [2, 0]
    assert (found.total.waiting, found.total.likely, found.first) == (6, 2, 0)


def test_what_has_expired_is_counted_once_and_decisions_serve_what_comes_later() -> None:
    found = forecast([2, 0, 2], [0.001, 5.0, 5.001], 14)
    assert [each.likely for each in found.slots] == [2, 0, 0]
    assert found.total == Lapse(4, 2, 2, 2)


def test_without_a_decision_everything_expires_and_nothing_is_made_of_nothing() -> None:
    assert forecast([2, 1], [0.5, 20.0], 0).total == Lapse(3, 3, 3, 3)
    assert forecast([], [], 5).total == Lapse(0, 0, 0, 0)
    assert forecast([], [], 5).first is None


@pytest.mark.parametrize("decided", [0, 1, 7, 70, 700])
def test_the_band_holds_what_is_likely_and_never_more_than_wait(decided: int) -> None:
    found = forecast([4, 0, 9, 1], [0.2, 1, 3, 12], decided)
    for each, n in zip(found.slots, [4, 0, 9, 1], strict=True):
        assert 0 <= each.likely <= n
    total = found.total
    assert 0 <= total.low <= total.likely <= total.high <= 14


def test_an_organization_is_forecast_from_its_own_pace(database: Database, cast: Cast, clock: Clock) -> None:
    at = clock.now()
    waiting = [prescreen(database, cast.marston.id, at=at - timedelta(days=days)) for days in (29.5, 28.5, 1)]
    prescreen(database, cast.marston.id, at=at - timedelta(days=31))
    prescreen(database, cast.harbor.id, "approved", at=at - timedelta(days=1))
    with database.read() as db:
        seen = outlook(db, cast.marston.id, "America/New_York", clock.now())
        first = first_to_decide(db, cast.marston.id, clock.now())
    assert (seen.forecast.total.waiting, seen.forecast.decided, seen.forecast.total.likely) == (3, 0, 3)
    assert [each.id for each in first] == waiting
    for _ in range(28):
        prescreen(database, cast.marston.id, "approved", at=at - timedelta(days=2))
    with database.read() as db:
        seen = outlook(db, cast.marston.id, "America/New_York", clock.now())
    assert (seen.forecast.decided, seen.forecast.total) == (28, Lapse(3, 0, 0, 1))


def test_the_overview_says_what_it_stands_on(database: Database, cast: Cast, client: FlaskClient, clock: Clock) -> None:
    at = clock.now()
    first = prescreen(database, cast.marston.id, at=at - timedelta(days=28))
    cast.sign_in(client, "lena")
    page = client.get("/prescreens/overview").text
    assert "Nothing was decided in the last 7 days: at this pace all of them expire undecided." in page
    assert re.search(
        rf'Decide first: <a href="/prescreens/{first}"><bdi>Two-bedroom prescreen, 47 h left</bdi></a>', page
    )
    for _ in range(40):
        prescreen(database, cast.marston.id, "approved", at=at - timedelta(days=1))
    page = client.get("/prescreens/overview").text
    assert "At the pace of the last 7 days, 40 decided, all are decided in time in at least nine of ten cases." in page
    table = client.get("/prescreens/overview?csv=expiry").text
    assert "Expires undecided at this pace,In eight of ten cases" in table
    client = client.application.test_client()
    cast.sign_in(client, "hugo")
    page = client.get("/prescreens/overview").text
    assert "Choose one organization to see what expires undecided at its pace." in page
    assert "Decide first" not in page


def test_the_command_says_the_same(
    database: Database, cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = prescreen(database, cast.marston.id, at=clock.now() - timedelta(days=28))
    found = Desk(database, monkeypatch).json("prescreen", "forecast", "--organization", "marston")
    assert (found["waiting"], found["decided"], found["lapse"]) == (1, 0, {"low": 1, "likely": 1, "high": 1})
    assert [each["id"] for each in found["decide_first"]] == [str(id)]
    text = Desk(database, monkeypatch)("prescreen", "forecast", "--organization", "marston")
    assert "1 wait for a decision. Nothing was decided in the last 7 days" in text.stdout
