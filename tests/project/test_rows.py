"""The screen belongs to the rows: all are of one height and within their columns, whatever text is in them."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.accounts.models import Person
from app.config import Config
from app.kernel.db.engine import Database
from tests import apps, browsers, demo_data
from tests.browsers import becomes
from tests.databases import WorkerDatabases
from tests.project import crawler, hostile_text, visual_checks

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

NAME = """(document.querySelector("[data-row] .title-cell") ?? document.querySelector("[data-row] th"))
    .getBoundingClientRect().width"""
"""Pixels for what a row is known by."""
LISTS = (
    "/depositions",
    "/depositions?view=everything",
    "/prescreens",
    "/prescreens?state=all",
    "/inspections",
    "/inspections?view=all",
)

ROWS = """() => {
    const edge = document.documentElement.clientWidth;
    const rows = [...document.querySelectorAll(".data-table tr[data-row]")];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    const cells = rows.flatMap((row) => [...row.cells]).filter((cell) => cell.checkVisibility());
    const beyond = (cell) => [...cell.querySelectorAll("*")].some((each) =>
        each.checkVisibility({ opacityProperty: true }) && !each.closest(".visually-hidden") &&
        each.getBoundingClientRect().bottom > cell.getBoundingClientRect().bottom + 1);
    return {
        first: boxes[0].top,
        heights: [...new Set(boxes.map((box) => Math.round(box.height)))],
        all: boxes.length,
        whole: boxes.filter((box) => box.bottom <= innerHeight).length,
        toolbar: Math.round(document.querySelector(".toolbar").getBoundingClientRect().height),
        outside: cells.filter((cell) => cell.getBoundingClientRect().right > edge).length,
        higher: cells.filter(beyond).map((cell) => cell.className),
        sideways: document.documentElement.scrollWidth > edge,
    };
}"""
"""What is measured of a list: `outside` counts the cells that end beyond the window, `higher` names those whose content
ends below them.
"""


@pytest.fixture(scope="module")
def hostile(worker_databases: WorkerDatabases) -> Iterator[crawler.DemoSite]:
    """The app on demonstration data with hostile text in every field."""
    url = worker_databases.sqlite(fills=[demo_data.load, crawler.add_vera])
    config = Config.for_tests(database_url=url, public_base_url="http://localhost")
    database = Database(config)
    hostile_text.plant(database)
    with database.write() as db:
        db.execute(update(Person).values(split_desks=""))  # the list alone, with all its columns
    yield crawler.DemoSite(database, apps.made(database))
    database.dispose()
    worker_databases.remove(url)


@pytest.fixture(scope="module")
def shared(hostile: crawler.DemoSite, chromium: Browser) -> Iterator[Page]:
    """Vera's browser, who acts everywhere; addresses begin with the site's own. Scripts are loaded once for all."""
    cookie = hostile.client("vera@example.com").get_cookie(hostile.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    with visual_checks.serving(hostile.app) as base, browsers.fresh_page(chromium) as opened:
        opened.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base}])
        opened.goto(f"{base}/")
        yield opened


@pytest.fixture
def page(shared: Page) -> Page:
    """The same as wide as a desk, with nothing kept from the test before and no pointer over it."""
    shared.evaluate("localStorage.clear(); sessionStorage.clear()")
    shared.set_viewport_size({"width": 1280, "height": 900})
    shared.mouse.move(0, 0)
    return shared


def measure(page: Page, path: str, width: int, height: int) -> dict[str, Any]:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(path_of(page, path), wait_until="load")
    page.evaluate("document.fonts.ready.then(() => true)")
    found: dict[str, Any] = page.evaluate(ROWS)
    return found


def path_of(page: Page, path: str) -> str:
    return str(page.evaluate("path => new URL(path, location.origin).href", path))


@pytest.mark.parametrize("path", LISTS)
def test_rows_of_one_height_at_1280(page: Page, path: str) -> None:
    found = measure(page, path, 1280, 900)
    assert found["first"] <= 200
    assert found["heights"] == [44]
    assert found["whole"] >= min(14, found["all"])  # how many are on today's list depends on the hour
    assert found["all"] >= 14 or path == "/inspections"
    assert found["toolbar"] == 44
    assert (found["outside"], found["higher"], found["sideways"]) == (0, [], False)
    for width in (1200, 1024, 780):  # a tablet, half a window, a page at 150 %
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(NAME) >= 110, f"the names are cut off at {width}"


@pytest.mark.parametrize("path", LISTS)
def test_cards_of_one_height_on_a_phone(page: Page, path: str) -> None:
    found = measure(page, path, 390, 844)
    assert found["first"] <= 240
    assert found["heights"] == [77]
    assert found["whole"] >= min(7, found["all"])
    assert (found["outside"], found["higher"], found["sideways"]) == (0, [], False)


@pytest.mark.parametrize("desk", ["depositions", "prescreens", "inspections"])
def test_rows_beside_an_item_are_as_high_and_as_many(hostile: crawler.DemoSite, page: Page, desk: str) -> None:
    with hostile.database.write() as db:
        db.execute(update(Person).where(Person.email == "vera@example.com").values(split_desks=desk))
    try:
        found = measure(page, f"/{desk}", 1280, 900)
        assert page.locator(".split .list-pane").count() == 1
        assert found["first"] <= 200
        assert found["heights"] == [44]
        assert found["whole"] >= min(14, found["all"])
        phone = measure(page, f"/{desk}", 390, 844)
        assert phone["heights"] == [77]
        assert phone["whole"] >= min(7, phone["all"])
    finally:
        with hostile.database.write() as db:
            db.execute(update(Person).where(Person.email == "vera@example.com").values(split_desks=""))


def test_heads_stay_in_sight_and_no_row_has_the_focus_under_them(page: Page) -> None:
    page.goto(path_of(page, "/depositions?view=everything"))
    heads = """() => [".toolbar", "thead th", ".group th"].map((each) =>
        [...document.querySelectorAll(each)].map((head) => Math.round(head.getBoundingClientRect().top)))"""
    page.evaluate("scrollTo(0, 700)")
    toolbar, head, groups = page.evaluate(heads)
    assert (toolbar, set(head) - {0}) == ([52], {96})  # a column that has no room is nowhere
    assert 124 in groups
    page.locator(".data-table [data-row] .title-cell > a").last.focus()
    for _ in range(30):
        page.keyboard.press("k")
        top = page.evaluate("document.activeElement.closest('tr').getBoundingClientRect().top")
        assert top >= 124 + 30


def test_assigning_shows_where_it_can_be_done(page: Page) -> None:
    page.goto(path_of(page, "/depositions"))
    button = page.locator("[data-key='e']").first
    row = button.locator("xpath=ancestor::tr")
    opacity = "(button) => getComputedStyle(button).opacity"
    assert button.evaluate(opacity) == "0"
    row.hover()
    assert button.evaluate(opacity) == "1"
    page.mouse.move(0, 0)
    row.locator(".title-cell > a").focus()
    assert button.evaluate(opacity) == "1"
    page.keyboard.press("Tab")
    becomes(page, "document.activeElement.dataset.key", "e")
