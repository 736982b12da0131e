"""Passkeys, with a device that answers as a browser would: adding, signing in, and everything that is refused."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.actions import factors, people
from app.accounts.models import Passkey, UsedChallenge
from app.accounts.queries import passkey, person
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.crypto import random_token
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post, sign_in
from tests.accounts.factors import Device, at_once, challenge, has_factor, register, sign_in_by
from tests.cast import COMMAND_LINE, Cast
from tests.clocks import Clock
from tests.outgoing import Outbox

SECOND = "/sign-in/second"


@pytest.fixture
def device(client: FlaskClient, cast: Cast) -> Device:
    """Lena's, registered; its counter stands at 3. She is not signed in."""
    cast.sign_in(client, "lena")
    made = Device(count=3)
    assert register(client, made).status_code == 200
    post(client, "/sign-out")
    return made


def is_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


def test_adding_several(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    first = register(client, Device(), "Laptop <b>")
    assert "Your recovery codes" in first.text
    assert register(client, Device(id=b"another-device-1"), "Phone").location == "/settings"
    page = client.get("/settings").text
    assert "Laptop &lt;b&gt;" in page
    assert "Phone" in page
    assert page.count("not used yet") == 2
    assert has_factor(database, cast, "lena")
    assert "The passkey “Phone” was added" in outbox.emails("lena@example.com")[-1]["text"]


def test_the_options_for_the_browser(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    wanted = challenge(client, "/settings/passkeys/challenge")
    assert wanted["rp"] == {"id": "localhost", "name": "Session Desk"}
    assert wanted["authenticatorSelection"]["userVerification"] == "required"
    assert wanted["authenticatorSelection"]["residentKey"] == "required"
    assert wanted["excludeCredentials"] == []
    register(client, Device())
    assert len(challenge(client, "/settings/passkeys/challenge")["excludeCredentials"]) == 1
    signing = challenge(client.application.test_client(), "/sign-in/passkey/challenge")
    assert signing["userVerification"] == "required"
    assert signing.get("allowCredentials", []) == []


@pytest.mark.config(public_base_url="https://desk.example.com:8443")
def test_the_site_is_the_public_one(client: FlaskClient, cast: Cast) -> None:
    from app.accounts import passkeys

    site = passkeys.site(cast.database.config)
    assert site == ("desk.example.com", "https://desk.example.com:8443")


@pytest.mark.parametrize("wrong", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"verifies": False}])
def test_a_foreign_or_unverified_one_is_not_added(
    client: FlaskClient, cast: Cast, database: Database, wrong: dict[str, Any]
) -> None:
    cast.sign_in(client, "lena")
    assert register(client, Device(**wrong)).status_code == 422
    assert not has_factor(database, cast, "lena")


RUBBISH = ["", "{}", "[]", "null", "x", '{"id": 7}', '{"id": "a"}', r'{"id": "a\u0000"}', "[" * 9000, "x" * 20000]


@pytest.mark.parametrize("sent", [*RUBBISH, '{"id": "a", "response": ' + "[" * 500 + "]" * 500 + "}"])
def test_rubbish_is_refused_politely(client: FlaskClient, cast: Cast, device: Device, sent: str) -> None:
    challenge(client, "/sign-in/passkey/challenge")
    assert post(client, "/sign-in/passkey", {"credential": sent}, page="/sign-in").status_code == 422
    cast.sign_in(client, "lena")
    challenge(client, "/settings/passkeys/challenge")
    assert post(client, "/settings/passkeys", {"name": "x", "credential": sent}).status_code == 422


