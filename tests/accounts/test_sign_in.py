"""Signing in: the right password, the wrong one, too many, unknown people, disabled ones, `next`."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import passwords, throttle
from app.accounts.actions import people, sign_ins
from app.accounts.guard import safe_next
from app.accounts.last_seen import pending_times
from app.accounts.models import Person, SignIn
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database
from app.kernel.web.session_cookie import UNREADABLE
from tests.accounts.browser import HTMX, post, sign_in, token
from tests.cast import COMMAND_LINE, PASSWORD, Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.statements import heard

WRONG = "E-mail and password do not belong together."


def test_the_right_password_opens_the_desk(client: FlaskClient, cast: Cast) -> None:
    answer = sign_in(client, "  Lena@Example.com ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "typed", ["\u200blena@example.com", "lena@example.com\ufeff", "\u202aｌena@example.com\u202c "]
)
def test_invisible_marks_around_the_address_are_nothing(client: FlaskClient, cast: Cast, typed: str) -> None:
    assert sign_in(client, typed).status_code == 303
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "typed", ["vera@münchen.example.com", "Vera@xn--mnchen-3ya.example.com", "vera@mu\u0308nchen.example.com"]
)
def test_a_domain_is_the_same_as_every_browser_writes_it(
    client: FlaskClient, cast: Cast, database: Database, outbox: Outbox, typed: str
) -> None:
    """Chromium sends `xn--…` for what was typed into a field for addresses, when inviting too."""
    hashed = passwords.hash_password(PASSWORD)
    facts = {"name": "Vera", "role": "operator", "organization": cast.marston, "password_hash": hashed}
    with database.write() as db:
        made = people.create(db, email="vera@xn--mnchen-3ya.example.com", by=COMMAND_LINE, now=now(), **facts)
    assert made.email == "vera@münchen.example.com"
    assert post(client, "/password/forgotten", {"email": typed}).status_code == 303
    outbox.deliver_all()
    assert [row.summary for row in outbox.rows("email")] == [f"Password reset · {made.email}"]
    assert throttle._bucket(typed) == throttle._bucket(made.email)
    assert sign_in(client, typed).status_code == 303
    assert client.get("/settings").status_code == 200


def test_the_cookie_has_a_random_token_and_the_database_only_its_hash(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    sign_in(client, "lena@example.com")
    with client.session_transaction() as cookie:
        kept = cookie["_user_id"]
    with database.read() as db:
        row = db.scalars(select(SignIn)).one()
    assert row.token_sha256 == sha256(kept)
    assert len(kept) >= 43


def test_the_session_is_a_new_one(client: FlaskClient, cast: Cast) -> None:
    client.get("/sign-in")
    with client.session_transaction() as cookie:
        planted = cookie["csrf_token"]
        cookie["planted"] = "by another person"
    sign_in(client, "lena@example.com")
    with client.session_transaction() as cookie:
        assert cookie["csrf_token"] != planted
        assert "planted" not in cookie


def test_signing_in_again_ends_the_former(client: FlaskClient, cast: Cast, database: Database) -> None:
    sign_in(client, "lena@example.com")
    post(client, "/sign-in", {"email": "otto@example.com", "password": PASSWORD})
    with database.read() as db:
        ended = {row.person_id: row.ended_at is not None for row in db.scalars(select(SignIn))}
    assert ended == {cast.lena.id: True, cast.otto.id: False}


@pytest.mark.parametrize("email", ["lena@example.com", "nobody@example.com", "x" * 250, "not an address"])
def test_wrong_and_unknown_get_the_same_answer(client: FlaskClient, cast: Cast, email: str) -> None:
    answer = sign_in(client, email, "a wrong password")
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert "a wrong password" not in answer.text
    assert client.get("/settings").status_code == 303


def test_unknown_people_cost_as_much(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = passwords._HASHER.verify

    class Counting:
        def verify(self, hashed: str, password: str) -> bool:
            asked.append(hashed)
            return real(hashed, password)

    passwords._dummy_hash()
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    with database.read() as db:
        for email in ("lena@example.com", "nobody@example.com", "\x00", "x" * 300):
            assert sign_ins.recognize(db, email, "wrong") is None
    assert len(asked) == 4


def test_a_disabled_person_stays_outside(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        people.disable(db, db.get_one(Person, cast.lena.id), by=COMMAND_LINE, now=now())
    assert WRONG in sign_in(client, "lena@example.com").text


def test_an_invited_person_has_no_password_yet(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        people.invite(
            db,
            email="new@example.com",
            name="New Person",
            role="auditor",
            organization=None,
            by=COMMAND_LINE,
            now=now(),
        )
    for password in ("", "not a password"):
        assert sign_in(client, "new@example.com", password).status_code == 422


def test_the_tenth_wrong_password_is_the_last_for_a_while(client: FlaskClient, cast: Cast) -> None:
    for who in ("lena@example.com", "unknown@example.com"):
        for _ in range(10):
            assert sign_in(client, who, "wrong").status_code == 422
        answer = sign_in(client, who, PASSWORD)
        assert answer.status_code == 429
        assert "Too many tries" in answer.text
        assert int(answer.headers["Retry-After"]) >= 1
    assert sign_in(client, "otto@example.com").status_code == 303


def test_a_right_password_ends_the_counting(client: FlaskClient, cast: Cast) -> None:
    for _ in range(3):
        for _ in range(6):
            sign_in(client, "lena@example.com", "wrong")
        assert sign_in(client, "lena@example.com").status_code == 303
        post(client, "/sign-out")


def test_many_from_one_address_wait(app: Flask, client: FlaskClient, cast: Cast) -> None:
    limiter = app.extensions["limiter"]
    for _ in range(300):
        limiter.hit("sign-in:address:127.0.0.1", 300, 300)
    assert sign_in(client, "lena@example.com").status_code == 429


def test_going_on_to_where_one_wanted(client: FlaskClient, cast: Cast) -> None:
    sent = client.get("/people?role=admin&q=a")
    assert sent.status_code == 303
    assert sent.location == "/sign-in?next=/people?role%3Dadmin%26q%3Da"
    page = client.get(sent.location).text
    target = re.search(r'name="next"[^>]*value="([^"]*)"', page)
    assert target is not None
    answer = sign_in(client, "adam@example.com", next=target[1].replace("&amp;", "&"))
    assert answer.location == "/people?role=admin&q=a"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/a\\b",
        "javascript:alert(1)",
        "/a\nb",
        "people",
        "/" + "a" * 3000,
        "",
    ],
)
def test_next_stays_on_the_site(client: FlaskClient, cast: Cast, target: str) -> None:
    assert safe_next(target) is None
    assert sign_in(client, "adam@example.com", next=target).location == "/"


def test_htmx_sends_the_whole_window(client: FlaskClient, cast: Cast) -> None:
    here = {**HTMX, "HX-Current-URL": "http://localhost/people?q=x"}
    answer = client.get("/people?q=x&poll=1", headers=here)
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/people?q%3Dx"
    assert answer.data == b""


def test_who_is_signed_in_already_goes_on(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert client.get("/sign-in?next=/people").location == "/people"
    assert client.get("/sign-in").location == "/"


def test_an_hour_without_activity_ends_it(client: FlaskClient, cast: Cast, clock: Clock, database: Database) -> None:
    cast.sign_in(client, "lena")
    for _ in range(3):
        clock.move(minutes=59)
        assert client.get("/settings").status_code == 200
        pending_times(database).write()
    clock.move(minutes=61)
    assert client.get("/settings").status_code == 303


def test_polls_are_no_activity(client: FlaskClient, cast: Cast, clock: Clock, database: Database) -> None:
    cast.sign_in(client, "lena")
    for way in ({"query_string": {"poll": "1"}}, {"headers": {"X-Desk-Poll": "1"}}):
        clock.move(minutes=25)
        assert client.get("/settings", **way).status_code == 200
        pending_times(database).write()
    clock.move(minutes=11)
    assert client.get("/settings").status_code == 303


def test_twelve_hours_are_the_end(client: FlaskClient, cast: Cast, clock: Clock, database: Database) -> None:
    cast.sign_in(client, "lena")
    for _ in range(15):
        clock.move(minutes=45)
        assert client.get("/settings").status_code == 200
        pending_times(database).write()
    clock.move(minutes=46)
    assert client.get("/settings").status_code == 303


def test_last_seen_is_written_at_most_once_a_minute(
    client: FlaskClient, cast: Cast, clock: Clock, database: Database
) -> None:
    def seen() -> object:
        with database.read() as db:
            return db.execute(select(SignIn.last_seen_at)).scalar_one()

    cast.sign_in(client, "lena")
    before = seen()
    clock.move(seconds=40)
    client.get("/settings")
    pending_times(database).write()
    assert seen() == before
    clock.move(seconds=40)
    client.get("/settings")
    pending_times(database).write()
    assert seen() > before  # type: ignore[operator]  # instants


def test_a_get_writes_neither_cookie_nor_row(client: FlaskClient, cast: Cast, database: Database) -> None:
    sign_in(client, "lena@example.com")
    client.get("/settings")
    with heard(database.writer) as asked:
        answer = client.get("/settings")
    assert "Set-Cookie" not in answer.headers
    assert asked == []


def test_who_is_it_costs_one_query(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "nora")
    with heard(database.reader) as asked:
        client.get("/people")
    assert len(asked) == 1


@pytest.mark.config(public_base_url="https://desk.example.com")
def test_over_https_the_cookie_is_bound_to_the_host(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/sign-in", base_url="https://desk.example.com")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_without_the_form_token_nothing_happens(client: FlaskClient, cast: Cast, database: Database) -> None:
    answer = client.post("/sign-in", data={"email": "lena@example.com", "password": PASSWORD})
    assert answer.status_code in (400, 403)
    with database.read() as db:
        assert db.scalars(select(SignIn)).all() == []


def test_signing_in_is_recorded(client: FlaskClient, cast: Cast, database: Database) -> None:
    from app.kernel.changes.events import timeline

    sign_in(client, "lena@example.com")
    with database.read() as db:
        (row,) = timeline(db, "person", cast.lena.id)
    assert (row.kind, row.actor_name) == ("person.signed_in", "Lena Ortiz")
    assert PASSWORD not in str(row.data)


def test_a_password_changed_meanwhile_leaves_a_dead_sign_in(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    with database.write() as db:
        stale = db.get_one(Person, cast.lena.id)
    with database.write() as db:
        people.change_password(db, cast.lena.id, 0, "x", how="changed", by=COMMAND_LINE, now=now())
    with database.write() as db:
        opened = sign_ins.sign_in(db, stale, address="", user_agent="", by=COMMAND_LINE, now=now())
    with client.session_transaction() as cookie:
        cookie["_user_id"] = opened
    assert client.get("/settings").status_code == 303


def test_tokens_of_pages_do_not_outlive_a_sign_in(client: FlaskClient, cast: Cast) -> None:
    stale = token(client)
    sign_in(client, "lena@example.com")
    assert client.post("/sign-out", data={"csrf_token": stale}).status_code in (400, 403)


def test_a_cookie_that_hides_ours_is_named(app: Flask) -> None:
    """The server hands on a header with letters that are not ASCII without its value."""
    visitor = app.test_client(use_cookies=False)
    for answer in (
        visitor.get("/sign-in", headers={"Cookie": UNREADABLE}),
        visitor.post("/sign-in", data={"email": "lena@example.com"}, headers={"Cookie": f"a=1; {UNREADABLE}"}),
    ):
        assert "a cookie that cannot be read here" in answer.text
    assert "a cookie that cannot be read here" not in visitor.get("/sign-in", headers={"Cookie": "a=1"}).text
