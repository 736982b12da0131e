"""How many keys the three main acts take from their list; a paste counts as one."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import update
from werkzeug.serving import make_server

from app.accounts.models import Person
from app.dashboard.undo.models import State
from app.depositions.models import Manager
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.inspections.conftest import Integrator
from tests.prescreens.decisions import stands
from tests.prescreens.factories import prescreen

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


class Hand:
    """Presses keys in a signed-in browser and counts them."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base, self.pressed = page, base, 0

    def press(self, key: str, until: str) -> None:
        """A key, and what it is seen to do."""
        self.page.keyboard.press(key)
        self.pressed += 1
        self.page.wait_for_selector(until)

    def paste(self, text: str) -> None:
        self.page.keyboard.insert_text(text)
        self.pressed += 1


@pytest.fixture
def hand(app: Any, cast: Any, page: Page) -> Iterator[Any]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://localhost:{server.server_port}"

    def at(path: str, called: str) -> Hand:
        name, value = cast.cookie(app, called)
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(base + path)
        return Hand(page, base)

    yield at
    server.shutdown()
    thread.join()
    server.server_close()


LINK, TITLE = ".title-cell > a:focus", "dialog#preview[open] #preview-title:focus"


def test_the_common_booking_takes_four(hand: Any, database: Any, cast: Any) -> None:
    """The best manager is chosen, whose own room it is: open, Ctrl Enter, Ctrl Enter."""
    row = cast.managers["ines"]
    with database.write() as db:
        rooms = {"zoom": "https://zoom.example.com/{id}"}
        db.execute(update(Manager).where(Manager.id == row.id).values({Manager.templates: rooms}))
    made = factories.request(database, cast, details={"video_provider": "Zoom"})
    keys = hand("/depositions", "ines")
    keys.press("j", LINK)
    keys.press("Enter", "#actions #schedule")
    keys.press("Control+Enter", TITLE)
    keys.press("Control+Enter", "#toasts .toast")
    booked = stored(database, made.id)
    assert (booked.state, booked.room_url) == ("scheduled", f"https://zoom.example.com/{made.id}")
    assert keys.pressed <= 4


def test_booking_takes_six(hand: Any, database: Any, cast: Any) -> None:
    made = factories.request(database, cast, details={})
    keys = hand("/depositions", "ines")
    keys.press("j", LINK)
    keys.press("Enter", "#actions #schedule")
    keys.press("Control+Enter", "#actions [name=room_url]:focus")
    keys.paste(factories.ROOM)
    keys.press("Control+Enter", TITLE)
    keys.press("Control+Enter", "#toasts .toast")
    assert stored(database, made.id).state == "scheduled"
    assert keys.pressed <= 6


def test_a_decision_takes_four(hand: Any, database: Any, cast: Any) -> None:
    jane = prescreen(database, cast.marston.id)
    keys = hand("/prescreens", "lena")
    keys.press("j", LINK)
    keys.press("Enter", "#approve")
    keys.press("a", "#approve:focus")
    keys.press("Enter", ".undo-item")
    assert stands(database, jane) is State.PENDING
    assert keys.pressed <= 4


def test_an_invitation_takes_six(hand: Any, app: Any, database: Any, cast: Any) -> None:
    Integrator(app, cast, "marston").create()
    keys = hand("/inspections", "otto")
    keys.press("j", LINK)
    keys.press("Enter", "#actions, [name=recipient_email]")
    keys.press("Control+Enter", "[name=recipient_email]:focus")
    keys.paste("alex@example.com")
    keys.press("Control+Enter", TITLE)
    keys.press("Control+Enter", "[id^=link-]")
    assert keys.pressed <= 6


SINGLE = """() => [...document.querySelectorAll("kbd:not(#help *)")].filter((each) => each.checkVisibility())
    .map((each) => each.textContent).filter((key) => key.length === 1 && !"←→↑↓".includes(key))"""
"""The single keys that a page offers."""


@pytest.mark.parametrize(
    ("called", "path", "keys"),
    [("ines", "/search", "//"), ("ines", "/depositions/board", "/m"), ("lena", "/prescreens/{id}", "/ad")],
)
def test_keys_that_are_switched_off_are_not_offered(
    hand: Any, cast: Any, database: Any, called: str, path: str, keys: str
) -> None:
    shown = path.format(id=prescreen(database, cast.marston.id))
    page = hand(shown, called).page
    assert set(keys) <= set(page.evaluate(SINGLE))
    with database.write() as db:
        db.execute(update(Person).values(single_keys=False))
    page.reload()
    assert page.evaluate(SINGLE) == []
