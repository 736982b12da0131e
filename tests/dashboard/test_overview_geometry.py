"""The charts of an overview in a browser: one gutter, no chart wider than the window, links for every pointer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from app import create_app
from app.config import Config
from app.kernel.db.engine import Database
from tests import browsers, demo_data
from tests.browsers import becomes
from tests.databases import WorkerDatabases
from tests.project import visual_checks
from tests.project.crawler import DemoSite, add_vera

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

PLOTS = """() => [...document.querySelectorAll('.chart > svg')].map((svg) => {
    const frame = svg.parentElement.getBoundingClientRect();
    const shapes = [...svg.querySelectorAll(':scope > rect, :scope > line, :scope > circle')];
    const boxes = shapes.map((one) => one.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left)), right = Math.max(...boxes.map((box) => box.right));
    return {key: svg.parentElement.id, start: left - frame.left, end: (right - frame.left) / frame.width,
            column: Math.round(frame.left), left: left, edge: Math.round(frame.right)};
})"""


@pytest.fixture(scope="module")
def site(worker_databases: WorkerDatabases) -> Iterator[DemoSite]:
    """The app on demonstration data, of which no page was visited yet."""
    url = worker_databases.sqlite(fills=[demo_data.load, add_vera])
    database = Database(Config.for_tests(database_url=url, public_base_url="http://localhost"))
    yield DemoSite(database, create_app(database.config, database))
    database.dispose()
    worker_databases.remove(url)


@pytest.mark.parametrize(("width", "columns"), [(1280, 2), (390, 1), (320, 1)])
def test_all_plots_start_and_end_on_the_same_line(site: DemoSite, chromium: Browser, width: int, columns: int) -> None:
    client = site.client("vera@example.com")
    client.get("/")
    with visual_checks.serving(site.app) as base, browsers.fresh_page(chromium, width, 844) as page:
        cookies = [{"name": c.key, "value": c.value, "url": base} for c in client._cookies.values()]
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        for desk in ("depositions", "prescreens", "inspections"):
            page.goto(f"{base}/{desk}/overview", wait_until="load")
            plots = page.evaluate(PLOTS)
            assert len(plots) >= 6
            assert len({plot["column"] for plot in plots}) == columns
            # A line that is 5 px wide with round ends may stand at 0 or at 100%.
            assert all(abs(plot["start"]) <= 5 for plot in plots), plots
            assert all(abs(plot["end"] - 0.92) <= 0.02 for plot in plots), plots
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert all(plot["edge"] <= width for plot in plots)


def test_a_bar_leads_to_its_rows_and_the_table_does_by_keyboard(site: DemoSite, chromium: Browser) -> None:
    client = site.client("vera@example.com")
    client.get("/")
    with visual_checks.serving(site.app) as base, browsers.fresh_page(chromium) as page:
        cookies = [{"name": c.key, "value": c.value, "url": base} for c in client._cookies.values()]
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.goto(f"{base}/depositions/overview", wait_until="load")
        area = page.locator("#weeks svg a").last
        number = int((area.locator("title").text_content() or "").split()[0])
        box = area.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_url("**rows=deposition.booked**")
        assert page.locator("tbody th[scope=row]").count() == number
        page.go_back(wait_until="load")
        page.locator("#weeks summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        becomes(page, "document.activeElement.closest('td') !== null")
        page.keyboard.press("Enter")
        page.wait_for_url("**rows=deposition.booked**")
