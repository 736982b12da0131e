"""The live board on a screen: who waits at the door appears at once, on top, and in the title of the window."""

import pytest

from tests.browsers import becomes
from tests.inspections import pages
from tests.inspections.conftest import printed, token_of
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

POLL = "document.dispatchEvent(new Event('desk:poll'))"
ROWS = "[...document.querySelectorAll('[data-rows] [data-row]')].map((row) => row.dataset.row)"
WAITING = "[...document.querySelectorAll('tbody[data-at-once] [data-row]')].map((row) => row.dataset.row)"
HIDE = """() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def board(app, cast, page):
    """Opens the live board as an operator, in a window 500 pixels high."""
    with serving(app) as address:
        name, value = cast.cookie(app, "otto")
        page.context.add_cookies([{"name": name, "value": value, "url": address}])
        page.set_viewport_size({"width": 1280, "height": 500})

        def opened():
            page.goto(f"{address}/inspections", wait_until="load")
            return page

        yield opened


def join(integrator, field, session, **recipient):
    invite = integrator.invite(session, **{**printed("mint"), **recipient})
    assert field.join(invite, invite["otp_code"]).status_code == 200


def test_who_waits_comes_up_at_once(board, integrator, field):
    first, second, third = (integrator.create(notes=f"Flat {n}") for n in (1, 2, 3))
    page = board()
    before = page.evaluate(ROWS)
    assert set(before) == {first["id"], second["id"], third["id"]}
    assert page.title().startswith("Live board")
    join(integrator, field, first)
    page.evaluate(POLL)
    page.wait_for_function(f"() => {WAITING}.length === 1")
    assert page.evaluate(ROWS)[0] == first["id"], "it stood lower until now"
    assert sorted(page.evaluate(ROWS)) == sorted(before), "each row once"
    assert page.title().startswith("Alex Garcia waits · Live board · ")
    assert page.evaluate("scrollY") == 0
    new = integrator.create()
    join(integrator, field, new, recipient_first_name="Rosa", recipient_last_name="Diaz")
    page.evaluate(POLL)
    page.wait_for_function(f"() => {WAITING}.length === 2")
    assert new["id"] in page.evaluate(WAITING), "also one that was not in the list yet"
    assert page.is_hidden("[data-part='new-rows']")
    assert " and 1 more wait · Live board" in page.title()


def test_a_row_in_use_stays_and_others_wait_behind_the_button(board, integrator, field):
    first, _ = integrator.create(), integrator.create()
    page = board()
    page.focus(f"[data-row='{first['id']}'] input")
    join(integrator, field, first)
    new = integrator.create()
    page.evaluate(POLL)
    page.wait_for_selector("[data-part='new-rows'] button")
    assert page.evaluate(ROWS).count(first["id"]) == 1
    becomes(page, f"document.activeElement.closest('[data-row]').dataset.row === '{first['id']}'")
    assert new["id"] not in page.evaluate(ROWS)


def test_an_empty_board_shows_the_first_who_waits(board, integrator, field):
    page = board()
    session = integrator.create()
    join(integrator, field, session)
    page.evaluate(POLL)
    page.wait_for_function(f"() => {WAITING}.length === 1")
    assert page.title().startswith("Alex Garcia waits")


def test_a_hidden_window_says_it_in_its_title(board, integrator, field):
    session = integrator.create()
    page = board()
    page.evaluate(HIDE)
    join(integrator, field, session)
    page.evaluate(POLL)
    page.wait_for_function("() => document.title.startsWith('Alex Garcia waits')")


def test_the_phone_hears_by_itself_that_somebody_is_with_them(app, page, integrator, otto):
    session = integrator.create()
    invite = integrator.invite(session)
    with serving(app) as address:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{address}/join/{session['id']}/?t={token_of(invite)}", wait_until="load")
        page.click("button[type=submit]")
        page.goto(f"{address}/join/{session['id']}/room", wait_until="load")
        assert "Otto Kim" not in page.inner_text("#news")
        pages.send(otto, session, "attend")
        page.wait_for_function("() => document.querySelector('#news').innerText.includes('Otto Kim')")
        integrator.end(session)
        page.wait_for_function("() => !document.querySelector('#news')")
