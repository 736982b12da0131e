"""What an organization chooses about its depositions: page, command, who may, stale, and the rows behind it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Organization
from app.depositions import actions
from app.depositions.queries import settings
from app.depositions.rules.settings import Settings
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid
from tests.cast import COMMAND_LINE, Cast
from tests.cli.running import Desk
from tests.depositions import factories
from tests.pages import csrf, text

PAGE = "/depositions/organizations/marston"


def chosen(database: Database, organization: Organization) -> Settings:
    with database.read() as db:
        return settings.of_organization(db, organization.id)


def save(client: FlaskClient, slug: str = "marston", **typed: Any) -> Any:
    data = {"version": 0, "csrf_token": csrf(client), **typed}
    return client.post(f"/depositions/organizations/{slug}/settings", data=data)


def test_everything_is_off_until_an_administrator_switches_it_on(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    assert chosen(database, cast.marston) == Settings()
    cast.sign_in(client, "adam")
    saved = save(client, reminders="y", silence_is_yes="y", promised_hours="8")
    assert (saved.status_code, saved.location) == (303, PAGE)
    after = chosen(database, cast.marston)
    assert (after.reminders, after.reconfirmation, after.silence_is_yes, after.promised_hours) == (True, False, True, 8)
    assert after.reminders_since is not None
    assert after.reconfirmation_since is None
    page = text(client.get(PAGE))
    assert "Depositions settings changed by Adam Reyes" in page
    assert "Reminders: off → on" in page
    assert "Answered within, in business hours: as the team promises → 8" in page
    assert chosen(database, cast.harbor) == Settings()


def test_switched_off_and_on_again_counts_from_then(database: Database, cast: Cast) -> None:
    first, id = clock.now(), cast.marston.id
    later = first + timedelta(days=3)
    with database.write() as db:
        actions.change_settings(db, id, {"reminders": True, "reconfirmation": True}, by=COMMAND_LINE, now=first)
        actions.change_settings(db, id, {"reminders": False}, by=COMMAND_LINE, now=later)
        actions.change_settings(db, id, {"reminders": True}, by=COMMAND_LINE, now=later)
        found = settings.of_organization(db, id)
    assert (found.reminders_since, found.reconfirmation_since, found.version) == (later, first, 3)
    assert found.reconfirms(first)
    assert not found.reconfirms(first - timedelta(seconds=1))
    assert not found.reminds(first)
    assert not found.reminds(None)


@pytest.mark.parametrize(("who", "status"), [("ines", 403), ("ada", 403), ("aude", 403), ("lena", 403), ("abel", 404)])
def test_the_team_and_auditors_look_and_others_do_not_change(
    client: FlaskClient, cast: Cast, database: Database, who: str, status: int
) -> None:
    cast.sign_in(client, who)
    assert client.get(PAGE).status_code == (200 if who in ("ines", "ada", "aude") else status)
    assert save(client, reminders="y").status_code == status
    assert chosen(database, cast.marston) == Settings()


def test_the_list_shows_the_readers_organizations(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "ines")
    everybody = text(client.get("/depositions/organizations"))
    assert "Reminders: </span>off" in everybody, "a card has no head that says what is off"
    assert "Marston &amp; Vale" in everybody
    assert "Harbor Homes" in everybody
    cast.sign_in(client, "abel")
    own = text(client.get("/depositions/organizations"))
    assert "Harbor Homes" in own
    assert "Marston &amp; Vale" not in own


def test_the_address_to_test_is_that_of_their_newest_request(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    for slug, name in (("marston", "older"), ("marston", "newer"), ("harbor", "theirs")):
        factories.request(database, cast, slug, postback_url=f"https://{name}.example.com/hook")
    cast.sign_in(client, "adam")
    assert re.findall(r'value="https://(\w+)\.example\.com/hook"', text(client.get(PAGE))) == ["newer"]


def test_of_two_who_save_at_once_the_later_is_told(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "abel")
    assert save(client, slug="harbor", reminders="y").status_code == 303
    cast.sign_in(client, "hugo")
    assert save(client, reminders="y").status_code == 303
    cast.sign_in(client, "adam")
    refused = save(client, reconfirmation="y")
    assert refused.status_code == 409
    assert "Somebody else has changed these settings" in text(refused)
    assert save(client, reconfirmation="y", version=1).status_code == 303
    assert chosen(database, cast.marston).reconfirmation
    assert not chosen(database, cast.harbor).reconfirmation, "what is at the same version elsewhere stays"
    with database.write() as db, pytest.raises(Conflict):
        actions.change_settings(db, cast.marston.id, {"reminders": True}, by=COMMAND_LINE, now=clock.now(), version=1)


@pytest.mark.parametrize("hours", ["0", "-1", "401", "1.5", "eight", "9" * 30, "٨٫٥", "\x00"])
def test_a_promise_that_is_no_number_of_hours_is_refused(
    client: FlaskClient, cast: Cast, database: Database, hours: str
) -> None:
    cast.sign_in(client, "adam")
    refused = save(client, promised_hours=hours, reminders="y")
    assert refused.status_code == 422
    assert "whole number of business hours" in text(refused)
    assert chosen(database, cast.marston) == Settings()
    with database.write() as db, pytest.raises(Invalid):
        actions.change_settings(db, cast.marston.id, {"promised_hours": 0}, by=COMMAND_LINE, now=clock.now())


@pytest.mark.parametrize("slug", ["nobody", "%00", "x" * 300, "مارستون"])
def test_an_unknown_organization_is_not_found(client: FlaskClient, cast: Cast, slug: str) -> None:
    cast.sign_in(client, "hugo")
    assert client.get(f"/depositions/organizations/{slug}").status_code == 404


def test_the_command_shows_and_changes(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(database, monkeypatch)
    shown = desk.json("depositions", "settings", "marston")
    assert (shown["reminders"], shown["promised_hours"], shown["changed"]) == (False, None, False)
    options = ("--reminders", "on", "--promised-hours", "12")
    assert desk.json("depositions", "settings", "marston", *options)["changed"] is True
    again = desk.json("depositions", "settings", "marston", *options)
    assert (again["reminders"], again["promised_hours"], again["changed"]) == (True, 12, False)
    assert desk("depositions", "settings", "marston", "--promised-hours", "900").exit_code == 1
    assert desk("depositions", "settings", "marston", "--promised-hours", "many").exit_code == 2
    assert desk("depositions", "settings", "nobody").exit_code == 1
    with database.read() as db:
        (event,) = events.timeline(db, "organization", cast.marston.id)
    assert event.data == {
        "before": {"reminders": False, "promised_hours": None},
        "after": {"reminders": True, "promised_hours": 12},
    }
