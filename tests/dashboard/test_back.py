"""Back and forward give whole pages: what was read comes back as it was, and nothing is sent a second time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.depositions import factories
from tests.project.visual_checks import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

STANDS = """() => ({
    url: location.pathname + location.search,
    whole: ['header.topbar', 'nav.nav', 'main#main h1'].every(s => document.querySelectorAll(s).length === 1),
    title: document.title,
    heading: document.querySelector('main h1').innerText,
    rows: [...document.querySelectorAll('#queue tr[data-row]')].map(row => row.id),
    filters: [...document.querySelectorAll('form.filters :is(input, select)')].map(f => [f.name, f.value]),
    tab: document.querySelector('.tabs [aria-current]')?.textContent.trim(),
})"""
SWAPPED = """() => {
    const [list, csv] = [document.querySelector('#queue'), document.querySelector('#csv')];
    if (!list || !csv || location.search.includes('after=')) return true;
    return new URL(csv.href).search === location.search
        && document.querySelector('.toolbar-title .count').textContent === list.dataset.many;
}"""
"""The list of this address has come, and what stands outside of it has followed."""
PLACE = "() => Math.round(scrollY)"
EACH = 50


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    with serving(app) as base:
        yield base


@pytest.fixture
def desk(app: Any, page: Page, cast: Any, address: str) -> Page:
    """Ines's browser."""
    name, value = cast.cookie(app, "ines")
    page.context.add_cookies([{"name": name, "value": value, "url": address}])
    return page


@pytest.fixture
def many(database: Database, cast: Any) -> None:
    """Two pages of requests of one case, and a few of another."""
    at = now() + timedelta(days=10)
    for n in range(EACH + 5):
        factories.request(database, cast, deponent_name=f"Witness {n}", case_name="Keller", starts_at=at)
    for n in range(3):
        factories.request(database, cast, deponent_name=f"Other {n}", case_name="Ashby", starts_at=at)


def stands(page: Page, url: str) -> dict[str, Any]:
    """The page as it stands, once it is the one at this address."""
    page.wait_for_function(
        "url => location.pathname + location.search === url && !document.body.dataset.waiting", arg=url
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SWAPPED)
    found: dict[str, Any] = page.evaluate(STANDS)
    assert found["whole"], f"{url} is not a whole page"
    return found


def fresh(page: Page, url: str, address: str) -> dict[str, Any]:
    """The same address in another window."""
    other = page.context.new_page()
    other.goto(address + url)
    found: dict[str, Any] = other.evaluate(STANDS)
    other.close()
    return found


def here(page: Page) -> str:
    return str(page.evaluate("location.pathname + location.search"))


def test_back_three_times_gives_whole_pages(desk: Page, address: str, many: None) -> None:
    desk.goto(f"{address}/depositions")
    seen = [stands(desk, "/depositions")]
    desk.click("[popovertarget=filters]")
    desk.fill("#filter-q", "Keller")
    desk.press("#filter-q", "Enter")
    seen.append(stands(desk, "/depositions?q=Keller"))
    desk.locator("nav.pagination [rel=next]").click()
    desk.wait_for_function("() => document.querySelectorAll('#queue tr[data-row]').length === 5")
    seen.append(stands(desk, here(desk)))
    link = desk.locator("#queue tr[data-row] .title-cell > a").last
    link.scroll_into_view_if_needed()
    place = desk.evaluate(PLACE)
    link.click()
    desk.wait_for_selector("main[data-live-revision] #story, main #story")
    seen.append(stands(desk, here(desk)))
    assert len({one["url"] for one in seen}) == 4
    for one in reversed(seen[:-1]):
        desk.go_back()
        assert stands(desk, one["url"]) == one
        if one is seen[2]:
            desk.wait_for_function("place => Math.abs(scrollY - place) < 3", arg=place)
        assert fresh(desk, one["url"], address) == one
    for one in seen[1:]:
        desk.go_forward()
        assert stands(desk, one["url"]) == one


def test_back_to_a_saved_view(desk: Page, address: str, many: None, database: Database, cast: Any) -> None:
    desk.goto(f"{address}/depositions?q=Ashby")
    saved = stands(desk, "/depositions?q=Ashby")
    assert len(saved["rows"]) == 3
    desk.locator("#queue .title-cell > a").first.click()
    desk.wait_for_selector("#story")
    desk.goto(f"{address}/depositions?view=everything")
    desk.go_back()
    desk.wait_for_selector("#story")
    desk.go_back()
    assert stands(desk, "/depositions?q=Ashby") == saved


def test_back_after_acting_sends_nothing(desk: Page, address: str, database: Database, cast: Any, outbox: Any) -> None:
    made = factories.request(database, cast, details={})
    desk.goto(f"{address}/depositions")
    desk.locator("#queue .title-cell > a").first.click()
    desk.wait_for_selector("[name=room_url]")
    desk.fill("[name=room_url]", factories.ROOM)
    desk.click("#schedule")
    desk.wait_for_selector("dialog#preview[open]")
    desk.click("#confirm")
    desk.get_by_text("will be notified by e-mail").wait_for()
    desk.wait_for_load_state("networkidle")
    after, left = here(desk), len(outbox.rows())
    posted: list[str] = []
    desk.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    desk.go_back()
    desk.wait_for_load_state("networkidle")
    assert desk.evaluate(STANDS)["whole"]
    desk.go_forward()
    stands(desk, after)
    assert posted == []
    assert len(outbox.rows()) == left
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one().state == "scheduled"
