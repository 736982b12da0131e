"""Hours are read whole: with their end and their zone, on a wide window as on a phone, and no button lies over them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.config import Config
from app.kernel.db.engine import Database
from tests import apps, browsers, demo_data
from tests.databases import WorkerDatabases
from tests.project import crawler, visual_checks

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

CASE = "/depositions/cases/"
LONGEST = {
    "/depositions?view=everything": "Wed 30 Dec 2026, 12:30 PM AKST",
    "/inspections?view=all": "Wed 30 Dec 2026, 12:30 PM AKST",
    "/keys": "Wed 30 Sep 2026, 10:30 CEST",
    "/messages?view=sent": "Wed 30 Sep 2026, 10:30 CEST",
    "/prescreens/contacts": "Wed 30 Sep 2026, 10:30 CEST",
    "/depositions/now": "12 h 35 min ago · 10:45 PM AKDT",
    CASE: "Wed 30 Sep 2026, 10:30 AM–12:30 PM AKDT",
}
"""What the first line of an hour's cell may become, by the list; the demonstration's own depend on the day."""
SECOND = {
    "/depositions/now": "Mon 11:15 PM to Tue 1 Dec, 12:15 AM AKST",
    CASE: "your time Wed 10:30 CEST · 16 h 15 min after the one before",
}
"""What the second line may become: on the page of what runs now a session's own hours across midnight."""
CELLS = "[data-row] > :is(.time-cell, .case-time, .left-cell)"
WRITE = """([cells, first, second]) => {
    const first_lines = [...document.querySelectorAll(cells)];
    for (const cell of first_lines) {
        const small = cell.querySelector("small");
        cell.replaceChildren(Object.assign(document.createElement("strong"), { textContent: first }));
        if (!small) continue;
        if (second) small.textContent = second;
        cell.append(" ", small);
    }
    return first_lines.length;
}"""
CUT = """([cells, lines_of]) => [...document.querySelectorAll(cells)].flatMap((cell) => {
    const edge = cell.getBoundingClientRect();
    const lines = [...cell.querySelectorAll(lines_of)].filter((each) => each.checkVisibility());
    return lines.filter((line) => {
        const words = document.createRange();
        words.selectNodeContents(line);
        const box = words.getBoundingClientRect();
        const buttons = [...cell.parentElement.querySelectorAll(".btn")].filter((each) => each.checkVisibility());
        const under = buttons.some((button) => {
            const over = button.getBoundingClientRect();
            return over.left < box.right && box.left < over.right
                && over.top < box.bottom - 6 && box.top + 6 < over.bottom;
        });
        return under || !box.height || box.right > edge.right + 0.5 || line.scrollWidth > line.clientWidth + 1
            && getComputedStyle(line).display === "block";
    }).map((line) => line.textContent);
})"""
"""Lines that end beyond their cell or lie under a button of their row. Its letters have six pixels above and below."""


@pytest.fixture(scope="module")
def page(worker_databases: WorkerDatabases, chromium: Browser) -> Iterator[Page]:
    """The browser of a person with every role, whose lists stand alone."""
    url = worker_databases.sqlite(fills=[demo_data.load, crawler.add_vera])
    database = Database(Config.for_tests(database_url=url, public_base_url="http://localhost"))
    site = crawler.DemoSite(database, apps.made(database))
    cookie = site.client("vera@example.com").get_cookie(site.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    with visual_checks.serving(site.app) as base, browsers.fresh_page(chromium) as opened:
        opened.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base}])
        opened.goto(f"{base}/")
        yield opened
    database.dispose()
    worker_databases.remove(url)


@pytest.mark.parametrize("width", [1440, 1280, 390])
@pytest.mark.parametrize("path", LONGEST)
def test_hours_are_whole(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, "/depositions/cases" if path == CASE else path)
    if path == CASE:
        visit(page, str(page.locator(f"main a[href*='{CASE}']").first.get_attribute("href")))
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate(WRITE, [CELLS, LONGEST[path], SECOND.get(path, "")]), "no row has an hour"
    assert page.evaluate(CUT, [CELLS, "strong" if width == 390 else "strong, small"]) == []


def visit(page: Page, path: str) -> None:
    page.goto(page.evaluate("path => new URL(path, location.origin).href", path))
