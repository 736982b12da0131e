"""A real browser on every page: accessible in both themes, wide and narrow, nothing sticks out, the policy holds."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.project import visual_checks
from tests.project.crawler import DemoSite, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def open_page(demo_site: DemoSite, chromium: Browser) -> Iterator[Callable[[Visit], Page]]:
    """Opens a visited page in the browser, signed in when it was visited so."""
    with visual_checks.serving(demo_site.app) as base, browsers.fresh_page(chromium) as page:
        visual_checks.bring_judges(page)

        def opened(visit: Visit) -> Page:
            page.context.clear_cookies()
            page.context.add_cookies(visit.cookies(base))  # type: ignore[arg-type]
            page.goto(base + visit.url, wait_until="load")
            return page

        yield opened


@pytest.mark.parametrize("section", visual_checks.SECTIONS)
def test_pages_are_accessible_and_fit(demo_site: DemoSite, open_page: Callable[[Visit], Page], section: str) -> None:
    visits = [
        v
        for v in demo_site.one_each()
        if visual_checks.section_of(v.endpoint) == section and v.endpoint not in visual_checks.NOT_A_PAGE
    ]
    assert visits, f"No page of {section} was found."
    problems = [
        f"{v.url}: {problem}"
        for v in visits
        for problem in visual_checks.findings(open_page(v), thoroughly=v is visits[0])
    ]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:30])
