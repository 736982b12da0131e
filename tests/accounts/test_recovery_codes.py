"""Recovery codes: ten, shown once, each good once, replaced as a whole."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import recovery
from app.accounts.actions import factors
from app.accounts.models import RecoveryCode
from app.accounts.queries import person
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post, sign_in
from tests.accounts.factors import at_once, give_app
from tests.cast import Cast
from tests.outgoing import Outbox

SECOND = "/sign-in/second"
SHOWN = re.compile(r"\b\w{4}-\w{4}-\w{4}-\w{4}\b")


@pytest.fixture
def codes(database: Database, cast: Cast) -> list[str]:
    """Lena's, made with her app."""
    return give_app(database, cast, "lena")[1]


def test_codes_are_ten_and_different() -> None:
    made = recovery.new_codes()
    assert len(set(made)) == 10
    assert all(SHOWN.fullmatch(each) for each in made)
    assert recovery.plain(" ABCD efgh-2345 ") == "abcdefgh2345"
    assert recovery.plain("\u202aＡＢＣＤ\u2011efgh\u200b–٢٣٤٥\u202c") == "abcdefgh2345"
    assert recovery.digest(1, made[0]) != recovery.digest(2, made[0])


def test_each_signs_in_once(app: Flask, client: FlaskClient, codes: list[str], outbox: Outbox) -> None:
    sign_in(client, "lena@example.com")
    typed = codes[3].upper().replace("-", " ")
    assert post(client, SECOND, {"one_time_code": typed}, page=SECOND).status_code == 303
    other = app.test_client()
    sign_in(other, "lena@example.com")
    assert post(other, SECOND, {"one_time_code": codes[3]}, page=SECOND).status_code == 422
    assert post(other, SECOND, {"one_time_code": codes[4]}, page=SECOND).status_code == 303
    messages = [each["text"] for each in outbox.emails("lena@example.com") if "recovery code" in each["subject"]]
    assert "9 codes are left." in messages[0]
    assert "8 codes are left." in messages[1]
    assert "8 recovery codes left" in other.get("/settings").text


def test_another_persons_codes_are_wrong(client: FlaskClient, cast: Cast, codes: list[str], database: Database) -> None:
    give_app(database, cast, "otto")
    sign_in(client, "otto@example.com")
    assert post(client, SECOND, {"one_time_code": codes[0]}, page=SECOND).status_code == 422


def test_only_digests_are_stored(cast: Cast, codes: list[str], database: Database) -> None:
    with database.read() as db:
        kept = db.scalars(select(RecoveryCode)).all()
        assert {row.code_sha256 for row in kept} == {recovery.digest(cast.lena.id, code) for code in codes}
        data = str([row.data for row in timeline(db, "person", cast.lena.id)])
    assert not any(code in data for code in codes)


def test_one_code_used_by_many_at_once_counts_once(database: Database, cast: Cast, codes: list[str]) -> None:
    def use() -> str | None:
        with database.write() as db:
            return factors.use_code(db, person(db, cast.lena.id), codes[0], by=cast.actor("lena"), now=now())

    assert sorted(map(str, at_once(5, use))) == ["None"] * 4 + ["recovery code"]


def test_making_new_ones(app: Flask, client: FlaskClient, cast: Cast, codes: list[str]) -> None:
    cast.sign_in(client, "lena")
    fresh = SHOWN.findall(post(client, "/settings/codes").text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert not SHOWN.search(client.get("/settings").text)
    other = app.test_client()
    sign_in(other, "lena@example.com")
    assert post(other, SECOND, {"one_time_code": codes[0]}, page=SECOND).status_code == 422
    assert post(other, SECOND, {"one_time_code": fresh[0]}, page=SECOND).status_code == 303


def test_made_twice_at_once_leaves_ten(database: Database, cast: Cast, codes: list[str]) -> None:
    def renew() -> tuple[str, ...]:
        with database.write() as db:
            return tuple(factors.renew_codes(db, person(db, cast.lena.id), by=cast.actor("lena"), now=now()))

    made = at_once(4, renew)
    with database.read() as db:
        kept = set(db.scalars(select(RecoveryCode.code_sha256)))
    assert kept in [{recovery.digest(cast.lena.id, code) for code in each} for each in made]


def test_without_a_factor_there_are_none(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "otto")
    assert post(client, "/settings/codes", headers=HTMX).status_code == 409


def test_they_go_with_the_last_factor(client: FlaskClient, cast: Cast, codes: list[str], database: Database) -> None:
    cast.sign_in(client, "lena")
    post(client, "/settings/app-off")
    with database.read() as db:
        assert db.scalars(select(RecoveryCode)).all() == []
