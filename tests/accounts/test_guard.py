"""The guard before every page: closed by default, signed-out people, wrong roles, posted text that is kept."""

import html
import re

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.access import allow, me, public, signed_in
from app.accounts.models import SignIn
from app.accounts.roles import Role
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import apps
from tests.accounts.browser import HTMX, post, token
from tests.cast import PASSWORD, Cast


@pytest.fixture
def site(database: Database) -> FlaskClient:
    """An app of its own with pages of every kind, and one without a mark."""
    return apps.reused(database, "guarded pages", add_pages).test_client()


def add_pages(app: Flask) -> None:
    def page() -> str:
        return "inside"

    def who() -> str:
        found = signed_in()
        return found.name if found else "nobody"

    app.add_url_rule("/forgotten", "forgotten", page, methods=["GET", "POST"])
    app.add_url_rule("/open", "open", public(who))
    app.add_url_rule("/members", "members", allow()(lambda: me().name))
    app.add_url_rule(
        "/schedulers", "schedulers", allow(Role.SCHEDULER, Role.ADMIN)(lambda: "in"), methods=["GET", "POST"]
    )
    app.add_url_rule("/note", "note", allow()(lambda: Response("saved", 201)), methods=["POST"])


def test_an_unmarked_page_is_closed(site: FlaskClient, cast: Cast) -> None:
    assert site.get("/forgotten").status_code == 303
    for person in ("hugo", "ines", "nora"):
        cast.sign_in(site, person)
        assert site.get("/forgotten").status_code == 403


def test_a_public_page_is_open(site: FlaskClient, cast: Cast) -> None:
    assert site.get("/open").text == "nobody"
    cast.sign_in(site, "lena")
    assert site.get("/open").text == "Lena Ortiz"


def test_roles_open_pages(site: FlaskClient, cast: Cast) -> None:
    open_to = {}
    for person in ("ines", "hugo", "adam", "lena", "nora"):
        cast.sign_in(site, person)
        assert site.get("/members").status_code == 200
        open_to[person] = site.get("/schedulers").status_code
    assert open_to == {"ines": 200, "hugo": 200, "adam": 200, "lena": 403, "nora": 403}


def test_the_wrong_role_hears_whose_page_it_is(site: FlaskClient, cast: Cast) -> None:
    cast.sign_in(site, "lena")
    assert "This is for schedulers and administrators." in site.get("/schedulers").text


def test_roles_taken_away_hold_from_the_next_request(site: FlaskClient, cast: Cast, database: Database) -> None:
    from app.accounts.actions import people
    from app.accounts.queries import person

    cast.sign_in(site, "ines")
    assert site.get("/schedulers").status_code == 200
    with database.write() as db:
        found = person(db, cast.ines.id)
        people.take_role(db, found, found.memberships[0].id, by=cast.actor("hugo"), now=now())
    assert site.get("/schedulers").status_code == 403


def test_head_and_options_are_guarded_too(site: FlaskClient, cast: Cast) -> None:
    assert site.head("/members").status_code == 303
    assert site.options("/members").status_code == 303


def end_sign_ins(database: Database) -> None:
    with database.write() as db:
        db.execute(update(SignIn).values(ended_at=now()))


def test_text_posted_after_a_sign_in_ended_is_kept(site: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(site, "lena")
    typed = {"csrf_token": token(site, "/settings"), "version": "3", "note": 'Long "story"\n<b>second</b> line'}
    end_sign_ins(database)
    answer = site.post("/note?from=list", data={**typed, "new_password": "never carried"})
    assert answer.status_code == 401
    assert "Your text is kept." in answer.text
    assert "second" not in answer.text
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    back = post(
        site,
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
    assert site.post("/note?from=list", data={**typed, "csrf_token": sent_token[1]}).status_code == 201


def test_kept_text_is_not_shown_to_another_person(site: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(site, "lena")
    typed = {"csrf_token": token(site, "/settings"), "note": "for lena only"}
    end_sign_ins(database)
    answer = site.post("/note", data=typed)
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    form = {"email": "otto@example.com", "password": PASSWORD, "kept": kept[1]}
    assert post(site, "/sign-in", form, page="/sign-in").status_code == 303
    forged = {**form, "kept": "bm90IG91cnM="}
    post(site, "/sign-out")
    assert post(site, "/sign-in", forged, page="/sign-in").status_code == 303


def test_a_wrong_password_does_not_lose_it(site: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(site, "lena")
    typed = {"csrf_token": token(site, "/settings"), "note": "still here"}
    end_sign_ins(database)
    kept = re.search(r'name="kept" value="([^"]+)"', site.post("/note", data=typed).text)
    assert kept is not None
    form = {"email": "lena@example.com", "password": "wrong", "kept": kept[1]}
    again = post(site, "/sign-in", form, page="/sign-in")
    assert again.status_code == 422
    assert kept[1] in again.text


def test_htmx_shows_it_in_the_whole_window(site: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(site, "lena")
    typed = {"csrf_token": token(site, "/settings"), "note": "still here"}
    end_sign_ins(database)
    answer = site.post("/note", data=typed, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (401, "body")


def test_a_form_without_text_just_says_so(site: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(site, "lena")
    typed = {"csrf_token": token(site, "/settings")}
    end_sign_ins(database)
    answer = site.post("/note", data=typed)
    assert "Your sign-in had ended. Sign in and do it again." in answer.text


def test_the_api_never_looks_at_cookies(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    answer = client.get("/api/v1/sessions")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
