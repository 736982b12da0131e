"""A working day without a mouse: every step by key, the focus always visible and never lost."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, TimeoutError
from sqlalchemy import select
from werkzeug.serving import make_server

from app.accounts.models import Person
from app.dashboard.saved_views import owners
from app.dashboard.saved_views.models import HandoverNote
from app.kernel.clock import now
from tests.accounts.browser import post
from tests.browsers import becomes
from tests.cast import PASSWORD
from tests.depositions import factories
from tests.prescreens.factories import prescreen, stored

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

SEEN = """() => {
    const here = document.activeElement;
    if (!here || here === document.body) return 'the focus is on the body';
    if (!here.checkVisibility({ visibilityProperty: true })) return `${here.outerHTML.slice(0, 90)} is not to be seen`;
    const box = (here.closest('.data-table tr') ?? here).getBoundingClientRect();
    if (box.bottom <= 0 || box.top >= innerHeight) return `${here.outerHTML.slice(0, 90)} is off the screen`;
    if (here.id === 'main' || here.closest('#refusal, dialog')) return '';
    const around = ['.data-table tr', '.input-group', '.filter'].map((each) => here.closest(each));
    const drawn = [here, ...around].some((each) =>
        each && ['outlineStyle', 'boxShadow'].some((name) => getComputedStyle(each)[name] !== 'none'));
    return drawn ? '' : `nothing shows that ${here.outerHTML.slice(0, 90)} has the focus`;
}"""

LANDED = """(isItem) => document.activeElement !== document.body
    && (!isItem || !document.querySelector(".split") || document.activeElement.closest("#item[data-open]") !== null)"""
"""Beside a list an item has come when it has the focus."""


class Keyboard:
    """Presses keys, and looks after each where the focus is."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.look(key)

    def go(self, key: str, path: str) -> None:
        """A key that leads to another page."""
        self.page.keyboard.press(key)
        self.page.wait_for_url(self.address + path)
        self.page.wait_for_load_state()
        self.page.wait_for_function(LANDED, arg=path.count("/") == 2)
        self.look(key)

    def look(self, key: str) -> None:
        try:
            self.page.wait_for_function(f"() => !({SEEN})()")
        except TimeoutError:
            raise AssertionError(f"after {key} at {self.page.url}: {self.page.evaluate(SEEN)}") from None

    def to(self, selector: str, most: int = 60, key: str = "Tab") -> None:
        """Tab until there, or back with Shift Tab."""
        for _ in range(most):
            if self.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
            self.press(key)
        raise AssertionError(f"{selector} is not within {most} tabs at {self.page.url}")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    @property
    def at(self) -> str:
        """What has the focus, in its own words."""
        return str(self.page.evaluate("document.activeElement.textContent.trim()"))

    def sign_in(self, email: str) -> None:
        self.page.goto(f"{self.address}/sign-in")
        self.to("[name='email']")
        self.type(email)
        self.to("[name='password']")
        self.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#nav")
        # Scripts listen to keys from the load event on.
        self.page.wait_for_load_state()

    def sign_out(self) -> None:
        self.page.focus("[popovertarget='person']")
        self.press("Enter")
        self.to("#person form button")
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.address}/sign-in**")


