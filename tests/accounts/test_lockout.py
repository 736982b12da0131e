"""Failures elsewhere lock nobody out: known networks and passkeys go on, the others are judged once a minute."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.accounts import jobs, throttle
from app.accounts.actions import sign_ins
from app.accounts.actions.sign_ins import RESET_JOB
from app.accounts.models import KnownNetwork
from app.kernel.api.rate_limits import Decision
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Delivery, OutboxAttempt, OutboxRow
from app.kernel.outbox.recipient_limits import RecipientWindow
from tests.accounts.browser import post, sign_in
from tests.accounts.factors import Device, code, give_app, register, sign_in_by
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox

HOME, AWAY, ATTACKER = "192.0.2.10", "198.51.100.20", "203.0.113.30"


class Uncountable:
    """A limiter that says what it could not count, once so many hits were allowed."""

    def __init__(self, *allowed: bool) -> None:
        self.answers, self.guarded = list(allowed), list[bool]()

    def hit(self, _bucket: str, limit: int, _seconds: int = 60, *, guarded: bool = False) -> Decision:
        self.guarded.append(guarded)
        return Decision(self.answers.pop(0), limit, 0, 0.0)


@pytest.mark.parametrize(
    ("answers", "known"),
    [([False], False), ([True, True, True], False), ([True, False, True], True), ([True, False, True, True], False)],
)
def test_an_attempt_that_cannot_be_counted_is_not_judged(answers: list[bool], known: bool) -> None:
    """Every hit is `guarded`: without a count, guessing would have no end."""
    limiter: Any = Uncountable(*answers)
    throttle.count_attempt(limiter, "lena@example.com", HOME, lambda: known)
    assert limiter.guarded == [True] * len(answers)
    for count in (throttle.count_proof, throttle.count_reset):
        limiter = Uncountable(True, True)
        count(limiter, "7", HOME)  # type: ignore[operator]  # an address or an id
        assert limiter.guarded == [True, True]


def at(app: Flask, address: str) -> FlaskClient:
    """A browser at an address."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def fail(app: Flask, email: str, address: str, times: int = 10) -> list[int]:
    client = at(app, address)
    return [sign_in(client, email, "wrong").status_code for _ in range(times)]


def try_at(app: Flask, address: str, email: str = "lena@example.com") -> TestResponse:
    return sign_in(at(app, address), email)


@pytest.mark.parametrize("home", [HOME, "2001:db8:1:2::7"])
def test_a_known_network_goes_on(app: Flask, cast: Cast, home: str) -> None:
    assert try_at(app, home).status_code == 303
    assert fail(app, "lena@example.com", ATTACKER, 12) == [422] * 10 + [429] * 2
    assert try_at(app, home.replace("::7", "::ffff:9")).status_code == 303, "of IPv6 the same /64"


@pytest.mark.parametrize("email", ["lena@example.com", "unknown@example.com"])
def test_other_networks_are_judged_once_a_minute(app: Flask, cast: Cast, clock: Clock, email: str) -> None:
    assert fail(app, email, ATTACKER, 10) == [422] * 10
    refused = try_at(app, AWAY, email)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    for _ in range(12):
        clock.move(seconds=61)
        assert fail(app, email, ATTACKER, 2) == [422, 429], "and so it stays as long as somebody goes on"


def test_a_right_password_from_a_new_network_is_judged_within_a_minute(app: Flask, cast: Cast, clock: Clock) -> None:
    fail(app, "lena@example.com", ATTACKER, 11)
    clock.move(seconds=61)
    assert try_at(app, AWAY).status_code == 303
    assert fail(app, "lena@example.com", AWAY, 2) == [422] * 2, "the whole sign-in ended the counting"


def test_failures_of_one_person_concern_no_other(app: Flask, cast: Cast) -> None:
    try_at(app, HOME, "otto@example.com")
    fail(app, "lena@example.com", ATTACKER, 11)
    assert try_at(app, HOME).status_code == 429, "Otto's network is not Lena's"
    assert try_at(app, HOME, "otto@example.com").status_code == 303


def test_a_known_network_has_a_bound_too(app: Flask, cast: Cast) -> None:
    try_at(app, HOME)
    assert fail(app, "lena@example.com", HOME, 72) == [422] * 70 + [429] * 2


def test_passkeys_go_on(app: Flask, cast: Cast) -> None:
    device, client = Device(), at(app, HOME)
    sign_in(client, "lena@example.com")
    register(client, device)
    fail(app, "lena@example.com", ATTACKER, 11)
    assert sign_in_by(at(app, AWAY), device).status_code == 303


