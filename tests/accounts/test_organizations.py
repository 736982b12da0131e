"""The organization pages: what its own administrator may change, what only staff may, and stale forms."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Organization
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.accounts.browser import post
from tests.cast import Cast


def settings(**changes: str) -> dict[str, str]:
    return {
        "version": "1",
        "name": "Marston & Vale",
        "contact_email": "desk@marston.example.com",
        "locale": "en",
        "time_zone": "America/New_York",
        "country": "",
        "decision_emails": "y",
        **changes,
    }


STAFF_FIELDS = {"plan": "scale", "billing": "past_due", "self_service": "y"}


def stored(database: Database, which: Organization) -> Organization:
    with database.read() as db:
        return db.get_one(Organization, which.id)


def test_staff_see_all_and_others_their_own(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    page = client.get("/organizations").text
    assert "Harbor Homes" in page
    assert "New organization" in page
    assert "Harbor Homes" not in client.get("/organizations?q=marst").text
    cast.sign_in(client, "adam")
    page = client.get("/organizations").text
    assert "Marston &amp; Vale" in page
    assert "Harbor Homes" not in page
    assert "New organization" not in page


def test_strangers_answer_like_nothing(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    for verb in ("", "/bearer"):
        for id in (cast.harbor.id, 987654):
            answer = post(client, f"/organizations/{id}{verb}", settings())
            assert (answer.status_code, "There is no such organization." in answer.text) == (404, True)
        assert post(client, f"/organizations/{2**70}{verb}", settings()).status_code == 404  # no address of ours
    assert client.get(f"/organizations/{cast.harbor.id}").status_code == 404


def test_only_staff_create_organizations(client: FlaskClient, cast: Cast) -> None:
    form = {"name": "New Client", "slug": "new-client", "plan": "pro", "locale": "fr", "time_zone": "Europe/Paris"}
    cast.sign_in(client, "adam")
    assert client.get("/organizations/new").status_code == 403
    assert post(client, "/organizations", form).status_code == 403
    cast.sign_in(client, "hugo")
    made = post(client, "/organizations", form)
    assert made.status_code == 303
    page = client.get(made.location).text
    assert "New Client" in page
    again = post(client, "/organizations", form)
    assert again.status_code == 409
    assert "already an organization new-client" in again.text
    assert "New Client" in again.text


@pytest.mark.parametrize("typed", [{"slug": "No Caps"}, {"slug": ""}, {"name": ""}, {"plan": "gold"}, {"locale": "xx"}])
def test_bad_facts_are_refused(client: FlaskClient, cast: Cast, typed: dict[str, str]) -> None:
    form = {"name": "New", "slug": "new", "plan": "pro", "locale": "fr", "time_zone": "Europe/Paris", **typed}
    assert post(cast.sign_in(client, "hugo"), "/organizations", form).status_code == 422


def test_staff_change_every_field(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    url = f"/organizations/{cast.marston.id}"
    assert post(client, url, settings(name="Marston LLP", **STAFF_FIELDS)).status_code == 303
    row = stored(database, cast.marston)
    assert (row.name, row.plan, row.billing, row.self_service, row.version) == (
        "Marston LLP",
        "scale",
        "past_due",
        True,
        2,
    )
    with database.read() as db:
        event = timeline(db, "organization", row.id)[0]
    assert event.data["before"] == {
        "name": "Marston & Vale",
        "plan": "pro",
        "billing": "active",
        "self_service": False,
    }
    assert "past due" in client.get(url).text.lower()


def test_its_own_administrator_changes_less(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "adam")
    url = f"/organizations/{cast.marston.id}"
    changed = settings(locale="fr", **STAFF_FIELDS)
    del changed["decision_emails"]
    assert post(client, url, changed).status_code == 303
    row = stored(database, cast.marston)
    assert (row.locale, row.decision_emails) == ("fr", False)
    assert (row.plan, row.billing, row.self_service) == ("pro", "active", False)


def test_a_stale_form_overwrites_nothing(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "adam")
    url = f"/organizations/{cast.marston.id}"
    assert post(client, url, settings(name="First")).status_code == 303
    late = post(client, url, settings(name="Second"))
    assert late.status_code == 409
    assert "You have changed this organization" in late.text
    assert "Second" in late.text
    cast.sign_in(client, "hugo")
    assert "Somebody else has changed this organization" in post(client, url, settings(name="Third")).text
    assert stored(database, cast.marston).name == "First"
    assert post(client, url, {**settings(), "version": "x"}).status_code == 422
