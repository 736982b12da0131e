"""Saved views of the board, and its filters, which stay when a manager was changed from it."""

import re

import pytest
from sqlalchemy import select

from app.dashboard.saved_views.models import SavedView
from app.depositions.views import returns
from tests.depositions import factories
from tests.depositions.test_board import booked, day, today
from tests.pages import csrf, digest, text

__all__ = ["today"]


def save(client, query, name="Mine"):
    form = {"csrf_token": csrf(client), "query": query, "name": name, "place": ""}
    return client.post("/views/depositions/save", data=form)


def test_the_filters_of_the_board_are_saved_and_found_again(ines, cast, database):
    booked(database, cast, "09:00")
    assert "Save this view" not in day(ines), "there is nothing to keep yet"
    page = day(ines, "day=2026-12-08&manager=me&flag=overlap")
    query = re.search(r'name="query" value="([^"]*)"', page)[1].replace("&amp;", "&")
    assert query == "flag=overlap&manager=me&on=board"
    done = save(ines, query)
    assert (done.status_code, done.headers["Location"]) == (303, "/depositions/board?flag=overlap&manager=me")
    page = text(ines.get(done.headers["Location"]))
    assert "Saved as “Mine”. It is under Filter." in page
    assert re.search(r'<a href="/depositions/board\?flag=overlap&amp;manager=me" aria-current="page">.*?Mine', page)
    assert "Save this view" not in page
    assert ">Mine</bdi>" in day(ines), "on every day"
    assert ">Mine<" not in text(ines.get("/depositions")), "it is no view of the list"
    assert 'href="/depositions/board?flag=overlap&amp;manager=me"' in text(ines.get("/views"))
    assert save(ines, query, "Another").status_code in (303, 409, 422)


def test_views_of_the_list_stay_with_the_list(ines, cast, database):
    assert save(ines, "flag=overlap", "Clashes").headers["Location"] == "/depositions?flag=overlap"
    assert ">Clashes" in text(ines.get("/depositions"))
    assert ">Clashes" not in day(ines)
    assert save(ines, "flag=moved&on=//evil.example.com", "Odd").headers["Location"].startswith("/depositions?")
    with database.read() as db:
        assert len(db.scalars(select(SavedView.name)).all()) == 2


def test_an_auditor_saves_a_view_of_their_own(client, cast, database):
    cast.sign_in(client, "ada")
    assert save(client, "manager=nobody&on=board").status_code == 303
    assert ">Mine</bdi>" in day(client)


def test_filters_stay_when_a_manager_was_changed_from_the_board(ines, cast, database):
    made = booked(database, cast, "09:00", case_name="Keller & Sons v. Ågren")
    page = day(ines, "day=2026-12-08&case=keller&from=8")
    url = re.search(rf'href="(/depositions/{made.id}/manager[^"]*)"', page)[1].replace("&amp;", "&")
    choosing = text(ines.get(url))
    on = re.search(r'name="on" value="([^"]*)"', choosing)[1].replace("&amp;", "&")
    assert on == "board/2026-12-08?case=keller&from=8"
    typed = {"csrf_token": csrf(ines), "version": made.version, "manager": "nobody", "on": on}
    shown = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "step": "preview"})
    done = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "preview": digest(shown)})
    assert done.headers["Location"] == f"/depositions/board?day=2026-12-08&case=keller&from=8#session-{made.id}"


@pytest.mark.parametrize(
    ("on", "url"),
    [
        ("board/2026-12-08?view=x&csv=1&manager=me", "/depositions/board?day=2026-12-08&manager=me#session-7"),
        ("board/2026-12-08?day=2020-01-01&_external=1", "/depositions/board?day=2026-12-08#session-7"),
        ("board/2026-12-08?case=%3Cb%3E%26", "/depositions/board?day=2026-12-08&case=%3Cb%3E%26#session-7"),
        ("board/x?manager=me", ""),
        ("board/?manager=me", ""),
    ],
)
def test_only_what_the_board_knows_is_kept(app, on, url):
    with app.test_request_context("/"):
        assert returns.url_of(on, 7) == url


def test_what_it_keeps_is_what_it_was(app):
    from datetime import date

    with app.test_request_context("/"):
        on = returns.on_board(date(2026, 12, 8), {"case": "A&B ?#", "zone": "Europe/Paris", "view": "x"})
        assert returns.url_of(on, 1) == "/depositions/board?day=2026-12-08&case=A%26B+?%23&zone=Europe/Paris#session-1"


def test_who_manages_none_saves_none(client, cast):
    cast.sign_in(client, "lena")
    assert save(client, "manager=me&on=board").status_code == 404
    assert factories.ROOM