def test_the_second_step_of_a_known_network_goes_on(app: Flask, cast: Cast, database: Database, clock: Clock) -> None:
    secret, _ = give_app(database, cast, "lena")

    def both_steps() -> int:
        client = at(app, HOME)
        assert sign_in(client, "lena@example.com").status_code == 303
        return post(
            client, "/sign-in/second", {"one_time_code": code(secret)}, page="/sign-in/second", follow_redirects=False
        ).status_code

    assert both_steps() == 303
    fail(app, "lena@example.com", ATTACKER, 11)
    clock.move(seconds=30)
    assert both_steps() == 303


def test_strangers_cannot_use_up_the_tries_of_who_is_signed_in(app: Flask, cast: Cast) -> None:
    client = at(app, HOME)
    sign_in(client, "lena@example.com")
    fail(app, "lena@example.com", ATTACKER, 11)
    proof = post(client, "/settings/proof", {"password": "wrong"}, page="/settings")
    assert proof.status_code == 422


def test_a_network_that_is_no_address_is_known_to_nobody(app: Flask, cast: Cast) -> None:
    client = at(app, "unknown")
    assert sign_in(client, "lena@example.com").status_code == 303
    fail(app, "lena@example.com", ATTACKER, 11)
    assert sign_in(at(app, "elsewhere"), "lena@example.com").status_code == 429


def test_networks_are_forgotten_in_the_end(database: Database, app: Flask, cast: Cast, clock: Clock) -> None:
    try_at(app, HOME)
    try_at(app, HOME)
    with database.write() as db:
        assert db.scalars(select(KnownNetwork.network)).all() == [f"{HOME}/32"]
        sign_ins.forget_old(db, now())
        assert db.scalars(select(KnownNetwork.network)).all() == [f"{HOME}/32"]
        sign_ins.forget_old(db, clock.move(days=401))
        assert db.scalars(select(KnownNetwork.network)).all() == []


def ask(app: Flask, address: str, email: str) -> int:
    return post(at(app, address), "/password/forgotten", {"email": email}, page="/sign-in").status_code


def test_a_whole_ipv6_network_asks_for_so_many_new_passwords(app: Flask, cast: Cast, outbox: Outbox) -> None:
    answers = [ask(app, f"2001:db8:9:9::{n:x}", f"nobody{n}@example.com") for n in range(64)]
    assert answers == [303] * 60 + [429] * 4
    assert len(outbox.rows()) == 60


def test_what_strangers_asked_for_is_gone_after_a_day(
    app: Flask, cast: Cast, outbox: Outbox, database: Database, clock: Clock
) -> None:
    for n in range(3):
        ask(app, HOME, f"nobody{n}@example.com")
    outbox.deliver_all()
    clock.move(hours=25)
    with database.write() as db:
        sign_ins.forget_old(db, now())
        left = [db.scalar(select(func.count()).select_from(table)) for table in (OutboxRow, OutboxAttempt, Event)]
    assert left == [0, 0, 0]


def test_a_reset_whose_job_runs_again_counts_once(
    app: Flask, cast: Cast, outbox: Outbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, runs = jobs.HANDLERS[RESET_JOB], []

    def killed_before_it_is_marked(delivery: Delivery) -> None:
        send(delivery)
        runs.append(delivery.id)
        send(delivery)

    monkeypatch.setitem(jobs.HANDLERS, RESET_JOB, killed_before_it_is_marked)
    assert ask(app, HOME, "lena@example.com") == 303
    outbox.deliver_all()
    with database.read() as db:
        sent = db.scalar(select(func.count()).select_from(Event).where(Event.kind == "person.reset_sent"))
        counted = db.scalars(select(RecipientWindow.sent)).all()
    assert (len(runs), sent, [len(each) for each in counted], len(outbox.rows("email"))) == (1, 1, [1], 1)


def test_a_person_gets_six_reset_emails_a_day(
    app: Flask, cast: Cast, outbox: Outbox, database: Database, clock: Clock
) -> None:
    for n in range(8):
        assert ask(app, f"192.0.2.{n}", "lena@example.com") == 303
        clock.move(minutes=11)
    outbox.deliver_all()
    assert len(outbox.rows("email")) == jobs.A_DAY == 6
    with database.read() as db:
        asked = db.execute(select(Event.actor_kind, Event.address).where(Event.kind == "person.reset_sent")).all()
    assert sorted(tuple(row) for row in asked) == [("visitor", f"192.0.2.{n}") for n in range(6)]
    clock.move(days=1)
    ask(app, HOME, "lena@example.com")
    outbox.deliver_all()
    assert len(outbox.rows("email")) == 7
