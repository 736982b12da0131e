"""The capacity of the team on the overview and by `desk plan capacity`: true numbers, for staff, at a bounded price."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update

from app.accounts.models import Person
from app.config import Hours
from app.depositions.models import Deposition, Manager, WorkingHours
from app.depositions.queries import capacity as queries
from app.depositions.rules.capacity.forecast import Expected
from tests.depositions import factories
from tests.depositions.test_plans import crowd, crowded, plan
from tests.pages import text

__all__ = ["crowd"]


@pytest.fixture(autouse=True)
def today(clock, cast, database):
    """It is Tuesday, 1 December 2026, noon, and the scheduler and the managers live by UTC."""
    clock.set(factories.at("2026-12-01 12:00"))
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))
        db.execute(update(Manager).values(zone="UTC"))


def work(database, *managers):
    """The working hours of managers: nine to five on each day."""
    with database.write() as db:
        rows = [{"manager_id": id, "weekday": day, "starts": 540, "ends": 1020} for id in managers for day in range(7)]
        db.execute(insert(WorkingHours), rows)


def waiting(database, cast, n=1, hour="2026-12-10 10:00"):
    for at in range(n):
        facts = {"case_name": f"Case {at}", "deponent_name": f"Witness {at}", "deponent_email": None, "invites": ()}
        factories.request(database, cast, starts_at=factories.at(hour), zone="UTC", **facts)


def figure(page):
    found = re.search(r'<figure class="chart wide" id="capacity".*?</figure>', page, re.S)
    return found[0] if found else ""


def test_what_is_asked_for_and_what_can_be_held(ines, cast, database):
    made = factories.request(database, cast, starts_at=factories.at("2026-12-10 09:30"), zone="UTC")
    made = factories.schedule(database, cast, made.id, reason="On purpose.")
    waiting(database, cast, 2)
    work(database, made.manager_id)
    page = text(ines.get("/depositions/overview"))
    shown = figure(page)
    assert "Thu 10 Dec: 3 asked for, 1 can be held." in shown
    assert re.search(r'Thu 10 Dec: <a href="/depositions/board\?day=2026-12-10"[^>]*><strong>3</strong> asked', page)
    assert re.search(r"</a>\.\s+Thu 10 Dec: ", page), "a sentence of its own"
    assert '<a href="/depositions/board?day=2026-12-10" tabindex="-1"><title>3 asked for, Thu 10 Dec' in shown
    for url in ("/depositions/plan", "/depositions/board?week=2026-12-10", "/depositions/now"):
        assert f'<a href="{url}">' in shown
        assert ines.get(url).status_code == 200
    (row,) = re.findall(r'<th scope="row"><bdi>Thu 10 Dec</bdi>.*?</tr>', shown, re.S)
    cells = re.findall(r"<td>(.*?)</td>", row)
    assert [re.sub("<[^>]*>", "", cell) for cell in cells] == ["1", "2", "", "1", "8", "4.5"]
    for cell, n in zip(cells, (1, 2), strict=False):
        url = re.search('href="([^"]*)"', cell)[1].replace("&amp;", "&")
        assert len(re.findall(r'<tr[^>]*data-row="', text(ines.get(url)))) == n
    assert "Too little history to expect more: 3 requests in 8 weeks, 20 are needed." in shown


@pytest.mark.parametrize(("who", "sees"), [("ines", True), ("ada", True), ("adam", False)])
def test_the_team_is_shown_to_its_own_people(client, cast, database, who, sees):
    waiting(database, cast)
    cast.sign_in(client, who)
    assert bool(figure(text(client.get("/depositions/overview")))) == sees
    assert figure(text(client.get(f"/depositions/overview?organization={cast.marston.id}"))) == ""


def test_a_team_without_working_hours_says_so(ines, cast, database):
    waiting(database, cast)
    shown = figure(text(ines.get("/depositions/overview")))
    assert "No manager has working hours in the roster, so what can be held is not known." in shown
    assert "<title>1 asked for, Thu 10 Dec" in shown
    assert 'class="limit"' not in shown


def test_what_is_expected_comes_of_the_requests_of_eight_weeks(cast, database, clock):
    """Forty requests in eight weeks, each for three days later; those that were canceled are not expected again."""
    for n in range(1, 41):
        came = factories.at("2026-12-01 09:00") - timedelta(days=n)
        starts = came + timedelta(days=3, hours=1)
        made = factories.request(database, cast, starts_at=starts, made_at=came, zone="UTC")
        if n % 4 == 0:
            with database.write() as db:
                db.execute(update(Deposition).where(Deposition.id == made.id).values(state="canceled"))
    with database.read() as db:
        found = queries.capacity(db, factories.at("2026-12-01 12:00"), "UTC")
    assert found.known == 30
    expected = [day.expected for day in found.days[:6]]
    assert expected == [Expected(0, 0, 0)] * 4 + [Expected(30 / 56, 0, 2)] * 2


def test_of_more_than_can_be_read_the_days_that_are_whole_are_shown(cast, database, monkeypatch):
    for day in (3, 4, 5):
        waiting(database, cast, 2, f"2026-12-0{day} 10:00")
    with database.read() as db:
        assert len(queries.capacity(db, factories.at("2026-12-01 12:00"), "UTC").days) == 15
        monkeypatch.setattr(queries, "MOST", 4)
        found = queries.capacity(db, factories.at("2026-12-01 12:00"), "UTC")
    assert [(day.day.day, day.asked) for day in found.days] == [(1, 0), (2, 0), (3, 2), (4, 2)]


@crowded
def test_each_read_is_a_few_ranges_of_an_index(database, cast, crowd):
    begins = factories.at("2026-12-01 00:00")
    values = {"begins": begins, "ends": begins + timedelta(days=21)}
    with database.read() as db:
        for statement, index in ((queries.AHEAD, "starts"), (queries.CAME, "created")):
            words = plan(db, statement, values)
            assert "SCAN depositions\n" not in words + "\n", words
            assert "Seq Scan on depositions" not in words, words
            assert re.search(rf"ix_depositions_(organization_)?{index}\b", words), words


def test_business_days_of_a_team_with_a_calendar(cast, database, monkeypatch):
    with database.read() as db:
        monkeypatch.setattr(database, "config", replace(database.config, desk_hours=Hours()))
        days = [day.day for day in queries.capacity(db, factories.at("2026-12-01 12:00"), "UTC").days]
    assert (len(days), days[0], days[-1]) == (15, date(2026, 12, 1), date(2026, 12, 21))
