"""What static/js/live/ does to a page in a real browser: it ends up as a fresh one, and leaves the reader alone."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import text
from werkzeug.serving import make_server

from app.depositions import actions
from app.depositions.events import NOTICE_WRITTEN
from app.kernel.changes.events import WORKER, record
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import browsers
from tests.depositions import factories

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PARTS = """(root) => Object.fromEntries([...root.querySelectorAll('[data-part]:not(.new-rows)')].map((each) => {
    const copy = each.cloneNode(true);
    copy.querySelectorAll('[data-until]').forEach((one) => one.replaceChildren());
    return [each.dataset.part, copy.textContent.replace(/\\s+/g, ' ').trim()];
}))"""
FRESH = f"""async () => ({PARTS})(new DOMParser().parseFromString(
    await (await fetch(location.href, {{ headers: {{ 'X-Desk-Poll': '1' }} }})).text(), 'text/html'))"""
HURRY = "document.querySelector('main').dataset.liveEvery = '0.05'; document.dispatchEvent(new Event('desk:poll'))"


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(app: Any, cast: Any, address: str, page: Page) -> Callable[..., Page]:
    """Opens a page as Ines, polling twenty times a second."""
    name, value = cast.cookie(app, "ines")
    page.context.add_cookies([{"name": name, "value": value, "url": address}])

    def opened(path: str) -> Page:
        page.goto(address + path, wait_until="load")
        page.evaluate(HURRY)
        return page

    return opened


def settled(page: Page) -> None:
    """Waits until the page shows what a fresh one does."""
    page.wait_for_function(
        f"async () => JSON.stringify(({PARTS})(document)) === JSON.stringify(await ({FRESH})())", polling=100
    )


def schedule(database: Database, cast: Any, id: int) -> None:
    with database.write() as db:
        booked = factories.booking(cast, manager_name="Hugo Brandt", manager_email="hugo@example.com")
        actions.schedule(db, id, booked, by=cast.actor("hugo"), now=now(), version=None)


def test_a_merged_detail_is_a_fresh_one(desk: Any, database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    schedule(database, cast, d.id)
    page.wait_for_selector("#story :text('Hugo Brandt')")
    settled(page)
    assert page.locator("[data-live-notice]").count() == 0


def test_a_merged_list_is_a_fresh_one(desk: Any, database: Database, cast: Any) -> None:
    rows = [factories.request(database, cast, deponent_name=f"Witness {n}") for n in range(3)]
    page = desk("/depositions?view=everything")
    with database.write() as db:
        actions.assign(
            db, rows[1].id, assignee=(cast.hugo.id, "Hugo Brandt"), by=cast.actor("hugo"), now=now(), version=None
        )
    page.wait_for_selector(f"#deposition-{rows[1].id} :text('Hugo Brandt')")
    settled(page)


def test_a_note_is_typed_through_polls(desk: Any, database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    page.click("text=Write a notice")
    page.fill("textarea[name=notice]", "Please bring the exhibits of the second day.")
    page.evaluate("scrollTo(0, 300); document.querySelector('textarea[name=notice]').setSelectionRange(7, 12)")
    box = page.locator("textarea[name=notice]").bounding_box()
    for booked in range(5):
        with page.expect_response(lambda answer: answer.status == 200 and answer.request.resource_type == "fetch"):
            if booked:
                touch(database, d)
            else:
                schedule(database, cast, d.id)
    page.wait_for_selector("[data-live-notice] :text('What you typed is kept')")
    state = page.evaluate("(({ value: v, selectionStart: a, selectionEnd: b }) => [v, a, b])(document.activeElement)")
    assert state == ["Please bring the exhibits of the second day.", 7, 12]
    # Lines of text are whole pixels only after rounding.
    assert page.locator("textarea[name=notice]").bounding_box() == pytest.approx(box, abs=1)
    page.keyboard.press("ArrowRight")
    page.keyboard.type("!")
    assert "bring!" in page.input_value("textarea[name=notice]")


def test_typing_is_no_news(desk: Any, database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    page.click("text=Write a notice")
    page.fill("textarea[name=notice]", "Please bring the exhibits.")
    assert page.locator("#actions [data-counter]").count() == 1  # made by a script: no page of the server has it
    entries = page.locator("#story li").count()
    touch(database, d)
    page.wait_for_function(f"() => document.querySelectorAll('#story li').length > {entries}")
    assert page.locator("[data-live-notice]").count() == 0


def touch(database: Database, d: Any) -> None:
    """Something else happens to it."""
    about = {"subject_type": "deposition", "subject_id": d.id, "organization_id": d.organization_id}
    with database.write() as db:
        record(db, NOTICE_WRITTEN, **about, by=WORKER, now=now())


def test_a_row_that_somebody_finished_greys_out(desk: Any, database: Database, cast: Any) -> None:
    rows = [factories.request(database, cast, deponent_name=f"Witness {n}") for n in range(3)]
    page = desk("/depositions")
    row = page.locator(f"#deposition-{rows[1].id}")
    row.hover()
    top = row.bounding_box()["y"]
    schedule(database, cast, rows[1].id)
    page.wait_for_selector(f"#deposition-{rows[1].id}.done :text('Hugo Brandt')")
    assert row.bounding_box()["y"] == pytest.approx(top, abs=1)
    settled(page)


def test_the_last_row_too_says_who_finished_it(desk: Any, database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    page = desk("/depositions")
    page.wait_for_selector(f"#deposition-{d.id}")
    schedule(database, cast, d.id)
    page.wait_for_selector(f"#deposition-{d.id}.done:has-text('Hugo Brandt')")


def test_a_list_that_was_empty_announces_what_comes(desk: Any, database: Database, cast: Any) -> None:
    page = desk("/depositions")
    page.wait_for_selector("#queue .empty-state")
    d = factories.request(database, cast)
    page.click(".new-rows button:has-text('1 new')")
    page.wait_for_selector(f"#deposition-{d.id}")
    assert page.locator("#queue .empty-state").count() == 0


def test_new_rows_wait_behind_a_bar(desk: Any, database: Database, cast: Any) -> None:
    factories.request(database, cast, deponent_name="First Witness")
    page = desk("/depositions")
    for n in range(3):
        factories.request(database, cast, deponent_name=f"Newcomer {n}")
    page.wait_for_selector(".new-rows:not([hidden]) :text('3 new')")
    assert page.locator("text=Newcomer 1").count() == 0
    page.click(".new-rows button")
    page.wait_for_selector("text=Newcomer 1")
    assert page.locator(".new-rows").is_hidden()


def test_pausing_stops_and_is_remembered(desk: Any, database: Database, cast: Any) -> None:
    page = desk("/depositions")
    page.wait_for_selector("[data-live-text]:text('Live, updated')")
    page.click("[data-live-bar] button")
    page.wait_for_selector("[data-live-text]:text('Paused, as of')")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(HURRY)
    page.wait_for_timeout(300)
    assert asked == []
    page.reload()
    page.wait_for_selector("[data-live-text]:text('Paused')")
    page.click("[data-live-bar] button")
    page.wait_for_selector("[data-live-text]:text('Live')")


def test_failures_are_said_and_passed(desk: Any, app: Any, chromium: Any, address: str, cast: Any) -> None:
    name, value = cast.cookie(app, "ines")
    context = chromium.new_context()
    context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    try:
        page.goto(f"{address}/depositions")
        context.set_offline(True)
        page.evaluate(HURRY)
        page.wait_for_selector("[data-live-bar].danger :text('No updates since')")
        context.set_offline(False)
        page.wait_for_selector("[data-live-bar].good :text('Live, updated')")
    finally:
        context.close()


def test_signing_out_elsewhere_is_said(desk: Any, database: Database) -> None:
    page = desk("/depositions")
    with database.write() as db:
        db.execute(text("UPDATE sign_ins SET ended_at = created_at"))
    page.wait_for_selector("[data-live-bar].danger :text('You are signed out')")


def test_two_people_see_each_other(
    desk: Any, app: Any, chromium: Any, address: str, database: Database, cast: Any
) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    assert page.locator("[data-part=presence] .avatar.viewing").count() == 0
    name, value = cast.cookie(app, "hugo")
    with browsers.fresh_page(chromium) as other:
        other.context.add_cookies([{"name": name, "value": value, "url": address}])
        other.goto(f"{address}/depositions/{d.id}")
        assert "Ines Okafor is looking at this" in other.inner_text("[data-part=presence]")


def test_a_merge_keeps_elements_and_what_was_opened(desk: Any, database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    page.click("[data-part=api-examples] > summary")
    page.evaluate("document.querySelector('#facts dl').known = true; document.activeElement.blur()")
    schedule(database, cast, d.id)
    page.wait_for_selector("#facts :text('Hugo Brandt')")
    settled(page)
    assert page.evaluate("document.querySelector('#facts dl').known")
    assert page.evaluate("document.querySelector('[data-part=api-examples]').open")


@pytest.mark.parametrize("field", ["notice", "reason"])
def test_loading_the_rest_keeps_what_was_typed(desk: Any, database: Database, cast: Any, field: str) -> None:
    d = factories.request(database, cast)
    page = desk(f"/depositions/{d.id}")
    page.click("text=Write a notice")
    if field == "reason":
        page.check("[name=manager][value=other]")  # whose name and hours nobody knows: it may need a reason
    page.fill(f"textarea[name={field}]", "Bring the exhibits.")
    schedule(database, cast, d.id)
    page.click("[data-live-notice] button")
    page.wait_for_selector("[data-live-notice]", state="detached")
    if field == "notice":
        notices = page.locator("#actions textarea[name=notice]").evaluate_all(
            "fields => fields.map(field => [field.form.action.split('/').pop(), field.value])"
        )
        assert notices == [["move", ""], ["write_notice", "Bring the exhibits."]]
    else:  # what is scheduled has that field in other forms only
        assert [box.input_value() for box in page.locator("textarea[name=reason]").all() if box.input_value()] == []
        assert "What you had typed: Bring the exhibits." in page.inner_text("#actions .notice")
        settled(page)
