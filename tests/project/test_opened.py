"""What pages show only when something was pressed or happened is as readable as the pages themselves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.kernel.db.engine import Database
from tests import browsers
from tests.depositions import factories
from tests.prescreens.factories import prescreen
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

Opener = Callable[[str, str], Page]


@pytest.fixture
def desk(app: Any, cast: Any, chromium: Browser) -> Iterator[Opener]:
    """Opens an address as somebody of the cast."""
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:

        def opened(called: str, path: str) -> Page:
            name, value = cast.cookie(app, called)
            page.context.clear_cookies()
            page.context.add_cookies([{"name": name, "value": value, "url": base}])
            page.goto(base + path, wait_until="load")
            return page

        yield opened


def good(page: Page) -> None:
    problems = list(visual_checks.findings(page))
    assert not problems, "\n".join(problems)


def test_what_the_shell_opens(desk: Opener, database: Database, cast: Any) -> None:
    page = desk("ines", "/settings")
    for opener, opened in (
        ("[commandfor='palette']", "#palette[open]"),
        ("[commandfor='help']", "#help[open]"),
        ("[popovertarget='person']", "#person:popover-open"),
    ):
        page.click(opener)
        page.wait_for_selector(opened)
        good(page)
        page.keyboard.press("Escape")


def test_what_a_list_opens(desk: Opener, database: Database, cast: Any) -> None:
    for n in range(3):
        factories.request(database, cast, deponent_name=f"Witness {n}")
    page = desk("ines", "/depositions")
    page.locator(".select-cell input").first.check()
    page.locator(".bulk-actions").first.wait_for()
    page.evaluate("document.querySelector('main').dataset.liveEvery = '0.05'")
    factories.request(database, cast, deponent_name="Newcomer")
    page.evaluate("document.dispatchEvent(new Event('desk:poll'))")
    page.wait_for_selector(".new-rows:not([hidden]) :text('1 new')")
    good(page)


def test_what_is_asked_and_refused(desk: Opener, database: Database, cast: Any) -> None:
    made = factories.request(database, cast, details={})
    page = desk("ines", f"/depositions/{made.id}")
    page.fill("[name=room_url]", "not an address")
    page.locator("form:has(#schedule)").evaluate("form => { form.noValidate = true }")
    page.click("#schedule")
    page.wait_for_selector("#refusal.notice")
    good(page)
    page.fill("[name=room_url]", factories.ROOM)
    page.click("#schedule")
    page.wait_for_selector("dialog#preview[open]")
    good(page)


def test_pending_decisions(desk: Opener, database: Database, cast: Any) -> None:
    first = prescreen(database, cast.marston.id)
    prescreen(database, cast.marston.id, given={"fullName": "Emeka Obiora"})
    page = desk("lena", f"/prescreens/{first}")
    page.fill("[name='notes']", "Good references.")
    page.click("#approve")
    page.wait_for_selector("#holds [data-remaining]")
    good(page)
