"""A real browser on every page: accessible in both themes, wide and narrow, nothing sticks out, the policy holds."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.house import looking
from tests.house.furnished import House, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def open_page(house: House, chromium: Browser) -> Iterator[Callable[[Visit], Page]]:
    """Opens a visited page in the browser, signed in when it was visited so."""
    with looking.serving(house.app) as base, browsers.fresh_page(chromium) as page:

        def opened(visit: Visit) -> Page:
            page.context.clear_cookies()
            page.context.add_cookies(visit.cookies(base))  # type: ignore[arg-type]
            page.goto(base + visit.url, wait_until="load")
            return page

        yield opened


@pytest.mark.parametrize("room", looking.ROOMS)
def test_pages_are_accessible_and_fit(house: House, open_page: Callable[[Visit], Page], room: str) -> None:
    visits = [
        v for v in house.one_each() if looking.room_of(v.endpoint) == room and v.endpoint not in looking.NOT_A_PAGE
    ]
    assert visits, f"No page of {room} was found."
    problems = [f"{v.url}: {problem}" for v in visits for problem in looking.findings(open_page(v))]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:30])
