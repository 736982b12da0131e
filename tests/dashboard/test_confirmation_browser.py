"""What leaves, in a real browser: shown over the page, sent when it still holds, shown afresh when it does not."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.serving import make_server

from app.accounts.models import SignIn
from app.depositions import actions
from app.kernel.clock import now
from tests import browsers
from tests.cast import PASSWORD
from tests.depositions import factories
from tests.project.test_width import COVERED

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


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
def desk(page: Any, app: Any, cast: Any, base: str) -> Any:
    """Ines's browser."""
    sign_in(page, app, cast, base)
    return page


def sign_in(page: Any, app: Any, cast: Any, base: str) -> None:
    name, value = cast.cookie(app, "ines")
    page.context.add_cookies([{"name": name, "value": value, "url": base}])


def test_schedule_is_shown_over_the_page_and_then_done(desk, base, database, cast, outbox):
    made = factories.request(database, cast, details={})
    desk.goto(f"{base}/depositions/{made.id}")
    desk.fill("[name=room_url]", factories.ROOM)
    desk.click("#schedule")
    dialog = desk.locator("dialog#preview[open]")
    dialog.wait_for()
    assert "4 e-mails with a calendar file, and 1 webhook" in dialog.inner_text()
    assert not outbox.rows()
    assert desk.input_value("aside [name=room_url]") == factories.ROOM
    dialog.locator("#confirm").click()
    desk.get_by_text("will be notified by e-mail").wait_for()
    assert len(outbox.rows()) == 5


def test_what_changed_meanwhile_is_shown_afresh(desk, base, database, cast, outbox):
    made = factories.request(database, cast, details={})
    desk.goto(f"{base}/depositions/{made.id}")
    desk.fill("[name=room_url]", factories.ROOM)
    desk.click("#schedule")
    desk.locator("dialog#preview[open]").wait_for()
    with database.write() as db:
        actions.write_notice(db, made.id, "Who pays?", by=cast.actor("hugo"), now=now())
    desk.click("#confirm")
    desk.get_by_text("It has changed since you saw it").wait_for()
    assert "Hugo Brandt wrote a notice" in desk.locator("dialog#preview[open]").inner_text()
    assert not outbox.rows()
    desk.click("#confirm")
    desk.get_by_text("will be notified by e-mail").wait_for()
    assert len(outbox.rows()) == 5


def test_a_lost_race_keeps_the_note_and_can_go_on_top(desk, base, database, cast):
    made = factories.request(database, cast, details={})
    desk.goto(f"{base}/depositions/{made.id}")
    with database.write() as db:
        actions.write_notice(db, made.id, "Hugo’s note", by=cast.actor("hugo"), now=now())
    desk.get_by_text("Write a notice").click()
    desk.fill("[name=notice]", "My own note")
    desk.get_by_role("button", name="Save the notice").click()
    notice = desk.locator("#refusal.notice")
    notice.wait_for()
    assert "Hugo Brandt wrote a notice" in notice.inner_text()
    assert desk.input_value("[name=notice]") == "My own note"
    notice.get_by_role("button", name="Use mine on top").click()
    desk.get_by_text("The organization reads it through the API").wait_for()
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one().notice == "My own note"


def test_without_scripts_the_same_is_a_page(chromium, app, base, database, cast, outbox):
    made = factories.request(database, cast, details={})
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, app, cast, base)
    page.goto(f"{base}/depositions/{made.id}")
    page.fill("[name=room_url]", factories.ROOM)
    page.fill("[name=provider]", "typed by hand")
    page.click("#schedule")
    assert page.locator("h1").inner_text() == "Review and schedule"
    page.get_by_role("button", name="Back to the request").click()
    assert page.input_value("[name=provider]") == "typed by hand"
    page.click("#schedule")
    page.click("#confirm")
    page.get_by_text("will be notified by e-mail").wait_for()
    assert len(outbox.rows()) == 5
    context.close()


WIDE = """() => {
    const cuts = (box) => ["hidden", "clip"].includes(getComputedStyle(box).overflowX);
    const isCut = (e) => e.parentElement.tagName !== "DIALOG" && (cuts(e.parentElement) || isCut(e.parentElement));
    return [...document.querySelectorAll("dialog[open] *")]
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !isCut(e))
        .map((e) => e.outerHTML);
}"""
"""What sticks out of the window. The line that says what an e-mail is about is cut where it is too long."""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_the_dialog_fits(chromium, app, base, database, cast, scheme, width, tmp_path):
    made = factories.request(database, cast, details={}, deponent_name="Orsolya Brandt-Featherstonehaugh the Younger")
    with browsers.fresh_page(chromium, width=width, scheme=scheme) as page:
        sign_in(page, app, cast, base)
        page.goto(f"{base}/depositions/{made.id}")
        page.fill("[name=room_url]", factories.ROOM)
        page.click("#schedule")
        page.locator("dialog#preview[open]").wait_for()
        page.evaluate("document.fonts.ready.then(() => true)")
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
        assert page.evaluate(WIDE) == []


def test_a_sign_in_that_ended_brings_the_text_back_in_its_field(desk, base, database, cast):
    made = factories.request(database, cast, details={})
    desk.goto(f"{base}/depositions/{made.id}")
    desk.get_by_text("Write a notice").click()
    desk.fill("[name=notice]", "Half a note\nof two lines")
    end_sign_ins(database)
    desk.get_by_role("button", name="Save the notice").click()
    desk.get_by_text("Your text is kept").wait_for()
    desk.fill("[name=email]", "ines@example.com")
    desk.fill("[name=password]", PASSWORD)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    desk.get_by_role("heading", name="Your text is here").wait_for()
    assert desk.input_value("textarea[name=notice]") == "Half a note\nof two lines"
    desk.get_by_role("button", name="Send it now").click()
    desk.get_by_text("The organization reads it through the API").wait_for()
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one().notice.replace("\r", "") == "Half a note\nof two lines"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_token_that_ran_out_keeps_the_text_and_sends_it(chromium, app, base, database, cast, scripts):
    made = factories.request(database, cast, details={})
    context = chromium.new_context(java_script_enabled=scripts)
    page = context.new_page()
    sign_in(page, app, cast, base)
    page.goto(f"{base}/depositions/{made.id}")
    page.get_by_text("Write a notice").click()
    page.fill("[name=notice]", "Typed before signing in again")
    sign_in(page, app, cast, base)
    page.get_by_role("button", name="Save the notice").click()
    page.get_by_text("This page was open for too long").wait_for()
    page.get_by_role("button", name="Send it again").click()
    page.get_by_text("The organization reads it through the API").wait_for()
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one().notice == "Typed before signing in again"
    context.close()


def end_sign_ins(database: Any) -> None:
    with database.write() as db:
        db.execute(update(SignIn).values(ended_at=now()))


def test_no_toast_lies_over_the_buttons_of_a_long_page(desk, base, database, cast):
    made = factories.request(database, cast, details={})
    desk.set_viewport_size({"width": 390, "height": 900})
    desk.goto(f"{base}/depositions/{made.id}")
    desk.fill("[name=room_url]", factories.ROOM)
    with desk.expect_navigation(wait_until="load"):
        desk.evaluate("""document.querySelector('form[action$="/schedule"]').submit()""")
    desk.evaluate("""() => {
        const long = document.createElement("div");
        long.style.blockSize = "2000px";
        document.querySelector("form.confirmation .confirmation-main").append(long);
    }""")
    assert desk.evaluate(COVERED) == []
