"""The filters of a list in a browser: a change is applied at once, and what is being used stays in hand."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from app.depositions import actions
from app.kernel.clock import now
from tests.browsers import becomes
from tests.depositions import factories
from tests.project.visual_checks import serving

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def queue(page: Page, app: Any, cast: Any, database: Any) -> Iterator[Page]:
    """The queue of somebody who has one of two requests."""
    mine = factories.request(database, cast, deponent_name="Rafael Lindqvist")
    factories.request(database, cast, deponent_name="Jane Doe")
    with database.write() as db:
        ines = cast.people["ines"]
        actions.assign(
            db, mine.id, assignee=(ines.id, ines.name), by=cast.actor("ines"), now=now(), version=mine.version
        )
    name, value = cast.cookie(app, "ines")
    with serving(app) as address:
        page.context.add_cookies([{"name": name, "value": value, "url": address}])
        page.goto(f"{address}/depositions")
        yield page


def fetched(page: Page, query: str) -> None:
    """Waits until the list of this address is on screen."""
    page.wait_for_function("(query) => location.search === query", arg=query)
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping')")


def chips(page: Page) -> list[str]:
    return [" ".join(each.split()) for each in page.locator(".under .chip").all_inner_texts()]


def test_a_change_is_applied_at_once_and_back_takes_it_away(queue: Page) -> None:
    queue.keyboard.press("f")
    becomes(queue, "document.activeElement.closest('#filters') !== null")  # f goes to the first filter
    queue.focus("#filter-with")
    queue.select_option("#filter-with", "me")
    fetched(queue, "?with=me")
    assert queue.locator("#filters").evaluate("each => each.matches(':popover-open')")
    becomes(queue, "document.activeElement.id", "filter-with")
    assert queue.locator("tbody .title-cell a").all_inner_texts() == ["Rafael Lindqvist deponent"]
    assert queue.inner_text(".filter-count") == "1"

    queue.click("#filters [data-period='this-month']")
    fetched(queue, "?with=me&when=this-month")
    queue.fill("#filter-from", "11/24/2026")
    queue.keyboard.press("Enter")
    fetched(queue, "?with=me&from=2026-11-24")
    assert queue.get_attribute("[data-period='this-month']", "aria-current") is None, "what is typed wins"
    assert len(chips(queue)) == 2

    queue.keyboard.press("Escape")
    queue.locator(".under .chip").last.click()
    fetched(queue, "?with=me")
    assert queue.input_value("#filter-from") == ""
    becomes(queue, "document.activeElement.className", "chip set")  # the focus is on the next chip
    queue.go_back()
    fetched(queue, "?with=me&from=2026-11-24")
    assert queue.input_value("#filter-from") == "11/24/2026"


def test_a_phone_has_the_search_in_its_bar_and_the_list_high_up(queue: Page) -> None:
    for width in (390, 320):
        queue.set_viewport_size({"width": width, "height": 844})
        assert queue.evaluate("document.documentElement.scrollWidth") == width
        assert queue.locator(".topbar").bounding_box()["height"] <= 48
        assert queue.locator("#nav").bounding_box()["height"] <= 44
        assert queue.locator("tbody tr[id]").first.bounding_box()["y"] <= 240
        queue.focus("#search")
        assert queue.locator("#search").bounding_box()["width"] > width * 0.8
        queue.click("[popovertarget='filters']")
        box = queue.locator("#filters").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        queue.keyboard.press("Escape")
