"""Empty drafts: anyone may start many, so no list of staff shows them, and they go after a week."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.dashboard.tags import Tag
from app.housekeeping import Housekeeping
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from app.kernel.text.search import SearchEntry, differences
from app.prescreens import actions, links
from app.prescreens.desk import DESK
from app.prescreens.models import Prescreen
from app.prescreens.queries.search import SOURCE
from tests.cast import Cast
from tests.clocks import Clock
from tests.pages import csrf
from tests.prescreens.factories import PROSPECT, prescreen, stored


def test_a_draft_that_nobody_answers_is_forgotten_without_a_trace(database: Database, cast: Cast) -> None:
    moment = now()
    for _ in range(3):
        prescreen(database, cast.marston.id, "draft", at=moment - timedelta(days=7, hours=1))
    answered = prescreen(database, cast.marston.id, "active", at=moment - timedelta(days=7, hours=1))
    fresh = prescreen(database, cast.marston.id, "draft", at=moment - timedelta(days=6, hours=23))
    assert DESK.tidy
    Housekeeping(DESK.tidy)(database, moment)
    with database.read() as db:
        assert set(db.scalars(select(Prescreen.id))) == {answered, fresh}
        assert db.scalar(select(func.count()).select_from(SearchEntry)) == 2
        assert db.scalars(select(Event.kind)).all() == ["prescreen.started"], "of the one that was answered"
        assert differences(db, [SOURCE]) == []
    with database.write() as db:
        assert recounts.differences(db) == []


def test_what_the_team_wrote_about_a_draft_keeps_it_and_nothing_else(
    database: Database, cast: Cast, client: FlaskClient, clock: Clock
) -> None:
    """They find one that began with a fresh link on the page of the former prescreen."""
    noted, tagged, _ = (prescreen(database, cast.marston.id, "draft") for _ in range(3))
    lena = cast.sign_in(client, "lena")
    form = {"csrf_token": csrf(lena)}
    assert lena.post(f"/prescreens/{noted}/note", data={**form, "text": "She called."}).status_code == 303
    assert lena.post(f"/prescreens/{tagged}/tag", data={**form, "tag": "vip"}).status_code == 303
    clock.move(days=8)
    assert DESK.tidy
    Housekeeping(DESK.tidy)(database, clock.now())
    with database.read() as db:
        assert db.scalars(select(Prescreen.id)).all() == [noted], "the others, and what else is due, do not wait for it"
        assert db.scalars(select(Tag.name)).all() == []
        assert recounts.differences(db) == []


def test_a_draft_that_is_being_answered_stays(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "draft", at=now() - timedelta(days=7, hours=1))
    with database.write() as db:
        actions.answer(db, id, "fullName", ["Jane"], by=PROSPECT, now=now())
        assert actions.forget_drafts(db, now()) == 0
    assert stored(database, id).submission == {"fullName": "Jane"}


def test_the_link_of_a_forgotten_draft_leads_to_the_start(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = prescreen(database, cast.marston.id, "draft", at=now() - timedelta(days=7, hours=1))
    with database.write() as db:
        assert actions.forget_drafts(db, now()) == 1
    start = "/p/marston/two-bedroom"
    response = client.get(f"{start}/chat/{links.token(database.config, links.CHAT, id)}")
    assert (response.status_code, response.headers["Location"]) == (303, start)


@pytest.mark.parametrize("state", ["answering", "all", "expired"])
def test_no_list_of_staff_shows_drafts(database: Database, cast: Cast, client: FlaskClient, state: str) -> None:
    expired = now() - timedelta(days=31)
    for at in (now(), expired):
        prescreen(database, cast.marston.id, "draft", at=at)
        prescreen(database, cast.marston.id, "active", at=at, given={"fullName": "Bea Answers"})
    cast.sign_in(client, "lena")
    page = client.get("/prescreens", query_string={"state": state}).text
    assert page.count("Bea Answers") >= 1
    assert "nothing answered" not in page
    assert "No name yet" not in page


def test_starts_of_one_network_are_bounded(database: Database, cast: Cast, client: FlaskClient, clock: Clock) -> None:
    prescreen(database, cast.marston.id, "draft")
    page = client.get("/p/marston/two-bedroom").text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]

    def start(n: int) -> int:
        place = {"REMOTE_ADDR": f"2001:db8:0:7::{n:x}"}
        data = {"csrf_token": token}
        return client.post("/p/marston/two-bedroom/start", data=data, environ_overrides=place).status_code

    assert [start(n) for n in range(22)] == [303] * 20 + [429] * 2
    for _ in range(5):
        clock.move(seconds=61)
        assert [start(n) for n in range(20)] == [303] * 20
    clock.move(seconds=61)
    assert start(1) == 429, "120 an hour"
    clock.move(hours=1)
    assert start(1) == 303
