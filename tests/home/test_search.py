"""One search over every desk, and the palette: who finds what, in which order, at which cost, odd text included."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.home import search as searching
from app.kernel.db.engine import Database
from app.kernel.text import search
from tests import browsers
from tests.cast import Cast
from tests.depositions import factories
from tests.prescreens.factories import prescreen
from tests.project.visual_checks import serving

ODD = ("", "   ", "%", "_", "\x00", "\ud800", "x" * 5000, "a'b\"c", "<script>", "9" * 40, "{{7*7}}", "ليلى")


def main_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text.partition('id="main"')[2].partition("</main>")[0]


def test_empty_and_odd_searches(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    for address in ("/search", "/palette"):
        for text in ODD:
            answer = client.get(address, query_string={"q": text.encode("utf-8", "surrogatepass")})
            assert answer.status_code == 200
            shown = answer.text.partition('id="main"')[2].partition("</main>")[0] or answer.text
            assert "<script>" not in shown.replace("<script ", "")
            assert "49" not in shown
    assert "Nothing typed yet" in client.get("/search").text
    assert "Nothing has all of these words" in main_of(client, "/search?q=zzzz")


def test_one_ranked_list_over_the_desks(database: Database, client: FlaskClient, cast: Cast) -> None:
    second = factories.request(database, cast, deponent_name="Somebody Else", case_name="Smith v. <b>Harbor</b>")
    first = factories.request(database, cast, deponent_name="Smith", case_name="Harbor")
    jane = prescreen(database, cast.marston.id, "active")
    cast.sign_in(client, "adam")
    shown = main_of(client, "/search?q=smi")
    places = [shown.index(f'href="/{where}"') for where in (f"prescreens/{jane}", f"depositions/{first.id}")]
    assert shown.index(f'href="/depositions/{second.id}"') > 0
    assert places == sorted(places)
    assert "<mark>Smi</mark>th v. &lt;b&gt;" in shown
    only = main_of(client, "/search?q=smi&desk=depositions")
    assert f"prescreens/{jane}" not in only
    assert "All of these in the list" in only
    assert f'href="/depositions/{first.id}"' in main_of(client, f"/search?q={first.id}")
    assert f"prescreens/{jane}" in main_of(client, f"/search?q={jane}")


@pytest.mark.parametrize(
    ("who", "finds"),
    [
        ("adam", {"Marston Smith"}),
        ("abel", {"Harbor Smith"}),
        ("aude", {"Marston Smith"}),
        ("ines", {"Marston Smith", "Harbor Smith"}),
        ("hugo", {"Marston Smith", "Harbor Smith"}),
        ("lena", set()),
        ("nora", set()),
    ],
)
def test_nobody_finds_what_is_not_theirs(
    database: Database, client: FlaskClient, cast: Cast, who: str, finds: set[str]
) -> None:
    names = {"Marston Smith": "marston", "Harbor Smith": "harbor"}
    made = {name: factories.request(database, cast, slug, deponent_name=name).id for name, slug in names.items()}
    cast.sign_in(client, who)
    for address in ("/search", "/palette"):
        text = client.get(address, query_string={"q": "smith"}).text
        assert {name for name, id in made.items() if f'"/depositions/{id}"' in text} == finds
        for name, id in made.items():
            text = client.get(address, query_string={"q": str(id)}).text
            assert (f'"/depositions/{id}"' in text) == (name in finds)


def test_more_than_are_ranked_is_said(
    database: Database, client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        factories.request(database, cast, deponent_name=f"Smith {n}")
    monkeypatch.setattr(search.find, "__defaults__", (4,))
    cast.sign_in(client, "adam")
    shown = main_of(client, "/search?q=smith")
    assert "1–4 of 4+" in shown
    assert "older ones need more words" in shown


def statements(database: Database, client: FlaskClient, address: str) -> int:
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(database.reader, "before_cursor_execute", hear)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)
    return sum("search_" in each or " IN (" in each for each in heard)


def test_the_cost_does_not_grow_with_what_is_found(database: Database, client: FlaskClient, cast: Cast) -> None:
    factories.request(database, cast, deponent_name="Smith")
    cast.sign_in(client, "adam")
    for address in ("/search?q=smith", "/palette?q=smith"):
        one = statements(database, client, address)
        for _ in range(3):
            factories.request(database, cast, deponent_name="Smith")
        assert statements(database, client, address) == one


def test_what_is_typed_asks_only_statements_that_are_built_once(
    database: Database, client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.request(database, cast, deponent_name="Smith")
    cast.sign_in(client, "ines")
    asked: list[object] = []
    execute = Session.execute
    monkeypatch.setattr(
        Session, "execute", lambda self, *given, **named: asked.append(given[0]) or execute(self, *given, **named)
    )
    assert "<mark>Smi</mark>th" in client.get("/palette?q=smi").text
    # A find a key press: building a statement anew costs as much as the rest.
    assert not asked


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("Jane Smith", "smi", "Jane <mark>Smi</mark>th"),
        ("<b>Zoë</b>", "zo", "&lt;b&gt;<mark>Zo</mark>ë&lt;/b&gt;"),
        ("Straße", "strasse", "<mark>Straße</mark>"),
        ("Jane", "nothing", "Jane"),
        ("Moore & O'More", "mor", "Moore &amp; O&#39;<mark>Mor</mark>e"),
        ("KELLER v. <Kell>", "kell keller", "<mark>KELLER</mark> v. &lt;<mark>Kell</mark>&gt;"),
        ("Case 12 · no. 123", "12", "Case <mark>12</mark> · no. <mark>12</mark>3"),
        ("<Jane> d'Arc", "smith", "&lt;Jane&gt; d&#39;Arc"),
        ("a\ue000b", "a", "<mark>a</mark>\ue000b"),
    ],
)
def test_what_matches_is_marked(text: str, typed: str, shown: str) -> None:
    assert searching.marked(text, typed) == shown


LATIN = st.text(st.sampled_from("abAB1-'&<\"_. ·\x00\n"), max_size=20)


@given(LATIN, st.lists(st.text("abAB1é", min_size=1, max_size=3), max_size=3).map(" ".join))
def test_plain_latin_texts_are_marked_as_all_others(text: str, typed: str) -> None:
    assert searching.marked(f"{text} ※", typed) == f"{searching.marked(text, typed)} ※"


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_palette_by_keyboard(database: Database, app: Flask, cast: Cast, chromium: Browser) -> None:
    made = factories.request(database, cast, deponent_name="Delphine Okafor")
    client = app.test_client()
    cast.sign_in(client, "adam")
    cookie = client.get_cookie("desk")
    assert cookie is not None
    with serving(app) as base, browsers.fresh_page(chromium) as page:
        page.context.add_cookies([{"name": "desk", "value": cookie.value, "url": base}])
        page.goto(f"{base}/depositions/{made.id}")
        page.keyboard.press("Control+k")
        field = page.locator("#palette [role='combobox']")
        assert page.locator("#palette-actions").inner_text().startswith("On this page")
        page.keyboard.type("okaf")
        page.wait_for_selector("#palette-offers [role='option']")
        active = field.get_attribute("aria-activedescendant")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        assert "Delphine Okafor" in page.locator(f"#{active}").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("#palette[open]").count() == 0
        page.keyboard.press("Control+k")
        page.keyboard.type("delphine")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"/depositions/{made.id}$"))
