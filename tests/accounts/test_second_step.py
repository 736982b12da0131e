"""After the right password: a code or a recovery code, in this browser, within five minutes, once."""

import re

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.accounts.actions import factors, people
from app.accounts.models import Person, SignIn, TotpSecret
from app.accounts.queries import person
from app.accounts.rules import SECOND_STEP_LIFE
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.accounts.browser import post, sign_in, token
from tests.accounts.factors import at_once, code, give_app, wrong
from tests.cast import COMMAND_LINE, PASSWORD, Cast
from tests.clocks import Clock

SECOND = "/sign-in/second"


@pytest.fixture
def secret(database: Database, cast: Cast) -> str:
    """What Lena's app makes its codes from."""
    return give_app(database, cast, "lena")[0]


def step(client: FlaskClient, typed: str, **more: str) -> TestResponse:
    return post(client, SECOND, {"one_time_code": typed, **more}, page=SECOND)


def is_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


def test_a_code_signs_in(client: FlaskClient, secret: str, database: Database) -> None:
    answer = sign_in(client, "lena@example.com")
    assert (answer.status_code, answer.location) == (303, SECOND)
    page = client.get(SECOND).text
    assert 'autocomplete="one-time-code"' in page
    assert page.count("<h1>One more step</h1>") == 1
    done = post(client, SECOND, {"one_time_code": f" {code(secret)} "}, page=SECOND)
    assert (done.status_code, done.location) == (303, "/")
    assert is_in(client)


