"""The command palette in a browser: what it finds, and what it says when it finds nothing or cannot look."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.depositions.models import Deposition
from app.kernel.db.engine import Database
from tests.depositions import factories
from tests.project import visual_checks

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOTHING = "Nothing of this name. Enter opens the search, which says more."
UNREACHABLE = "Search is not answering. Only pages and actions are listed."


@pytest.fixture
def palette(page: Page, app: Any, cast: Any, database: Database) -> Iterator[Page]:
    """The open palette of a scheduler, over the list with one request."""
    factories.request(database, cast, deponent_name="Orsolya Brandt")
    name, value = cast.cookie(app, "ines")
    with visual_checks.serving(app) as base:
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(f"{base}/depositions")
        page.keyboard.press("Control+k")
        page.wait_for_selector("#palette[open]")
        yield page
        page.goto("about:blank")


def test_it_says_that_nothing_is_found_and_no_longer_when_something_is(palette: Page) -> None:
    field, status = palette.locator("#palette [role=combobox]"), palette.locator("#palette-status")
    field.fill("zzyzx")
    expect(status).to_have_text(NOTHING)
    field.fill("orsol")
    expect(palette.get_by_role("option", name="Orsolya Brandt")).to_be_visible()
    expect(status).to_have_text("")
    field.fill("messag")
    expect(palette.get_by_role("option", name="Messages", exact=True)).to_be_visible()
    expect(status).to_have_text("")
    field.fill("zzyzx")
    expect(status).to_have_text(NOTHING)
    palette.keyboard.press("Enter")
    palette.wait_for_url("**/search?q=zzyzx")


def test_it_says_that_it_cannot_look(palette: Page) -> None:
    palette.route("**/palette?*", lambda route: route.fulfill(status=429))
    palette.fill("#palette [role=combobox]", "messag")
    expect(palette.locator("#palette-status")).to_have_text(UNREACHABLE)
    expect(palette.get_by_role("option", name="Messages", exact=True)).to_be_visible()
    palette.unroute("**/palette?*")
    palette.fill("#palette [role=combobox]", "orsol")
    expect(palette.locator("#palette-status")).to_have_text("")


@pytest.mark.parametrize("act", ["New", "Filter", "Split"])
def test_what_the_toolbar_of_a_list_offers_is_found(palette: Page, act: str) -> None:
    palette.fill("#palette [role=combobox]", act.lower())
    expect(palette.locator("#palette-actions [role=option]", has_text=act)).to_be_visible()
    assert palette.locator("#palette-actions [role=option]", has_text="Pause").count() == 0


@pytest.mark.parametrize("act", ["Cancel the session…", "Move…", "Change the manager…", "Start the session"])
def test_every_act_of_the_page_is_found_and_none_is_pressed(
    palette: Page, database: Database, cast: Any, act: str
) -> None:
    made = factories.in_state(database, cast, "scheduled")
    palette.goto(f"{palette.url.rpartition('/')[0]}/depositions/{made.id}")
    palette.keyboard.press("Control+k")
    palette.fill("#palette [role=combobox]", act.rstrip("…").lower())
    expect(palette.get_by_role("option", name=act)).to_be_visible()
    palette.keyboard.press("Enter")
    here = "document.activeElement.closest('#actions details[open], #actions button')?.textContent.includes(arguments)"
    palette.wait_for_function(f"(arguments) => {here}", arg=act)
    assert palette.locator("dialog[open]").count() == 0
    with database.read() as db:
        assert db.get_one(Deposition, made.id).version == made.version
