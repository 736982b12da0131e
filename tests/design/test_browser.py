"""The parts in a real browser: readable, reachable, no sideways scroll, and refusals beside the control."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import browsers
from tests.browsers import becomes
from tests.project import visual_checks

PAGES = ("queue", "detail", "chat", "gone")


@pytest.fixture(scope="module")
def shared(chromium: Browser) -> Iterator[Page]:
    """One page for all, since a new one loads every script anew. It tells of complaints when the last test is done."""
    with browsers.fresh_page(chromium) as opened:
        yield opened


@pytest.fixture
def page(shared: Page, address: str) -> Iterator[Page]:
    """The same with nothing kept from the test before."""
    yield shared
    shared.unroute_all()
    shared.goto(f"{address}/gone")
    shared.evaluate("localStorage.clear(); sessionStorage.clear()")
    shared.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def timed(chromium: Browser) -> Iterator[Page]:
    """A page of its own, whose clock is set."""
    with browsers.fresh_page(chromium) as opened:
        opened.clock.install()
        yield opened


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_and_fit(page: Any, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    assert list(visual_checks.findings(page, thoroughly=True)) == []


def test_dialogs_are_accessible_too(page: Any, address: str) -> None:
    page.goto(f"{address}/detail")
    page.evaluate(visual_checks.AXE)
    for opener, dialog in (
        ("[commandfor='palette']", "#palette"),
        ("[commandfor='help']", "#help"),
        ("text=Cancel the", "#end"),
    ):
        page.click(opener)
        page.wait_for_selector(f"{dialog}[open]")
        assert list(visual_checks.axe(page, visual_checks.RULES)) == []
        page.keyboard.press("Escape")


def test_a_refusal_lands_by_its_control_and_nothing_typed_is_lost(page: Any, address: str) -> None:
    page.goto(f"{address}/detail")
    page.fill("#room", "Room 4")
    page.fill("#why", " ")
    page.click("text=Schedule and notify")
    page.wait_for_selector("form #refusal.notice")
    assert "Why schedule over the overlap? Say why." in page.inner_text("#refusal")
    becomes(page, "document.activeElement.id", "refusal")
    assert page.inner_text("#refusal + button") == "Schedule and notify 3 people", "above the pressed button"
    assert page.get_attribute("#why", "aria-invalid") == "true"
    assert page.input_value("#room") == "Room 4"
    assert page.url == f"{address}/detail"


def test_a_limit_is_counted_as_the_server_counts_and_cuts_nothing(page: Any, address: str) -> None:
    page.goto(f"{address}/detail")
    field, counter = page.locator("#why"), page.locator("#why + [data-counter]")
    field.fill("🦊" * 1999 + "\n")
    expect(counter).to_have_text("1,999 / 2,000")
    field.fill("🦊" * 1999 + "\nab")
    expect(counter).to_have_text("2,002 / 2,000 · Please shorten it.")
    expect(counter).to_have_class("error")
    assert len(field.input_value()) == 2002
    field.fill("🦊")
    expect(counter).to_have_text("1 / 2,000")


def test_a_refusal_in_a_dialog_stays_in_it(page: Any, address: str) -> None:
    page.goto(f"{address}/detail")
    page.click("text=Cancel the request")
    page.click("text=Cancel it now")
    page.wait_for_selector("dialog[open] #refusal.notice")
    assert "Ana Ruiz got there first." in page.inner_text("#refusal")
    assert page.locator("#refusal").count() == 1


@pytest.mark.parametrize(
    ("fault", "sentence"), (("broken", "Something went wrong on our side."), ("offline", "No network."))
)
def test_faults_are_said_beside_the_control(chromium: Any, address: str, fault: str, sentence: str) -> None:
    page = chromium.new_page()
    try:
        page.goto(f"{address}/detail")
        page.context.set_offline(fault == "offline")
        page.click("text=Broken" if fault == "broken" else "text=Always late")
        page.wait_for_selector("#refusal.notice")
        assert sentence in page.inner_text("#refusal")
        assert page.locator("[aria-busy='true']").count() == 0
    finally:
        page.context.close()


def test_a_slow_answer_is_announced_after_a_moment_and_nothing_jumps(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    try:
        page.goto(f"{address}/detail")
        position: list[Any] = []
        page.route(
            "**/*", lambda route: position.append(route) if route.request.method == "POST" else route.continue_()
        )
        button = page.locator("button:has-text('Broken')")
        button.scroll_into_view_if_needed()
        before = button.bounding_box()
        button.click()
        page.wait_for_selector("body[data-waiting]")
        assert button.get_attribute("aria-busy") == "true"
        assert button.bounding_box() == before
        position[0].continue_()
        page.wait_for_selector("#refusal.notice")
        assert page.get_attribute("body", "data-waiting") is None
    finally:
        page.context.close()


def test_success_goes_where_the_server_says_and_back_comes_back(page: Any, address: str) -> None:
    page.goto(f"{address}/detail")
    page.fill("#why", "Because")
    page.fill("#day", "2026-11-25")
    page.fill("#at", "13:30")
    page.fill("#minutes", "75")
    page.click("text=Schedule and notify")
    page.wait_for_url(f"{address}/queue?done=1")
    page.wait_for_function("() => document.title === 'Requests that need scheduling · Session Desk'")
    assert "Scheduled. Brandt is next." in page.inner_text("#toasts")
    becomes(page, "document.activeElement.id", "main")
    page.go_back()
    page.wait_for_selector("h1:has-text('Malachite Yarrow')")
    assert page.url == f"{address}/detail"


def test_a_filter_changes_list_and_address(page: Any, address: str) -> None:
    page.goto(f"{address}/queue")
    page.select_option("[name='state']", "requested")
    page.wait_for_selector("#queue .empty-state")
    assert page.url == f"{address}/queue?state=requested"
    assert page.locator(".nav").count() == 1
    page.go_back()
    page.wait_for_selector("#queue table")
    assert page.url == f"{address}/queue"


def test_keys_move_and_open_and_can_be_switched_off(page: Any, address: str) -> None:
    page.goto(f"{address}/queue")
    page.keyboard.press("j")
    page.keyboard.press("j")
    becomes(page, "document.activeElement.textContent", "Malachite Yarrow")
    page.keyboard.press("k")
    becomes(page, "document.activeElement.textContent", "Orsolya Brandt")
    page.keyboard.press("/")
    becomes(page, "document.activeElement.id", "search")
    page.keyboard.type("j?")
    assert page.input_value("#search") == "j?"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#help[open]").count() == 1
    page.keyboard.press("Escape")
    page.evaluate("document.body.dataset.keys = 'off'")
    page.keyboard.press("?")
    assert page.locator("#help[open]").count() == 0
    page.keyboard.press("Control+k")
    page.keyboard.type("deliv")
    assert page.locator("#palette [role='option']:visible").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/detail")


def test_the_theme_is_kept_in_this_browser(page: Any, address: str) -> None:
    page.goto(f"{address}/queue")
    page.click("[popovertarget='person']")
    page.click("[data-theme-to='dark']")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"


def test_without_scripts_a_refusal_is_a_page_with_what_was_typed(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/detail")
    page.fill("#why", " ")
    page.fill("#room", "Room 4, behind the stairs")
    page.eval_on_selector("#why", "field => field.removeAttribute('required')")
    page.click("text=Schedule and notify")
    assert "Say why." in page.inner_text("main")
    assert "Room 4, behind the stairs" in page.inner_text("main")
    page.click("text=Back to the page")
    assert page.url == f"{address}/detail"
    context.close()


COUNTDOWN = """(hours) => {
  const now = Date.parse(document.body.dataset.now);
  const element = document.querySelector("[data-until]");
  element.dataset.until = new Date(now + hours * 3600000).toISOString();
}"""


def test_a_countdown_goes_on_through_sleep(timed: Any, address: str) -> None:
    """`performance.now()` stands still while a machine sleeps."""
    timed.goto(f"{address}/queue")
    timed.evaluate(COUNTDOWN, 2)
    timed.evaluate("() => { const stopped = performance.now(); performance.now = () => stopped; }")
    timed.route("**/health/live", lambda route: route.fulfill(status=204))
    countdown = timed.locator("[data-until]").first
    timed.clock.fast_forward("01:00:30")
    expect(countdown).to_have_text("in 59 min")
    timed.clock.fast_forward("09:00:00")
    expect(countdown).to_have_text("8 h ago")


def test_a_clock_that_is_set_does_not_move_a_countdown(timed: Any, address: str) -> None:
    """Back: the other count holds. Forward: the server is asked, and its answer is shown at once, also when late."""
    asked: list[Any] = []
    timed.route("**/health/live", lambda route: asked.append(route))
    timed.goto(f"{address}/queue")
    timed.evaluate(COUNTDOWN, 2)
    timed.evaluate("() => { const real = Date.now; Date.now = () => real() - 3 * 3600000; }")
    timed.clock.fast_forward("00:30:00")
    answer(timed, asked, minutes=30)
    countdown = timed.locator("[data-until]").first
    expect(countdown).to_have_text(re.compile("in 1 h (29|30) min"))
    timed.evaluate("() => { const real = Date.now; Date.now = () => real() + 8 * 3600000; }")
    timed.clock.fast_forward("00:30:00")
    expect(countdown).to_have_text("7 h ago")
    answer(timed, asked, minutes=60)
    expect(countdown).to_have_text(re.compile("in (1 h|59 min|58 min)$"))


def answer(page: Any, asked: list[Any], minutes: int) -> None:
    """Answers what asked for the server's time: so many minutes after the page was made."""
    while not asked:
        page.wait_for_timeout(20)
    date = page.evaluate(
        "minutes => new Date(Date.parse(document.body.dataset.now) + minutes * 60000).toUTCString()", minutes
    )
    while asked:
        route = asked.pop()
        assert route.request.method == "HEAD"
        route.fulfill(headers={"Date": date})