def test_an_app_whose_secret_nobody_can_decrypt_any_more_leaves_the_recovery_codes(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    secret, codes = give_app(database, cast, "lena")
    with database.write() as db:
        lost = Fernet(Fernet.generate_key()).encrypt(secret.encode()).decode()
        db.execute(update(TotpSecret).values(secret_encrypted=lost))
    sign_in(client, "lena@example.com")
    assert step(client, code(secret)).status_code == 422
    assert step(client, codes[0]).status_code == 303
    assert is_in(client)


def test_half_way_opens_nothing(client: FlaskClient, cast: Cast, secret: str, database: Database) -> None:
    sign_in(client, "lena@example.com")
    for url in ("/", "/settings", "/prescreens", "/settings/proof"):
        assert client.get(url).location.startswith("/sign-in")
    form = {"csrf_token": token(client), "name": "x"}
    assert client.post("/settings", data=form).status_code == 401
    assert client.post("/settings/proof", data={**form, "password": PASSWORD}).status_code == 401
    with database.read() as db:
        assert db.scalars(select(SignIn)).all() == []


def test_people_without_a_factor_are_not_asked(client: FlaskClient, cast: Cast, secret: str) -> None:
    assert sign_in(client, "otto@example.com").location == "/"


def test_a_wrong_password_says_nothing_about_it(client: FlaskClient, cast: Cast, secret: str) -> None:
    words = [
        re.sub(r'value="[^"]*"|content="[^"]*"|Token": "[^"]*"|now="[^"]*"', "", sign_in(client, who, "wrong").text)
        for who in ("lena@example.com", "otto@example.com", "nobody@example.com")
    ]
    assert words[0] == words[1] == words[2]


def test_five_minutes(client: FlaskClient, secret: str, clock: Clock) -> None:
    sign_in(client, "lena@example.com")
    clock.move(seconds=SECOND_STEP_LIFE - 10)
    assert client.get(SECOND).status_code == 200
    clock.move(seconds=20)
    assert client.get(SECOND).location == "/sign-in"
    late = post(client, SECOND, {"one_time_code": code(secret)}, page="/sign-in")
    assert late.status_code == 422
    assert "took longer than five minutes" in late.text
    assert not is_in(client)


def test_it_is_bound_to_the_browser(app: Flask, client: FlaskClient, secret: str) -> None:
    sign_in(client, "lena@example.com")
    other = app.test_client()
    assert post(other, SECOND, {"one_time_code": code(secret)}, page="/sign-in").status_code == 422
    assert not is_in(other)


@pytest.mark.parametrize("how", ["password", "disabled", "reset"])
def test_what_changed_meanwhile_ends_it(
    client: FlaskClient, cast: Cast, secret: str, database: Database, how: str
) -> None:
    sign_in(client, "lena@example.com")
    with database.write() as db:
        lena = person(db, cast.lena.id)
        if how == "password":
            people.change_password(db, lena.id, 0, "x", how="reset", by=COMMAND_LINE, now=now())
        elif how == "disabled":
            people.disable(db, lena, by=COMMAND_LINE, now=now())
        else:
            factors.reset(db, lena, by=COMMAND_LINE, now=now())
    assert post(client, SECOND, {"one_time_code": code(secret)}, page="/sign-in").status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize("zero", ["٠", "۰", "０"])
def test_the_digits_of_every_script_are_digits(client: FlaskClient, secret: str, zero: str) -> None:
    sign_in(client, "lena@example.com")
    digits = "".join(chr(ord(zero) + int(digit)) for digit in code(secret))
    assert step(client, f"\u202a{digits[:3]}\u2011{digits[3:]}\u200b\u202c").status_code == 303
    assert is_in(client)


@pytest.mark.parametrize("typed", ["-", "\u202a\u202c", "\u200b – \u00ad"])
def test_marks_alone_cost_no_try(client: FlaskClient, secret: str, typed: str) -> None:
    sign_in(client, "lena@example.com")
    for _ in range(12):
        asked = step(client, typed)
        assert (asked.status_code, "Type the code." in asked.text) == (422, True)
    assert step(client, code(secret)).status_code == 303


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_phone_may_be_one_step_off(client: FlaskClient, secret: str, drift: int, clock: Clock) -> None:
    clock.set(now().replace(second=10))
    sign_in(client, "lena@example.com")
    assert step(client, code(secret, drift)).status_code == 303


@pytest.mark.parametrize("drift", [-2, 2])
def test_but_not_two(client: FlaskClient, secret: str, drift: int, clock: Clock) -> None:
    clock.set(now().replace(second=10))
    sign_in(client, "lena@example.com")
    assert step(client, code(secret, drift)).status_code == 422


def test_a_code_works_once(app: Flask, client: FlaskClient, secret: str, clock: Clock) -> None:
    clock.set(now().replace(second=10))
    used, earlier = code(secret), code(secret, -1)
    sign_in(client, "lena@example.com")
    step(client, used)
    other = app.test_client()
    sign_in(other, "lena@example.com")
    for again in (used, earlier):
        answer = post(other, SECOND, {"one_time_code": again}, page=SECOND)
        assert answer.status_code == 422
        assert "or it was used already" in answer.text
        assert again not in answer.text.replace("autocomplete", "")
    clock.move(seconds=30)
    assert post(other, SECOND, {"one_time_code": code(secret)}, page=SECOND).status_code == 303


def test_one_code_used_by_many_at_once_counts_once(database: Database, cast: Cast, secret: str) -> None:
    def use() -> bool:
        with database.write() as db:
            return factors.use_app_code(db, cast.lena.id, typed, now=now())

    for steps in (0, 1):
        typed = code(secret, steps)
        assert sorted(at_once(6, use)) == [False] * 5 + [True]


def test_codes_are_tried_as_seldom_as_passwords(client: FlaskClient, secret: str, cast: Cast) -> None:
    sign_in(client, "lena@example.com")
    answers = [step(client, wrong(secret)).status_code for _ in range(10)]
    assert answers == [422] * 9 + [429], "The right password was the first try."
    waiting = post(client, SECOND, {"one_time_code": code(secret)}, page=SECOND)
    assert waiting.status_code == 429
    assert "Too many tries" in waiting.text
    assert int(waiting.headers["Retry-After"]) >= 1
    assert sign_in(client, "lena@example.com").status_code == 429, "A right password buys no more tries."


def test_the_whole_sign_in_ends_the_counting(client: FlaskClient, secret: str, clock: Clock, cast: Cast) -> None:
    for _ in range(3):
        sign_in(client, "lena@example.com")
        for _ in range(6):
            step(client, wrong(secret))
        assert step(client, code(secret)).status_code == 303
        post(client, "/sign-out")
        clock.move(seconds=30)


def test_next_survives(client: FlaskClient, secret: str) -> None:
    sent = client.get("/prescreens?status=completed")
    assert sent.location == "/sign-in?next=/prescreens?status%3Dcompleted"
    waiting = sign_in(client, "lena@example.com", next="/prescreens?status=completed")
    assert waiting.location == f"{SECOND}?next=/prescreens?status%3Dcompleted"
    page = client.get(waiting.location).text
    assert 'value="/prescreens?status=completed"' in page
    wrong_one = post(client, SECOND, {"one_time_code": "nope", "next": "/prescreens?status=completed"}, page=SECOND)
    assert 'value="/prescreens?status=completed"' in wrong_one.text
    done = post(client, SECOND, {"one_time_code": code(secret), "next": "/prescreens?status=completed"}, page=SECOND)
    assert done.location == "/prescreens?status=completed"


def test_next_stays_on_the_site(client: FlaskClient, secret: str) -> None:
    assert sign_in(client, "lena@example.com", next="//evil.example").location == SECOND
    assert "evil" not in client.get(f"{SECOND}?next=//evil.example").text
    evil = {"one_time_code": code(secret), "next": "https://evil.example"}
    assert post(client, SECOND, evil, page=SECOND).location == "/"


def test_kept_text_survives(client: FlaskClient, cast: Cast, secret: str, database: Database) -> None:
    cast.sign_in(client, "lena")
    typed = {"csrf_token": token(client, "/settings"), "name": "Lena with a long new name", "version": "1"}
    with database.write() as db:
        db.execute(update(SignIn).values(ended_at=now()))
    kept = re.search(r'name="kept" value="([^"]+)"', client.post("/settings", data=typed).text)
    assert kept is not None
    waiting = sign_in(client, "lena@example.com", kept=kept[1])
    assert waiting.status_code == 200
    assert "Your text is kept." in waiting.text
    assert kept[1] in waiting.text
    assert kept[1] in post(client, SECOND, {"one_time_code": wrong(secret), "kept": kept[1]}, page=SECOND).text
    back = post(client, SECOND, {"one_time_code": code(secret), "kept": kept[1]}, page=SECOND)
    assert back.status_code == 200
    assert "Lena with a long new name" in back.text
    assert 'action="/settings"' in back.text


def test_codes_are_never_kept_with_the_posted_text(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    typed = {"csrf_token": token(client, "/settings"), "one_time_code": "123456", "sealed_secret": "s", "name": "n"}
    with database.write() as db:
        db.execute(update(SignIn).values(ended_at=now()))
    kept = re.search(r'name="kept" value="([^"]+)"', client.post("/settings/app-on", data=typed).text)
    assert kept is not None
    assert "123456" not in database.vault.decrypt(kept[1])


def test_a_link_that_sets_a_password_does_not_skip_it(
    client: FlaskClient, cast: Cast, secret: str, database: Database
) -> None:
    from app.accounts import links

    with database.read() as db:
        lena = db.get_one(Person, cast.lena.id)
        link = links.reset_link(db.config, lena).removeprefix(db.config.public_base_url)
    form = {"csrf_token": token(client, link), "password": "eleven quiet herons wade"}
    assert client.post(link, data=form).location == SECOND
    assert not is_in(client)
    assert step(client, code(secret)).status_code == 303
    assert is_in(client)


def test_without_a_pending_sign_in_the_page_leads_to_sign_in(client: FlaskClient, cast: Cast) -> None:
    assert client.get(SECOND).location == "/sign-in"
    cast.sign_in(client, "lena")
    assert client.get(SECOND).location == "/"
    assert post(client, SECOND, {"one_time_code": "123456"}).location == "/"


def test_the_session_is_a_new_one(client: FlaskClient, secret: str) -> None:
    sign_in(client, "lena@example.com")
    with client.session_transaction() as cookie:
        planted = cookie["csrf_token"]
        cookie["planted"] = "by another person"
    step(client, code(secret))
    with client.session_transaction() as cookie:
        assert cookie["csrf_token"] != planted
        assert "planted" not in cookie
        assert "half" not in cookie


def test_a_former_sign_in_ends_only_when_the_new_one_is_complete(
    client: FlaskClient, cast: Cast, secret: str, database: Database
) -> None:
    def ended() -> list[bool]:
        with database.read() as db:
            return [row.ended_at is not None for row in db.scalars(select(SignIn).order_by(SignIn.id))]

    sign_in(client, "otto@example.com")
    sign_in(client, "lena@example.com")
    assert ended() == [False]
    step(client, code(secret))
    assert ended() == [True, False]


def test_the_event_has_the_factor(client: FlaskClient, cast: Cast, secret: str) -> None:
    sign_in(client, "lena@example.com")
    step(client, code(secret))
    post(client, "/sign-out")
    cast.sign_in(client, "adam")
    assert "with a code of the app" in client.get(f"/people/{cast.lena.id}").text
