"""Cases: the page of one, a list in groups by case, and booking the rest like the first."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.depositions.queries import cases as queries
from app.depositions.rules import cases, conflicts
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_board import statements
from tests.depositions.test_plans import crowd, crowded, plan
from tests.pages import csrf, digest, text

__all__ = ["crowd"]
NOON = factories.at("2026-12-08 12:00")
CASE = "Keller v. Northline Freight"
URL = "/depositions/cases/marston/Keller%20v.%20Northline%20Freight"


@pytest.fixture(autouse=True)
def today(clock):
    clock.set(factories.at("2026-12-01 10:00"))


def ask(database, cast, hours, **facts):
    return factories.request(database, cast, starts_at=NOON + timedelta(hours=hours), zone="UTC", **facts)


@pytest.mark.parametrize(
    "name",
    [
        "Keller v. Northline",
        "a/b",
        "..",
        ".",
        "~tilde",
        "50% of it",
        "قضية",
        " padded ",
        "a?b#c",
        "\\",
        "x" * 500,
        "🦊",
    ],
)
def test_every_name_has_an_address_that_names_it(name):
    token = cases.token_of(name)
    assert cases.name_of(token) == name
    assert token not in (".", "..")
    assert not set(token) & set("/\\?#%")


def test_a_token_that_nobody_made_names_nothing():
    assert cases.name_of("~*") == ""
    assert cases.name_of("~gA") == ""


def test_all_sessions_of_a_case_with_people_gaps_and_clashes(ines, cast, database):
    booked = factories.schedule(database, cast, ask(database, cast, 0).id)
    clash = ask(database, cast, 0.5, case_name="KELLER  v. Northline freight", deponent_email=None)
    later = ask(database, cast, 2)
    canceled = factories.in_state(database, cast, "canceled", starts_at=NOON + timedelta(days=3))
    other = ask(database, cast, 2, case_name="Keller v. Northline", deponent_email="o@example.com")
    foreign = ask(database, cast, 9, organization="harbor")
    page = text(ines.get(URL))
    for made in (booked, clash, later, canceled):
        assert f'data-part="session-{made.id}"' in page
    for made in (other, foreign):
        assert f'data-part="session-{made.id}"' not in page
    assert "4 sessions, 2 to schedule" in page
    assert "2 requests wait to be scheduled." in page
    assert "1 deponent has no e-mail address." in page
    assert re.search(rf"{booked.id}, .*and .*{clash.id}, .*overlap: ", page)
    assert "15 min after the one before" in page
    assert re.search(r"obsidian@example.com</bdi></th><td>host</td><td[^>]*>3<", page)


def test_what_rules_say_without_a_database():
    assert cases.folded(" Keller  V. Northline ") == cases.folded("keller v. northline")


def test_book_the_rest_like_the_first(ines, cast, database):
    first = factories.schedule(database, cast, ask(database, cast, 0).id)
    rest = ask(database, cast, 30)
    page = text(ines.get(URL))
    assert "Like the first" in page
    form = re.search(rf'action="/depositions/{rest.id}/schedule".*?</form>', page, re.S)[0]
    typed = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert typed["manager"] == str(first.manager_id)
    assert (typed["provider"], typed["room_url"]) == ("chime", factories.ROOM)
    shown = ines.post(f"/depositions/{rest.id}/schedule", data={**typed, "csrf_token": csrf(ines)})
    assert "Schedule" in text(shown)
    done = ines.post(
        f"/depositions/{rest.id}/schedule",
        data={**typed, "csrf_token": csrf(ines), "step": "", "preview": digest(shown)},
    )
    assert (done.status_code, done.headers["Location"]) == (303, URL)
    row = stored(database, rest.id)
    assert (row.state, row.manager_id, row.room_url) == ("scheduled", first.manager_id, factories.ROOM)


def test_who_may(client, cast, database):
    made = ask(database, cast, 0)
    for who, status in (("ines", 200), ("adam", 200), ("aude", 200), ("ada", 200), ("abel", 404), ("lena", 403)):
        cast.sign_in(client, who)
        answer = client.get(URL)
        assert (who, answer.status_code) == (who, status)
        assert (f"/depositions/{made.id}/manager" in text(answer)) == (who == "ines")


@pytest.mark.parametrize(
    "path", ["marston/Nothing", "nowhere/Keller", "marston/~*", "marston/%00", "marston/%20", "%00/Keller", "é/K"]
)
def test_a_case_that_there_is_not_is_not_found(ines, cast, database, path):
    ask(database, cast, 0)
    assert ines.get(f"/depositions/cases/{path}").status_code == 404


def test_the_page_of_a_session_leads_to_its_case(ines, cast, database):
    made = ask(database, cast, 0, case_name="A/B & <Co>")
    page = text(ines.get(f"/depositions/{made.id}"))
    url = re.search(r'href="(/depositions/cases/marston/[^"]+)"', page)[1]
    found = ines.get(url)
    assert (found.status_code, "A/B &amp; &lt;Co&gt;" in text(found)) == (200, True)


def test_a_list_in_groups_by_case(client, cast, database):
    one, two = ask(database, cast, 0), ask(database, cast, 1)
    other = ask(database, cast, 2, **factories.OTHERS)
    foreign = ask(database, cast, 3, organization="harbor")
    cast.sign_in(client, "ines")
    page = text(client.get("/depositions/cases"))
    groups = [re.findall(r'data-row="(\d+)"', part) for part in page.split("<tbody")[1:]]
    assert [str(one.id), str(two.id)] in groups
    assert [str(other.id)] in groups
    assert [str(foreign.id)] in groups
    assert f'href="{URL}"' in page
    narrowed = text(client.get("/depositions/cases?view=everything&q=Adeyemi"))
    assert re.findall(r'data-row="(\d+)"', narrowed) == [str(other.id)]
    assert "/depositions/cases?view=everything" in text(client.get("/depositions?view=everything"))
    cast.sign_in(client, "abel")
    assert re.findall(r'data-row="(\d+)"', text(client.get("/depositions/cases"))) == [str(foreign.id)]
    assert client.get("/depositions/cases?view=nothing").status_code == 422


def test_a_fixed_number_of_reads(ines, cast, database):
    found = []
    for n in range(3):
        ask(database, cast, n)
        with statements(database) as seen:
            ines.get(URL)
        found.append(len(seen))
    assert found[1:] == [found[1]] * 2, found


@crowded
def test_the_open_sessions_of_a_case_are_a_range_of_an_index(database, cast, crowd):
    with database.read() as db:
        words = plan(db, queries.OPEN_ONES, {"key": conflicts.case_key(cast.marston.id, CASE)})
        # PostgreSQL reads a table of one page whole.
        assert db.dialect == "postgresql" or "ix_conflict_keys_span" in words, words


def test_what_touches_does_not_clash_and_what_follows_at_once_follows():
    nine = factories.at("2026-12-08 09:00")
    rows = [
        SimpleNamespace(
            id=n, state=state, starts_at=nine + timedelta(hours=n), ends_at=nine + timedelta(hours=n + length)
        )
        for n, (state, length) in enumerate([("scheduled", 1), ("scheduled", 1), ("initial", 2), ("canceled", 1)])
    ]
    assert cases.clashes(rows) == []
    assert cases.between(rows) == {1: timedelta(), 2: timedelta()}
    rows[0].ends_at += timedelta(minutes=1)
    assert cases.clashes(rows) == [(0, 1)]
    assert cases.between(rows) == {2: timedelta()}


def test_what_a_case_lacks_is_said_of_what_is_open():
    now = factories.at("2026-12-08 12:00")
    made = {"manager_id": 1, "room_url": "https://rooms.example.com", "deponent_email": "a@example.com"}

    def lacks(state, hours, **facts):
        at = now + timedelta(hours=hours)
        one = SimpleNamespace(id=1, state=state, starts_at=at, ends_at=at + timedelta(hours=2), **{**made, **facts})
        return cases.gaps([one], now)

    assert lacks("scheduled", -1) == [], "it may still begin"
    assert lacks("scheduled", -3) == ["1 session was booked and never began."]
    assert lacks("ended", 3, deponent_email=None) == lacks("canceled", 3, room_url=None) == []
    assert lacks("active", 0, deponent_email=None) == ["1 deponent has no e-mail address."]
    assert lacks("initial", 3) == ["1 request waits to be scheduled."]
    assert lacks("ready", 3, manager_id=None, room_url=None) == ["1 session has no manager.", "1 session has no room."]