def test_adding_answers_ones_own_challenge_once(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    wanted = challenge(client, "/settings/passkeys/challenge")
    answer = Device().make(wanted)
    cast.sign_in(client, "otto")
    assert post(client, "/settings/passkeys", {"name": "x", "credential": answer}).status_code == 422
    assert post(client, "/settings/passkeys", {"name": "x", "credential": answer}).status_code == 422
    assert not has_factor(database, cast, "otto")


def test_one_credential_is_one_persons(client: FlaskClient, cast: Cast, device: Device, database: Database) -> None:
    cast.sign_in(client, "otto")
    assert register(client, Device(id=device.id)).status_code == 409
    assert not has_factor(database, cast, "otto")


def test_signing_in_with_it_alone(client: FlaskClient, device: Device, database: Database) -> None:
    device.count += 1
    answer = sign_in_by(client, device, next="/prescreens")
    assert (answer.status_code, answer.location) == (303, "/prescreens")
    assert is_in(client)
    with database.read() as db:
        row = db.scalars(select(Passkey)).one()
    assert row.sign_count == 4
    assert row.last_used_at is not None


@pytest.mark.parametrize(
    "wrong", [{"origin": "http://127.0.0.1:8000"}, {"host": "evil.example"}, {"verifies": False}, {"count": 3}]
)
def test_a_wrong_answer_does_not_sign_in(client: FlaskClient, device: Device, wrong: dict[str, Any]) -> None:
    device.count += 1
    for name, value in wrong.items():
        setattr(device, name, value)
    answer = sign_in_by(client, device)
    assert answer.status_code == 422
    assert "This passkey was not accepted." in answer.text
    assert not is_in(client)


def test_another_devices_signature_is_refused(client: FlaskClient, device: Device) -> None:
    assert sign_in_by(client, Device(id=device.id, user=device.user, count=9)).status_code == 422


def test_unknown_removed_and_disabled_get_the_same_answer(
    client: FlaskClient, cast: Cast, device: Device, database: Database
) -> None:
    device.count += 1
    assert sign_in_by(client, Device(id=b"never-seen-before", count=9)).status_code == 422
    with database.write() as db:
        people.disable(db, person(db, cast.lena.id), by=COMMAND_LINE, now=now())
    assert sign_in_by(client, device).status_code == 422
    with database.write() as db:
        people.enable(db, person(db, cast.lena.id), by=COMMAND_LINE, now=now())
        factors.remove_passkey(
            db, person(db, cast.lena.id), db.scalars(select(Passkey.id)).one(), by=COMMAND_LINE, now=now()
        )
    assert sign_in_by(client, device).status_code == 422
    assert not is_in(client)


def test_a_counter_that_falls_is_refused_and_recorded(
    client: FlaskClient, cast: Cast, device: Device, database: Database
) -> None:
    device.count = 2
    assert sign_in_by(client, device).status_code == 422
    with database.read() as db:
        assert timeline(db, "person", cast.lena.id)[0].kind == "person.passkey_refused"
        assert db.scalars(select(Passkey.sign_count)).one() == 3


def test_devices_that_do_not_count_stay_at_zero(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    device = Device()
    register(client, device)
    for _ in range(2):
        post(client, "/sign-out")
        assert sign_in_by(client, device).status_code == 303


def test_a_challenge_is_answered_once(app: Flask, client: FlaskClient, device: Device) -> None:
    device.count = 0
    wanted = challenge(client, "/sign-in/passkey/challenge")
    stolen = client.get_cookie("desk")
    assert stolen is not None
    device.count = 10
    answer = device.sign(wanted)
    assert post(client, "/sign-in/passkey", {"credential": answer}, page="/sign-in").status_code == 303
    thief = app.test_client()
    thief.set_cookie("desk", stolen.value)
    assert post(thief, "/sign-in/passkey", {"credential": answer}, page="/sign-in").status_code == 422
    assert not is_in(thief)


def test_it_is_answered_in_the_browser_it_was_given_to(app: Flask, client: FlaskClient, device: Device) -> None:
    device.count += 1
    answer = device.sign(challenge(client, "/sign-in/passkey/challenge"))
    other = app.test_client()
    challenge(other, "/sign-in/passkey/challenge")
    assert post(other, "/sign-in/passkey", {"credential": answer}, page="/sign-in").status_code == 422


def test_it_is_answered_within_five_minutes(client: FlaskClient, device: Device, clock: Clock) -> None:
    device.count += 1
    wanted = challenge(client, "/sign-in/passkey/challenge")
    clock.move(seconds=301)
    assert post(client, "/sign-in/passkey", {"credential": device.sign(wanted)}, page="/sign-in").status_code == 422


def test_a_challenge_is_for_one_purpose(client: FlaskClient, cast: Cast, device: Device) -> None:
    device.count += 1
    cast.sign_in(client, "lena")
    wanted = challenge(client, "/settings/proof/challenge")
    answer = post(client, "/sign-in/passkey", {"credential": device.sign(wanted)}, page="/settings")
    assert answer.status_code == 422


def test_one_answer_sent_many_times_at_once_counts_once(
    client: FlaskClient, cast: Cast, device: Device, database: Database
) -> None:
    with database.read() as db:
        row = passkey(db, json.loads(device.sign({"challenge": "x"}))["id"])
        assert row is not None

    for same_challenge in (True, False):
        value = random_token(32).encode()
        count = 10 if same_challenge else 11

        def use(value: bytes = value, count: int = count, same: bool = same_challenge) -> bool:
            asked = value if same else random_token(32).encode()
            with database.write() as db:
                return factors.use_passkey(db, row[0], asked, now(), count, by=COMMAND_LINE, now=now())

        assert sorted(at_once(5, use)) == [False] * 4 + [True]


def test_as_the_second_step(client: FlaskClient, device: Device, database: Database) -> None:
    device.count += 1
    assert sign_in(client, "lena@example.com").location == SECOND
    page = client.get(SECOND).text
    assert 'data-challenge="/sign-in/second/challenge"' in page
    assert "Recovery code" in page
    wanted = challenge(client, "/sign-in/second/challenge", SECOND)
    assert len(wanted["allowCredentials"]) == 1
    form = {"credential": device.sign(wanted), "next": "/prescreens"}
    assert post(client, "/sign-in/second/passkey", form, page=SECOND).location == "/prescreens"
    assert is_in(client)


def test_the_second_step_takes_only_that_persons(client: FlaskClient, cast: Cast, device: Device) -> None:
    cast.sign_in(client, "otto")
    ottos = Device(id=b"ottos-own-device", count=5)
    register(client, ottos)
    post(client, "/sign-out")
    sign_in(client, "lena@example.com")
    ottos.count += 1
    wanted = challenge(client, "/sign-in/second/challenge", SECOND)
    answer = post(client, "/sign-in/second/passkey", {"credential": ottos.sign(wanted)}, page=SECOND)
    assert answer.status_code == 422
    assert not is_in(client)


def test_removing_one(client: FlaskClient, cast: Cast, device: Device, database: Database, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    with database.read() as db:
        id = db.scalars(select(Passkey.id)).one()
    cast.sign_in(client, "otto")
    for wrong in (id, 2**40):
        assert post(client, f"/settings/passkeys/{wrong}/remove", headers=HTMX).status_code == 404
    cast.sign_in(client, "lena")
    assert post(client, f"/settings/passkeys/{id}/remove").location == "/settings"
    assert not has_factor(database, cast, "lena")
    assert "The passkey “Laptop” was removed" in outbox.emails("lena@example.com")[-1]["text"]


def test_twenty_are_the_most(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        db.add_all(
            Passkey(
                person_id=cast.lena.id,
                credential_id=f"{n:04d}",
                public_key="",
                sign_count=0,
                name="x",
                created_at=now(),
            )
            for n in range(factors.MOST_PASSKEYS)
        )
    cast.sign_in(client, "lena")
    assert register(client, Device()).status_code == 409


def test_strangers_leave_no_rows(client: FlaskClient, cast: Cast, database: Database) -> None:
    challenge(client, "/sign-in/passkey/challenge")
    sign_in_by(client, Device(count=1))
    with database.read() as db:
        assert db.scalars(select(UsedChallenge)).all() == []


def test_many_from_one_address_wait(app: Flask, client: FlaskClient, cast: Cast) -> None:
    for _ in range(300):
        app.extensions["limiter"].hit("sign-in:address:127.0.0.1", 300, 300)
    from tests.accounts.browser import token

    answer = client.post("/sign-in/passkey/challenge", headers={"X-CSRFToken": token(client)})
    assert answer.status_code == 429


def test_the_button_waits_for_scripts(client: FlaskClient, cast: Cast) -> None:
    page = client.get("/sign-in").text
    form = page[page.index('action="/sign-in/passkey"') :]
    assert " hidden>" in form[: form.index("\n")]
