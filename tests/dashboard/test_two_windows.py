"""Two windows of one user, and two users at one item: who is named, what a lost race leaves, what can be pressed."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from app.accounts.actions import people
from app.accounts.models import Person
from app.depositions import actions
from app.kernel.clock import now
from tests import browsers
from tests.browsers import becomes
from tests.depositions import factories
from tests.prescreens.decisions import decide
from tests.prescreens.factories import prescreen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

COVERED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((each) => !each.closest('dialog, [popover], .skip-link, thead') && each.type !== 'hidden')
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .map((each) => {
        each.scrollIntoView({ block: 'nearest' });
        const box = each.getClientRects()[0];
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const reached = each.contains(top) || (top?.contains(each) && top.matches('label, .input-group'));
        return reached ? '' : `${each.outerHTML.slice(0, 90)} lies under ${top?.outerHTML.slice(0, 90)}`;
    })
    .filter(Boolean)"""
ROWS = """() => [...document.querySelectorAll('.bars :is(.toast, .bulk-actions, .undo-item)')]
    .map((row) => Math.round(row.getBoundingClientRect().height))"""
FORBIDDEN = """for (const name of ['sessionStorage', 'localStorage'])
    Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });"""


@pytest.fixture
def base(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def signed_in(app: Any, cast: Any, base: str) -> Any:
    """Signs a page in as one of the cast."""

    def sign_in(page: Any, called: str) -> Any:
        name, value = cast.cookie(app, called)
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        return page

    return sign_in


def test_own_acts_of_another_window_are_not_reported_as_anothers(page, signed_in, base, database, cast):
    made = factories.request(database, cast, details={})
    signed_in(page, "ines").goto(f"{base}/depositions/{made.id}")
    page.fill("aside [name=room_url]", "https://half")
    with database.write() as db:
        ines = cast.people["ines"]
        actions.assign(db, made.id, assignee=(ines.id, ines.name), by=cast.actor("ines"), now=now())
    notice = page.locator("[data-live-notice]")
    notice.wait_for()
    assert "You changed this: Assigned to Ines Okafor." in notice.inner_text()
    with database.write() as db:
        actions.write_notice(db, made.id, "Who pays?", by=cast.actor("hugo"), now=now())
    notice.get_by_text("Changed while you were here: Notice written by Hugo Brandt").wait_for()
    page.get_by_role("button", name="Show the current state").click()
    assert page.input_value("aside [name=room_url]") == "https://half"
    page.locator("#actions", has_text="Assigned to you").wait_for()


def test_a_row_that_the_user_finished_elsewhere_names_nobody_else(page, signed_in, base, database, cast):
    mine, theirs = (factories.request(database, cast, deponent_name=name) for name in ("Ada Mine", "Bea Theirs"))
    signed_in(page, "ines").goto(f"{base}/depositions")
    with database.write() as db:
        actions.cancel(db, mine.id, by=cast.actor("ines"), now=now(), notify=False)
        actions.cancel(db, theirs.id, by=cast.actor("hugo"), now=now(), notify=False)
    page.locator("tr.done", has_text="Ada Mine").get_by_text("Canceled by you").wait_for()
    page.locator("tr.done", has_text="Bea Theirs").get_by_text("Canceled by Hugo Brandt").wait_for()


def test_who_loses_a_race_is_shown_the_way_on_and_no_dead_button(page, signed_in, base, database, cast):
    made = factories.request(database, cast, details={})
    signed_in(page, "ines").goto(f"{base}/depositions/{made.id}")
    page.get_by_text("Write a notice").click()
    page.fill("[name=notice]", "My own note")
    page.fill("aside [name=room_url]", factories.ROOM)
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("hugo"), now=now(), notify=False)
    page.locator("[data-live-notice]").wait_for()
    page.click("#schedule")
    page.locator("#refusal.notice", has_text="This request was canceled.").wait_for()
    assert page.locator("[data-live-notice]").count() == 0, "the refusal says it"
    assert "Hugo Brandt canceled it" in page.inner_text("#refusal")
    assert page.locator("#schedule").count() == 0
    page.get_by_role("link", name="Show the current state").click()
    page.locator("#actions summary", has_text="Not now: schedule").wait_for()
    assert page.input_value("[name=notice]") == "My own note"
    assert page.locator("#refusal.notice").count() == 0


def test_a_button_of_accounts_that_lost_gives_way_to_the_current_state(page, signed_in, base, app, database, cast):
    signed_in(page, "adam").goto(f"{base}/people/{cast.lena.id}")
    with database.write() as db:
        people.disable(db, db.get_one(Person, cast.lena.id), by=cast.actor("nora"), now=now())
    page.get_by_role("button", name="Disable the account…").click()
    page.locator("#refusal.notice", has_text="This account is already disabled.").wait_for()
    assert page.get_by_role("button", name="Disable the account…").count() == 0
    page.get_by_role("link", name="Show the current state").click()
    page.get_by_role("button", name="Enable the account").wait_for()


