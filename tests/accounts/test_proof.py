"""Showing again who one is, before changing how one signs in: within fifteen minutes of the last time."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Person, SignIn
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post
from tests.accounts.factors import Device, challenge, code, give_app, register, wrong
from tests.cast import PASSWORD, Cast
from tests.clocks import Clock

ASK = "/settings/proof?next=/settings"
GUARDED = (
    "/settings/app",
    "/settings/app-on",
    "/settings/app-off",
    "/settings/codes",
    "/settings/passkeys",
    "/settings/passkeys/1/remove",
)


@pytest.fixture
def late(client: FlaskClient, cast: Cast, clock: Clock) -> Callable[[str], FlaskClient]:
    """Somebody who signed in sixteen minutes ago."""

    def signed_in(called: str = "lena") -> FlaskClient:
        cast.sign_in(client, called)
        clock.move(minutes=16)
        return client

    return signed_in


@pytest.mark.parametrize("url", GUARDED)
def test_changing_a_factor_asks(late: Callable[[str], FlaskClient], database: Database, url: str) -> None:
    client = late("lena")
    assert post(client, url).location == ASK
    assert post(client, url, headers=HTMX).headers["HX-Redirect"] == ASK
    with database.read() as db:
        assert not db.scalars(select(Person.second_factor).where(Person.second_factor)).all()


def test_the_script_requests_a_new_passkey(late: Callable[[str], FlaskClient]) -> None:
    assert challenge(late("lena"), "/settings/passkeys/challenge") == {"leave": ASK}


def test_resetting_another_persons_factors_asks_for_proof_too(
    late: Callable[[str], FlaskClient], cast: Cast, database: Database
) -> None:
    give_app(database, cast, "lena")
    answer = post(late("adam"), f"/people/{cast.lena.id}/factors/reset")
    assert answer.location == f"/settings/proof?next=/people/{cast.lena.id}"


def test_the_settings_page_leads_there(late: Callable[[str], FlaskClient], clock: Clock, cast: Cast) -> None:
    page = late("lena").get("/settings").text
    assert f'href="{ASK}"' in page
    assert "Set up an authenticator app" not in page


def test_the_password_is_proof(late: Callable[[str], FlaskClient], clock: Clock) -> None:
    client = late("lena")
    answer = post(client, "/settings/proof", {"password": PASSWORD, "next": "/settings"})
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert post(client, "/settings/app").status_code == 200
    clock.move(minutes=14)
    assert post(client, "/settings/app").status_code == 200
    clock.move(minutes=2)
    assert post(client, "/settings/app").location == ASK


def test_a_code_is_proof_once(late: Callable[[str], FlaskClient], cast: Cast, database: Database, clock: Clock) -> None:
    secret = give_app(database, cast, "lena")[0]
    client = late("lena")
    assert "Code from your app" in client.get(ASK).text
    typed = code(secret)
    assert post(client, "/settings/proof", {"one_time_code": typed}).location == "/settings"
    assert post(client, "/settings/proof", {"one_time_code": typed}, headers=HTMX).status_code == 422


def test_a_code_in_another_script_is_proof_and_marks_alone_cost_no_try(
    late: Callable[[str], FlaskClient], cast: Cast, database: Database
) -> None:
    secret = give_app(database, cast, "lena")[0]
    client = late("lena")
    answers = [post(client, "/settings/proof", {"one_time_code": "\u200b-"}).status_code for _ in range(11)]
    assert answers == [422] * 11
    typed = code(secret).translate({ord("0") + n: chr(0x6F0 + n) for n in range(10)})
    assert post(client, "/settings/proof", {"one_time_code": typed}).location == "/settings"


def test_a_passkey_is_proof(client: FlaskClient, cast: Cast, clock: Clock) -> None:
    cast.sign_in(client, "lena")
    device = Device()
    register(client, device)
    clock.move(minutes=16)
    wanted = challenge(client, "/settings/proof/challenge")
    assert len(wanted["allowCredentials"]) == 1
    answer = post(client, "/settings/proof/passkey", {"credential": device.sign(wanted), "next": "/settings"})
    assert answer.location == "/settings"
    assert post(client, "/settings/app").status_code == 200


@pytest.mark.parametrize("whose", ["nobody's", "another device's", "another person's"])
def test_a_passkey_that_is_wrong_is_no_proof(client: FlaskClient, cast: Cast, clock: Clock, whose: str) -> None:
    """Nor one of somebody else, who proves themselves by it and nobody besides."""
    ottos = Device(id=b"ottos-own-device")
    register(cast.sign_in(client, "otto"), ottos)
    device = Device()
    register(cast.sign_in(client, "lena"), device)
    clock.move(minutes=16)
    wanted = challenge(client, "/settings/proof/challenge")
    signed = {
        "nobody's": "{}",
        "another device's": Device(id=device.id, user=device.user).sign(wanted),
        "another person's": ottos.sign(wanted),
    }
    answer = post(client, "/settings/proof/passkey", {"credential": signed[whose], "next": "/settings"})
    assert answer.status_code == 422
    assert post(client, "/settings/app").location == ASK


def test_what_is_wrong_is_no_proof(
    late: Callable[[str], FlaskClient], cast: Cast, database: Database, clock: Clock
) -> None:
    secret = give_app(database, cast, "lena")[0]
    client = late("lena")
    for typed in ({}, {"password": "guessed it"}, {"one_time_code": wrong(secret)}, {"one_time_code": "x"}):
        answer = post(client, "/settings/proof", typed, headers=HTMX)
        assert answer.status_code == 422
        assert "guessed it" not in answer.text
    assert post(client, "/settings/app").location == ASK


def test_it_is_tried_as_seldom_as_a_password(late: Callable[[str], FlaskClient]) -> None:
    client = late("lena")
    answers = [post(client, "/settings/proof", {"password": "guessed it"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert post(client, "/settings/proof", {"password": PASSWORD}).status_code == 429


def test_it_proves_this_browser_only(
    late: Callable[[str], FlaskClient], cast: Cast, database: Database, client: FlaskClient
) -> None:
    other = client.application.test_client()
    cast.sign_in(other, "lena")
    late("lena")
    post(client, "/settings/proof", {"password": PASSWORD})
    assert post(other, "/settings/app").location == ASK
    with database.read() as db:
        assert len(set(db.scalars(select(SignIn.proved_at)))) == 2


def test_next_stays_on_the_site(late: Callable[[str], FlaskClient]) -> None:
    client = late("lena")
    assert "evil" not in client.get("/settings/proof?next=//evil.example").text
    answer = post(client, "/settings/proof", {"password": PASSWORD, "next": "https://evil.example"})
    assert answer.location == "/settings"
