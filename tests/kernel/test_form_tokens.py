"""Form tokens: another text in every response, the same token beneath it."""

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.web.form_tokens import masked, unmasked
from tests.pages import csrf, text


@given(st.text(st.characters(codec="ascii"), min_size=20))
def test_what_is_masked_can_be_read_again(token):
    assert unmasked(masked(token)) == token
    assert masked(token) != masked(token), "never twice the same"


@given(st.text())
def test_what_anybody_sends_is_read_or_left_as_it_is(sent):
    assert isinstance(unmasked(sent), str)


def test_a_page_shows_one_text_and_the_next_another(client, cast):
    ines = cast.sign_in(client, "ines")
    first, second = csrf(ines, "/settings"), csrf(ines, "/settings")
    assert first != second
    page = text(ines.get("/settings"))
    shown = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert page.count(shown) > 2, "forms and meta element agree, so that they compress well"


def test_the_bare_token_stands_on_no_page(app, client, cast):
    ines = cast.sign_in(client, "ines")
    page = ines.get("/settings")
    with ines.session_transaction() as session:
        raw = session["csrf_token"]
    with app.test_request_context(), ines.session_transaction() as session:
        assert raw not in text(page)
        assert session["csrf_token"] == raw
    shown = text(page).partition('name="csrf-token" content="')[2].partition('"')[0]
    payload = unmasked(shown).partition(".")[0]
    assert payload not in text(page)


def test_a_token_of_an_earlier_version_is_good(app, client, cast):
    ines = cast.sign_in(client, "ines")
    bare = unmasked(csrf(ines, "/settings"))
    assert ines.post("/sign-out", data={"csrf_token": bare}).status_code == 303


def test_others_are_refused(client, cast):
    ines = cast.sign_in(client, "ines")
    token = csrf(ines, "/settings")
    for wrong in ("", "x", token[:-4], masked("a.b.c"), "é" * 40, "A" * 10_000):
        assert ines.post("/sign-out", data={"csrf_token": wrong}).status_code in (400, 403), wrong
