"""Everybody's own page: name, zone, look, keys; the browsers they are signed in with; signing out."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.access import me
from app.accounts.models import Person, SignIn
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.accounts.browser import post
from tests.cast import Cast

TYPED = {"version": "1", "name": "Lena O.", "time_zone": "Europe/Paris", "theme": "dark", "undo_seconds": "0"}


def test_saving(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    assert post(client, "/settings", TYPED).status_code == 303
    page = client.get("/settings").text
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page
    with database.read() as db:
        row = db.get_one(Person, cast.lena.id)
    assert (row.name, row.time_zone, row.theme, row.single_keys) == ("Lena O.", "Europe/Paris", "dark", False)
    assert row.undo_seconds == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"time_zone": "Mars/Olympus"},
        {"theme": "pink"},
        {"version": ""},
        {"undo_seconds": ""},
        {"undo_seconds": "-1"},
        {"undo_seconds": "121"},
        {"undo_seconds": "soon"},
        {"undo_seconds": "9" * 30},
    ],
)
def test_bad_settings_are_refused(client: FlaskClient, cast: Cast, typed: dict[str, str]) -> None:
    cast.sign_in(client, "lena")
    assert post(client, "/settings", {**TYPED, **typed}).status_code == 422


@pytest.mark.parametrize("seconds", [0, 1, 120])
def test_the_undo_window(client: FlaskClient, cast: Cast, app: Flask, seconds: int) -> None:
    cast.sign_in(client, "lena")
    page = client.get("/settings").text
    assert re.search(r'name="undo_seconds"[^>]*value="30"', page)
    assert "0 decides at once." in page
    assert post(client, "/settings", {**TYPED, "undo_seconds": f" {seconds} "}).status_code == 303
    with client:
        client.get("/settings")
        assert me().undo_seconds == seconds


@pytest.mark.parametrize("seconds", [-1, 121])
def test_the_database_checks_the_bounds_of_the_undo_window(cast: Cast, database: Database, seconds: int) -> None:
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=seconds))


def test_two_windows(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    assert post(client, "/settings", TYPED).status_code == 303
    late = post(client, "/settings", {**TYPED, "name": "Late"})
    assert late.status_code == 409
    assert "in another window" in late.text
    with database.read() as db:
        assert db.get_one(Person, cast.lena.id).name == "Lena O."


def test_settings_change_only_ones_own_account(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    post(client, "/settings", {**TYPED, "email": "x@example.com", "id": str(cast.otto.id), "session_epoch": "9"})
    with database.read() as db:
        assert db.get_one(Person, cast.lena.id).email == "lena@example.com"
        assert db.get_one(Person, cast.otto.id).name == "Otto Kim"


def test_own_browsers_are_listed_and_ended(app: Flask, client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    elsewhere = cast.sign_in(app.test_client(), "lena")
    cast.sign_in(app.test_client(), "otto")
    page = client.get("/settings").text
    assert page.count("Sign it out") == 1
    assert "This one" in page
    with database.read() as db:
        ids = {row.person_id: row.id for row in db.scalars(select(SignIn).order_by(SignIn.id))}
    assert post(client, f"/settings/sign-ins/{ids[cast.otto.id]}/end").status_code == 404
    assert post(client, f"/settings/sign-ins/{2**70}/end").status_code == 404
    assert post(client, f"/settings/sign-ins/{ids[cast.lena.id]}/end").status_code == 303
    assert elsewhere.get("/settings").status_code == 303
    assert client.get("/settings").status_code == 200


def test_signing_out_everywhere_else(app: Flask, client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    assert "Sign out everywhere else" not in client.get("/settings").text
    others = [cast.sign_in(app.test_client(), "lena") for _ in range(2)]
    strangers = cast.sign_in(app.test_client(), "otto")
    assert "Sign out everywhere else" in client.get("/settings").text
    assert post(client, "/settings/sign-ins/end").location == "/settings"
    assert [each.get("/settings").status_code for each in (client, *others, strangers)] == [200, 303, 303, 200]
    with database.read() as db:
        assert timeline(db, "person", cast.lena.id)[0].kind == "person.others_signed_out"
    post(client, "/settings/sign-ins/end")
    assert "You were signed in nowhere else." in client.get("/settings").text


def test_signing_out_ends_it_on_the_server(app: Flask, client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    client.get("/settings")
    stolen = client.get_cookie("desk")
    assert stolen is not None
    assert client.get("/sign-out").status_code == 303, "its own address leads back to the page"
    assert client.get("/settings").status_code == 200, "and signs nobody out"
    assert post(client, "/sign-out").location == "/sign-in"
    assert client.get("/settings").status_code == 303
    thief = app.test_client()
    thief.set_cookie("desk", stolen.value)
    assert thief.get("/settings").status_code == 303


def test_hostile_user_agents_are_text(app: Flask, client: FlaskClient, cast: Cast) -> None:
    from tests.accounts.browser import sign_in

    sign_in(client, "lena@example.com")
    other = app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = "<script>x</script>" + "y" * 2000
    sign_in(other, "lena@example.com")
    assert "<script>x" not in client.get("/settings").text
