"""The navigation says where the user is, on the pages of single things too; a refusal says its sentence once."""

import re

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from app.kernel.errors import FieldError, Invalid
from tests.cast import Cast
from tests.depositions import factories
from tests.pages import text


def marked(page: str) -> list[tuple[str, str]]:
    """The links of the navigation that are marked, each with what aria-current says."""
    nav = page.partition('id="nav"')[2].partition("</nav>")[0]
    return re.findall(r'<a href="([^"]+)" aria-current="([^"]+)"', nav)


def test_an_item_marks_the_list_that_it_belongs_to(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = factories.request(database, cast).id
    cast.sign_in(client, "ines")
    assert marked(text(client.get("/depositions"))) == [("/depositions", "page")]
    assert marked(text(client.get(f"/depositions/{id}"))) == [("/depositions", "true")]
    assert marked(text(client.get("/depositions/overview"))) == [("/depositions/overview", "page")]


def test_a_form_marks_the_list_that_it_belongs_to(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "ines")
    for url, home in {"/depositions/new": "/depositions", "/depositions/cases": "/depositions"}.items():
        assert marked(text(client.get(url))) == [(home, "true")]
    assert marked(text(client.get("/settings"))) == []
    cast.sign_in(client, "hugo")
    for url in ("/people/invite", "/organizations/new", "/keys/new"):
        assert marked(text(client.get(url))) == [("/people", "true")]


@pytest.mark.parametrize("more", ["", " Nothing was scheduled."])
def test_a_refusal_of_one_field_says_its_sentence_once(app: Flask, more: str) -> None:
    sentence = "Give the address of the room."
    refusal = Invalid(f"{sentence}{more}", errors=[FieldError("room_url", "missing", sentence)])
    with app.test_request_context("/depositions/1"):
        page = render_template("_refused.html", refusal=refusal, back="/depositions/1")
    assert page.count(sentence) == 1
    assert 'data-field="room_url"' in page


def test_what_is_printed_once_holds_no_token(app: Flask, cast: Cast) -> None:
    """Navigation, palette, help and filters are kept for the next page that shows the same (`once`)."""
    pages = [text(cast.sign_in(app.test_client(), "ines").get("/depositions")) for _ in range(2)]
    first, second = (set(re.findall(r'name="csrf_token" value="([^"]+)"', page)) for page in pages)
    assert first
    assert second
    assert not first & second
