"""A clock that steps back signs nobody out, voids no link and no code, and gives no more time than the step itself."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import links, rules
from app.accounts.actions import factors
from app.accounts.last_seen import pending_times
from app.accounts.models import SignIn
from app.accounts.queries import person
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Invalid
from tests.accounts.browser import sign_in
from tests.accounts.factors import code, give_app
from tests.cast import Cast
from tests.clocks import Clock


@pytest.mark.parametrize("hours", [1, 24 * 40])
def test_a_person_stays_signed_in(client: FlaskClient, cast: Cast, clock: Clock, hours: int) -> None:
    assert sign_in(client, "lena@example.com").status_code == 303
    clock.move(hours=-hours)
    assert client.get("/prescreens").status_code == 200


def test_idleness_is_counted_from_the_first_visit_after_the_step(
    client: FlaskClient, cast: Cast, clock: Clock, database: Database
) -> None:
    sign_in(client, "lena@example.com")
    clock.move(hours=-3)
    assert client.get("/prescreens").status_code == 200
    pending_times(database).write()
    with database.read() as db:
        assert db.scalars(select(SignIn.last_seen_at)).one() <= now()
    clock.move(minutes=61)
    assert client.get("/prescreens").status_code == 303, "an hour without activity"


def test_a_proof_of_a_clock_that_was_ahead_counts_no_longer(client: FlaskClient, cast: Cast, clock: Clock) -> None:
    sign_in(client, "lena@example.com")
    clock.move(hours=-1)
    proof = now()
    assert rules.proof_counts(proof, now())
    clock.move(hours=-1)
    assert not rules.proof_counts(proof, now())


def test_links_of_the_hour_before_work_and_still_end(database: Database, cast: Cast, clock: Clock) -> None:
    with database.read() as db:
        lena = person(db, cast.lena.id)
        token = links.reset_link(database.config, lena).rpartition("/")[2]
        clock.move(hours=-1)
        assert links.redeemable(db, links.RESET, token).person.id == lena.id
        clock.move(seconds=3600 + rules.RESET_LIFE + 60)
        with pytest.raises(Invalid, match="expired"):
            links.redeemable(db, links.RESET, token)


def test_codes_of_the_app_work_again_at_once(database: Database, cast: Cast, clock: Clock) -> None:
    secret, _ = give_app(database, cast, "lena")

    def use() -> bool:
        with database.write() as db:
            return factors.use_app_code(db, cast.lena.id, code(secret), now=now())

    assert use()
    clock.move(hours=-1)
    assert use()
    assert not use(), "each once"


def test_a_form_of_the_hour_before_can_be_sent(app: Flask, cast: Cast, clock: Clock) -> None:
    client = app.test_client()
    client.get("/sign-in")
    clock.move(hours=-1)
    assert sign_in(client, "lena@example.com").status_code == 303