def test_ctrl_enter_opens_the_confirmation_at_its_heading_and_confirms(page, signed_in, base, database, cast, outbox):
    made = factories.request(database, cast, details={})
    signed_in(page, "ines").goto(f"{base}/depositions/{made.id}")
    page.fill("aside [name=room_url]", factories.ROOM)
    page.keyboard.press("Control+Enter")
    page.locator("dialog#preview[open]").wait_for()
    becomes(page, "document.activeElement.id", "preview-title")
    page.keyboard.press("Control+Enter")
    page.get_by_text("will be notified by e-mail").wait_for()
    page.get_by_text("Cancel the session…").click()
    page.click("#cancel-it")
    page.locator("dialog#preview[open]").wait_for()
    page.keyboard.press("Control+Enter")
    becomes(page, "document.activeElement.id", "confirm")
    assert page.locator("dialog#preview[open]").count() == 1


def test_another_manager_is_written_where_it_is_chosen(chromium, signed_in, base, database, cast):
    made = factories.request(database, cast, details={})
    for scripts in (True, False):
        context = chromium.new_context(java_script_enabled=scripts)
        page = signed_in(context.new_page(), "ines")
        page.goto(f"{base}/depositions/{made.id}")
        assert not page.is_visible("[name=manager_name]")
        page.check("[name=manager][value=other]")
        page.fill("[name=manager_name]", "Quartz Verbena", timeout=5000)
        page.fill("[name=manager_email]", "quartz@example.com", timeout=5000)
        page.fill("aside [name=room_url]", factories.ROOM)
        page.click("#schedule")
        page.get_by_text("Review and schedule").first.wait_for()
        context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_bars_are_lines_of_one_stack_that_cover_no_control(chromium, signed_in, base, database, cast, width):
    ids = [prescreen(database, cast.marston.id, given={"fullName": name}) for name in [*"ABC", "Q" * 200] * 5]
    for id in ids[-3:]:
        decide(database, cast, id, seconds=120)
    with browsers.fresh_page(chromium, width=width) as page:
        signed_in(page, "lena").goto(f"{base}/prescreens/{ids[0]}")
        page.locator("#actions").get_by_role("button", name="Assign to me").click()
        page.locator("#toasts .toast").wait_for()
        page.evaluate("() => { window.setTimeout = () => 0; }")  # the toast stays
        page.get_by_role("link", name="To review").first.click()
        selects = width > 600  # cards of a narrow list have no boxes
        if selects:
            page.locator(".select-cell input").first.check()
        page.locator(".undo-item", has_text="2 more are pending").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator("#toasts .toast", has_text="Undone.").wait_for()
        page.locator(".undo-item", has_text="1 more is pending").wait_for()
        assert page.evaluate(COVERED) == []
        assert page.locator(".bulk-actions:visible", has_text="1 selected").count() == selects
        heights = [height for height in page.evaluate(ROWS) if height]
        assert len(heights) == 2 + selects
        assert all(40 <= height <= 41 for height in heights)
        page.keyboard.press("Control+z")
        page.locator("#toasts .toast", has_text="Undone.").wait_for()
        assert page.locator("#toasts .toast").count() == 1


def test_a_bar_that_appears_uncovers_what_has_the_focus(page, signed_in, base, database, cast):
    for n in range(20):
        factories.request(database, cast, deponent_name=f"Witness {n}")
    signed_in(page, "ines").goto(f"{base}/depositions")
    box = page.locator(".select-cell input").nth(12)
    box.evaluate("(each) => { each.scrollIntoView({ block: 'end' }); scrollBy(0, -60); }")
    box.focus()
    box.evaluate("(each) => scrollBy(0, each.getBoundingClientRect().bottom - innerHeight + 5)")
    page.keyboard.press("Space")
    page.wait_for_function("""() => document.activeElement.getBoundingClientRect().bottom
        <= document.querySelector('.bars').getBoundingClientRect().top""")


def test_a_page_that_is_signed_out_offers_to_sign_in_and_keeps_its_text(page, signed_in, base, database, cast):
    made = factories.request(database, cast, details={})
    signed_in(page, "ines").goto(f"{base}/depositions/{made.id}")
    page.get_by_text("Write a notice").click()
    page.fill("[name=notice]", "Half a note")
    page.context.clear_cookies()
    with page.context.expect_page() as opened:
        page.locator("[data-live-bar] a", has_text="Sign in").click()
    assert "/sign-in" in opened.value.url
    opened.value.close()
    signed_in(page, "ines")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("[data-live-text]", has_text="Live").wait_for()
    page.get_by_role("button", name="Save the notice").click()
    page.get_by_role("button", name="Send it again").click()
    page.get_by_text("The organization reads it through the API").wait_for()
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one().notice == "Half a note"


def test_keys_and_live_pages_work_where_the_browser_forbids_storage(page, signed_in, base, database, cast):
    made = [factories.request(database, cast, deponent_name=name) for name in ("Ada Yarrow", "Bea Sorrel")]
    page.add_init_script(FORBIDDEN)
    signed_in(page, "ines").goto(f"{base}/depositions")
    page.locator("[data-live-text]", has_text="Live").wait_for()
    page.keyboard.press("j")
    becomes(page, "document.activeElement.matches('.title-cell > a')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/depositions/*")
    page.keyboard.press("n")
    page.wait_for_function("(first) => location.pathname !== first", arg=f"/depositions/{made[0].id}")
    page.get_by_role("button", name="Pause").click()
    page.locator("[data-live-text]", has_text="Paused").wait_for()
