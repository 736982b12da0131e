"""A real browser on every page: accessible in both themes, nothing sticks out at 320 pixels, the policy holds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests import browsers
from tests.house.furnished import House, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations", "incomplete"],
}
ROOMS = ("home", "depositions", "prescreens", "inspections", "deliveries", "accounts", "public")
NOT_A_PAGE = {"reference.document"}
FONTS_READY = "document.fonts.ready.then(() => true)"
STICKS_OUT = """() => [...document.querySelectorAll('main *, header *, body > *')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 4).map(e => `${e.tagName.toLowerCase()}.${e.className}`)"""


@contextmanager
def serving(house: House) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_page(house: House, chromium: Browser) -> Iterator[Callable[[Visit], Page]]:
    """Opens a visited page in the browser, signed in when it was visited so."""
    with serving(house) as base, browsers.fresh_page(chromium) as page:
        cookie = house.client("vera@example.com").get_cookie("desk")
        assert cookie is not None

        def opened(visit: Visit) -> Page:
            page.context.clear_cookies()
            if visit.signed_in:
                page.context.add_cookies([{"name": "desk", "value": cookie.value, "url": base}])
            page.goto(base + visit.url, wait_until="load")
            page.evaluate(FONTS_READY)
            return page

        yield opened


def room_of(visit: Visit) -> str:
    room = visit.endpoint.split(".")[0]
    return room if room in ROOMS else "public"


@pytest.mark.parametrize("room", ROOMS)
def test_pages_are_accessible_and_fit(house: House, open_page: Callable[[Visit], Page], room: str) -> None:
    visits = [v for v in house.one_each() if room_of(v) == room and v.endpoint not in NOT_A_PAGE]
    assert visits, f"No page of {room} was found."
    problems = [problem for visit in visits for problem in look(open_page(visit), visit)]
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:30])


def look(page: Page, visit: Visit) -> Iterator[str]:
    for scheme, width in (("light", 1280), ("dark", 320)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        at = f"{visit.url} ({scheme}, {width} px)"
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"{at}: scrolls sideways because of {page.evaluate(STICKS_OUT)}"
        yield from (f"{at}: {finding}" for finding in axe(page))


def axe(page: Page) -> Iterator[str]:
    response: dict[str, Any] = Axe().run(page, options=RULES).response
    for kind, results in (("violates", response["violations"]), ("may violate", response["incomplete"])):
        for result in results:
            if kind == "may violate" and result["id"] != "color-contrast":
                continue
            for node in result["nodes"]:
                # One-character labels, which axe never judges, and what lies over pictures.
                why = [check.get("data", {}) or {} for check in node["any"]]
                reasons = {data.get("messageKey") for data in why if isinstance(data, dict)}
                if kind == "may violate" and reasons <= {
                    "shortTextContent",
                    "bgOverlap",
                    "pseudoContent",
                    "elmPartiallyObscured",
                    "imgNode",
                }:
                    continue
                yield f"{kind} {result['id']}: {node['html'][:140]} {sorted(map(str, reasons))}"
