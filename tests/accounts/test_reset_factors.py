"""An administrator removes the second factors of a person who lost them."""

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import RecoveryCode, TotpSecret
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, confirm, post, sign_in
from tests.accounts.factors import Device, give_app, has_factor, register
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import presser


def test_an_administrator_resets_them(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    give_app(database, cast, "lena")
    cast.sign_in(client, "lena")
    register(client, Device())
    cast.sign_in(client, "adam")
    assert "Reset the second step" in client.get(f"/people/{cast.lena.id}").text
    pressed = post(client, f"/people/{cast.lena.id}/factors/reset")
    assert pressed.status_code == 409, "one press is not enough"
    assert "Sends 1 e-mail to lena@example.com." in re.sub("<[^>]+>", "", pressed.text)
    assert has_factor(database, cast, "lena")
    answer = confirm(client, f"/people/{cast.lena.id}/factors/reset")
    assert answer.location == f"/people/{cast.lena.id}"
    page = client.get(f"/people/{cast.lena.id}").text
    assert "Two-step sign-in reset" in page
    assert "Reset the second step" not in page
    with database.read() as db:
        assert not db.scalars(select(TotpSecret)).all() + db.scalars(select(RecoveryCode)).all()
    message = outbox.emails("lena@example.com")[-1]
    assert message["subject"] == "Two-step sign-in of your account was reset"
    assert "Adam Reyes removed" in message["text"]
    assert sign_in(client.application.test_client(), "lena@example.com").location == "/"


def test_nothing_to_reset(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert post(client, f"/people/{cast.lena.id}/factors/reset", headers=HTMX).status_code == 409


def test_not_ones_own(client: FlaskClient, cast: Cast, database: Database) -> None:
    give_app(database, cast, "adam")
    cast.sign_in(client, "adam")
    assert post(client, f"/people/{cast.adam.id}/factors/reset", headers=HTMX).status_code == 403
    assert has_factor(database, cast, "adam")


def test_not_for_people_of_other_organizations_or_staff(client: FlaskClient, cast: Cast, database: Database) -> None:
    for called, status in (("lars", 404), ("hugo", 404)):
        give_app(database, cast, called)
        cast.sign_in(client, "adam")
        answer = post(client, f"/people/{cast.people[called].id}/factors/reset", headers=HTMX)
        assert answer.status_code == status
        assert has_factor(database, cast, called)


def test_reading_what_is_sent_may_take_minutes(
    client: FlaskClient, cast: Cast, database: Database, clock: Clock
) -> None:
    """The mail names the minute."""
    give_app(database, cast, "lena")
    cast.sign_in(client, "adam")
    press = presser(client, f"/people/{cast.lena.id}/factors/reset", preview=True)
    clock.move(minutes=3)
    assert press().status_code == 303
    assert not has_factor(database, cast, "lena")
