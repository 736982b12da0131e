"""The guard before every page: closed by default, signed-out people, wrong roles, posted text that is kept."""

import html
import re

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import update

from app import create_app
from app.accounts.access import allow, me, public, signed_in
from app.accounts.models import SignIn
from app.accounts.roles import Role
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post, token
from tests.cast import PASSWORD, Cast


@pytest.fixture
def rooms(database: Database) -> FlaskClient:
    """An app of its own with pages of every kind, and one without a mark."""
    app = create_app(database.config, database)

    def page() -> str:
        return "inside"

    def who() -> str:
        found = signed_in()
        return found.name if found else "nobody"

    app.add_url_rule("/forgotten", "forgotten", page, methods=["GET", "POST"])
    app.add_url_rule("/anybody", "anybody", public(who))
    app.add_url_rule("/everybody", "everybody", allow()(lambda: me().name))
    app.add_url_rule(
        "/schedulers", "schedulers", allow(Role.SCHEDULER, Role.ADMIN)(lambda: "in"), methods=["GET", "POST"]
    )
    app.add_url_rule("/note", "note", allow()(lambda: Response("saved", 201)), methods=["POST"])
    return app.test_client()


def test_an_unmarked_page_is_shut_for_everybody(rooms: FlaskClient, cast: Cast) -> None:
    assert rooms.get("/forgotten").status_code == 303
    for person in ("hugo", "ines", "nora"):
        cast.sign_in(rooms, person)
        assert rooms.get("/forgotten").status_code == 403


def test_a_public_page_is_open(rooms: FlaskClient, cast: Cast) -> None:
    assert rooms.get("/anybody").text == "nobody"
    cast.sign_in(rooms, "lena")
    assert rooms.get("/anybody").text == "Lena Ortiz"


def test_roles_open_pages(rooms: FlaskClient, cast: Cast) -> None:
    open_to = {}
    for person in ("ines", "hugo", "adam", "lena", "nora"):
        cast.sign_in(rooms, person)
        assert rooms.get("/everybody").status_code == 200
        open_to[person] = rooms.get("/schedulers").status_code
    assert open_to == {"ines": 200, "hugo": 200, "adam": 200, "lena": 403, "nora": 403}


def test_the_wrong_role_hears_whose_page_it_is(rooms: FlaskClient, cast: Cast) -> None:
    cast.sign_in(rooms, "lena")
    assert "This is for schedulers and administrators." in rooms.get("/schedulers").text


def test_roles_taken_away_hold_from_the_next_request(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    from app.accounts.actions import people
    from app.accounts.queries import person

    cast.sign_in(rooms, "ines")
    assert rooms.get("/schedulers").status_code == 200
    with database.write() as db:
        found = person(db, cast.ines.id)
        people.take_role(db, found, found.memberships[0].id, by=cast.actor("hugo"), now=now())
    assert rooms.get("/schedulers").status_code == 403


def test_head_and_options_are_guarded_too(rooms: FlaskClient, cast: Cast) -> None:
    assert rooms.head("/everybody").status_code == 303
    assert rooms.options("/everybody").status_code == 303


def end_sign_ins(database: Database) -> None:
    with database.write() as db:
        db.execute(update(SignIn).values(ended_at=now()))


def test_text_posted_after_a_sign_in_ended_is_kept(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(rooms, "lena")
    typed = {"csrf_token": token(rooms, "/settings"), "version": "3", "note": 'Long "story"\n<b>second</b> line'}
    end_sign_ins(database)
    answer = rooms.post("/note?from=list", data={**typed, "new_password": "never carried"})
    assert answer.status_code == 401
    assert "Your text is kept." in answer.text
    assert "second" not in answer.text
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    back = post(
        rooms,
        "/sign-in",
        {"email": "lena@example.com", "password": PASSWORD, "kept": kept[1]},
        page="/sign-in",
    )
    assert back.status_code == 200
    assert 'action="/note?from=list"' in back.text
    assert html.escape('Long "story"', quote=False).replace('"', "&#34;") in back.text
    assert "<b>second" not in back.text
    assert "never carried" not in back.text
    sent_token = re.search(r'name="csrf_token" value="([^"]+)"', back.text)
    assert sent_token is not None
    assert rooms.post("/note?from=list", data={**typed, "csrf_token": sent_token[1]}).status_code == 201


def test_kept_text_is_not_shown_to_another_person(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(rooms, "lena")
    typed = {"csrf_token": token(rooms, "/settings"), "note": "for lena only"}
    end_sign_ins(database)
    answer = rooms.post("/note", data=typed)
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    form = {"email": "otto@example.com", "password": PASSWORD, "kept": kept[1]}
    assert post(rooms, "/sign-in", form, page="/sign-in").status_code == 303
    forged = {**form, "kept": "bm90IG91cnM="}
    post(rooms, "/sign-out")
    assert post(rooms, "/sign-in", forged, page="/sign-in").status_code == 303


def test_a_wrong_password_does_not_lose_it(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(rooms, "lena")
    typed = {"csrf_token": token(rooms, "/settings"), "note": "still here"}
    end_sign_ins(database)
    kept = re.search(r'name="kept" value="([^"]+)"', rooms.post("/note", data=typed).text)
    assert kept is not None
    form = {"email": "lena@example.com", "password": "wrong", "kept": kept[1]}
    again = post(rooms, "/sign-in", form, page="/sign-in")
    assert again.status_code == 422
    assert kept[1] in again.text


def test_htmx_shows_it_in_the_whole_window(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(rooms, "lena")
    typed = {"csrf_token": token(rooms, "/settings"), "note": "still here"}
    end_sign_ins(database)
    answer = rooms.post("/note", data=typed, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (401, "body")


def test_a_form_without_text_just_says_so(rooms: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(rooms, "lena")
    typed = {"csrf_token": token(rooms, "/settings")}
    end_sign_ins(database)
    answer = rooms.post("/note", data=typed)
    assert "Your sign-in had ended. Sign in and do it again." in answer.text


def test_the_api_never_looks_at_cookies(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    answer = client.get("/api/v1/sessions")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