@pytest.fixture
def keyboard(app: Any, page: Page) -> Iterator[Keyboard]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Keyboard(page, f"http://localhost:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def requests(database: Any, cast: Any) -> list[int]:
    """Three requests, the soonest first."""
    return [
        factories.request(database, cast, deponent_name=f"Witness {n}", starts_at=now() + timedelta(days=10 + n)).id
        for n in range(3)
    ]


def test_a_schedulers_day(keyboard: Keyboard, database: Any, cast: Any, requests: list[int]) -> None:
    one, two, _ = requests
    page = keyboard.page
    keyboard.sign_in("ines@example.com")

    # To the queue by the palette, and through its rows.
    keyboard.press("Control+k")
    keyboard.type("requests")
    page.wait_for_selector("#palette [aria-selected='true']")
    keyboard.go("Enter", "/depositions")
    keyboard.press("j", "j")
    assert keyboard.at == "Witness 1 deponent"
    keyboard.press("k")
    assert keyboard.at == "Witness 0 deponent"
    keyboard.press("x")
    assert page.locator(".select-cell :checked").count() == 1
    keyboard.press("x")
    assert page.locator(".select-cell :checked").count() == 0

    # Take it: the focus goes on to the next row of that list.
    page.keyboard.press("e")
    page.wait_for_selector(f"#deposition-{one}:has-text('You')")
    page.wait_for_function("(id) => document.activeElement.closest('tr')?.id === id", arg=f"deposition-{two}")
    keyboard.look("e")

    # Open, take by key on the page, back again on the same row.
    keyboard.go("Enter", f"/depositions/{two}")
    page.keyboard.press("e")
    page.wait_for_selector("#actions :text('Assigned to you')")
    keyboard.look("e")
    page.go_back()
    page.wait_for_url(f"{keyboard.address}/depositions")
    page.wait_for_function("() => document.activeElement.closest('.data-table')")
    assert keyboard.at == "Witness 1 deponent"
    keyboard.press("k")
    keyboard.go("Enter", f"/depositions/{one}")

    # Schedule, having seen what leaves.
    keyboard.to("[name='manager']")
    keyboard.press("ArrowUp")
    assert "Ines Okafor" in page.inner_text("label:has([name='manager']:checked)")
    keyboard.to("[name='room_url']")
    keyboard.type(factories.ROOM)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("dialog#preview[open]")
    keyboard.look("Ctrl Enter")
    keyboard.to("#confirm")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toasts .toast")
    keyboard.look("Enter")
    page.goto(f"{keyboard.address}/depositions")

    # A note for whoever goes on.
    keyboard.to("[popovertarget='more']")
    keyboard.press("Enter")
    keyboard.to("#more .dropdown:has([name='text']) > summary")
    keyboard.press("Enter")
    page.wait_for_selector("[name='text']:focus")
    keyboard.type("I stopped at Witness 1.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".handover:has-text('I stopped at Witness 1.')")
    keyboard.look("Ctrl Enter")
    with database.read() as db:
        rows = db.execute(select(HandoverNote.text, HandoverNote.place)).all()
    assert [(row.text, row.place) for row in rows] == [("I stopped at Witness 1.", owners.STAFF)]

    # Search, the sheet of keys, and home.
    keyboard.press("/")
    keyboard.type("x?")
    assert page.input_value("#search") == "x?"
    keyboard.press("Escape", "Escape")
    becomes(page, "document.activeElement.closest('.data-table') !== null")
    keyboard.press("?")
    assert page.locator("#help[open] dt:visible:has-text('Next, previous row')").count() == 1
    keyboard.press("Escape")
    keyboard.sign_out()


def test_a_leasing_agents_day(keyboard: Keyboard, database: Any, cast: Any) -> None:
    jane = prescreen(database, cast.marston.id)
    emeka = prescreen(
        database, cast.marston.id, given={"fullName": "Emeka Obiora", "email": "emeka@example.com", "phone": None}
    )
    page = keyboard.page
    keyboard.sign_in("lena@example.com")
    page.goto(f"{keyboard.address}/prescreens")
    keyboard.press("j")
    assert keyboard.at == "Jane Smith"
    keyboard.go("Enter", f"/prescreens/{jane}")

    # Single letters decide nothing: a and d go to the buttons, and so does Ctrl Enter where two decide two things.
    for key in "adyAD":
        page.keyboard.press(key)
    becomes(page, "document.activeElement.id", "deny")
    page.keyboard.press("e")
    page.wait_for_selector("#actions :text('Assigned to you')")
    keyboard.look("e")
    keyboard.press("a", "Shift+Tab")
    becomes(page, "document.activeElement.name", "notes")
    keyboard.type("Good references.")
    keyboard.press("Control+Enter")
    becomes(page, "document.activeElement.id", "approve")
    assert page.locator("#holds [data-remaining]").count() == 0

    # Enter on the button: held, and on to the next. Ctrl Z brings it back.
    keyboard.go("Enter", f"/prescreens/{emeka}")
    page.get_by_text("Approving Jane Smith").wait_for()
    page.keyboard.press("Control+z")
    page.get_by_text("Undone. Jane Smith waits for a decision again").wait_for()
    keyboard.look("Ctrl Z")
    page.reload()
    keyboard.go("p", f"/prescreens/{jane}")
    keyboard.go("n", f"/prescreens/{emeka}")
    assert stored(database, jane).review_status == "pending_review"


def test_undo_is_answered_while_the_bar_is_fetched(keyboard: Keyboard, database: Any, cast: Any) -> None:
    jane = prescreen(database, cast.marston.id)
    page = keyboard.page
    keyboard.sign_in("lena@example.com")
    page.goto(f"{keyboard.address}/prescreens/{jane}")
    page.click("#approve")
    page.get_by_text("Approving Jane Smith").wait_for()
    waiting: dict[str, Route] = {}
    page.route(re.compile("/holds(/.*/undo)?$"), lambda route: waiting.update({route.request.method: route}))
    with page.expect_request("**/holds"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_request("**/undo"):
        page.keyboard.press("Control+z")
    with page.expect_response("**/holds") as bar:
        waiting["GET"].continue_()
    bar.value.finished()
    waiting["POST"].continue_()
    page.get_by_text("Undone. Jane Smith waits for a decision again").wait_for()


def test_a_key_takes_nothing_out_of_somebodys_hands(keyboard: Keyboard, app: Any, database: Any, cast: Any) -> None:
    jane = prescreen(database, cast.marston.id)
    mira = cast.sign_in(app.test_client(), "mira")
    seen = mira.get(f"/prescreens/{jane}").text.partition('name="version" value="')[2].partition('"')[0]
    assert post(mira, f"/prescreens/{jane}/assign", {"version": seen}).status_code == 303
    keyboard.sign_in("lena@example.com")
    keyboard.page.goto(f"{keyboard.address}/prescreens/{jane}")
    keyboard.press("e")
    assert keyboard.at == "Assign to me"
    assert stored(database, jane).assignee_name == "Mira Haddad"


def test_single_keys_can_be_switched_off(keyboard: Keyboard, database: Any, cast: Any, requests: list[int]) -> None:
    with database.write() as db:
        db.get_one(Person, cast.ines.id).single_keys = False
    page = keyboard.page
    keyboard.sign_in("ines@example.com")
    page.goto(f"{keyboard.address}/depositions/{requests[0]}")
    for key in "jkxenp/?":
        page.keyboard.press(key)
    assert page.url == f"{keyboard.address}/depositions/{requests[0]}"
    assert page.locator("dialog[open]").count() == 0
    becomes(page, "document.activeElement === document.body")
    keyboard.press("Control+k")
    assert page.locator("#palette[open]").count() == 1
    keyboard.press("Escape")
    page.click("[commandfor='help']")
    assert "You have switched single keys off" in page.inner_text("#help")
    assert page.locator("#help dt:visible:has-text('row')").count() == 0
    assert page.locator("#help dt:visible:has-text('Send, or')").count() == 1


def test_the_sheet_says_what_works_here(keyboard: Keyboard, cast: Any, requests: list[int]) -> None:
    page = keyboard.page
    keyboard.sign_in("ines@example.com")

    def notice(path: str) -> list[str]:
        page.goto(keyboard.address + path)
        page.keyboard.press("?")
        heard = page.locator("#help dt:visible").all_inner_texts()
        page.keyboard.press("Escape")
        return heard

    assert {"Next, previous row", "Select the row", "Assign to me"} <= set(notice("/depositions"))
    on_a_page = notice(f"/depositions/{requests[1]}")
    assert {"Assign to me", "Next, previous", "Send, or go to what is missing"} <= set(on_a_page)
    assert "Next, previous row" not in on_a_page
    assert "Undo a pending decision" not in on_a_page
    assert "Assign to me" not in notice("/settings")


def test_on_a_phone_a_link_leads_to_what_can_be_done(keyboard: Keyboard, cast: Any, requests: list[int]) -> None:
    page = keyboard.page
    keyboard.sign_in("ines@example.com")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{keyboard.address}/depositions/{requests[0]}")
    keyboard.to(".action-bar")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{keyboard.address}/depositions/{requests[0]}#actions")
    page.keyboard.press("Tab")
    becomes(page, "document.activeElement.closest('#actions') !== null")
    keyboard.look("Tab")
