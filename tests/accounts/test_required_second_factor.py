"""An organization that asks for a second step: who has none sets one up before anything else."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import Organization
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post, token
from tests.accounts.factors import Device, give_app, register
from tests.cast import Cast
from tests.cli.running import Desk
from tests.statements import heard


@pytest.fixture(autouse=True)
def marston_asks(cast: Cast, database: Database) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(require_second_factor=True))


def test_pages_lead_to_the_settings(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    for url in ("/", "/prescreens", "/people"):
        assert client.get(url).location == "/settings#two-step"
    assert client.get("/prescreens", headers=HTMX).headers["HX-Redirect"] == "/settings#two-step"
    assert "Marston &amp; Vale requires two-step sign-in." in client.get("/settings").text


def test_acts_are_refused_in_words(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    form = {"csrf_token": token(client, "/settings"), "name": "x"}
    answer = client.post("/people/invite", data=form)
    assert answer.status_code == 403
    assert "Set it up in your settings first." in answer.text


def test_setting_one_up_opens_the_rest(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    assert register(client, Device()).status_code == 200
    assert client.get("/prescreens").status_code == 200


def test_signing_out_is_always_possible(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    assert post(client, "/sign-out").location == "/sign-in"


def test_who_has_one_or_works_elsewhere_goes_on(client: FlaskClient, cast: Cast, database: Database) -> None:
    give_app(database, cast, "lena")
    for called in ("lena", "lars", "hugo"):
        cast.sign_in(client, called)
        assert client.get("/").status_code == 200


def test_it_costs_no_further_query(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    with heard(database.reader) as asked:
        client.get("/prescreens")
    assert len(asked) == 1


def test_an_administrator_switches_it(client: FlaskClient, cast: Cast, database: Database) -> None:
    give_app(database, cast, "adam")
    cast.sign_in(client, "adam")
    url = f"/organizations/{cast.marston.id}"
    page = client.get(url).text
    assert re.search(r'checked[^>]*name="require_second_factor"', page)
    typed = {"version": "1", "name": "Marston", "locale": "en", "time_zone": "America/New_York", "country": "US"}
    assert post(client, url, typed).status_code == 303
    assert "require second factor: on → off" in client.get(url).text
    cast.sign_in(client, "lena")
    assert client.get("/prescreens").status_code == 200


def test_the_operator_switches_it(cast: Cast, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(database, monkeypatch)
    done = desk.json("organization", "set", "marston", "--require-second-factor", "off")
    assert (done["require_second_factor"], done["changed"]) == (False, True)
