"""A slow upload: the phone says how much is sent while it lasts, without reading out every step, and why it waits."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route, expect

from app.kernel.store import digest
from tests.inspections.test_capture import items
from tests.inspections.test_capture_browser import WAITING, join
from tests.pictures import picture
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NO_WAY = "There is no connection."
PART = 512 * 1024
PHOTO = picture("PNG").ljust(3 * PART, b"\0")
CHANGES = """() => {
    window.changes = 0;
    new MutationObserver(() => { window.changes += 1; })
        .observe(document.querySelector("#capture-state"), { childList: true, characterData: true, subtree: true });
}"""
AMOUNTS = """() => {
    window.amounts = new Set();
    new MutationObserver(() => { window.amounts.add(document.querySelector("#capture-sent progress")?.value); })
        .observe(document.querySelector("#capture-sent"), { childList: true, attributes: true, subtree: true });
}"""


class Parts:
    """The parts on their way: the first goes on, later ones wait until they are let go."""

    def __init__(self, page: Page) -> None:
        self.page, self.waiting, self.seen = page, list[Route](), 0
        page.context.route("**/evidence/parts/**", self.come)

    def come(self, route: Route) -> None:
        self.seen += route.request.method == "POST"
        if route.request.method == "POST" and self.seen > 1:
            self.waiting.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        while not self.waiting:
            self.page.wait_for_timeout(20)
        self.waiting.pop().continue_()


def send(page: Page) -> None:
    page.set_input_files("#files", [{"name": "a.png", "mimeType": "image/png", "buffer": PHOTO}])
    page.locator("#capture button[type=submit]").click()


def test_it_says_how_much_is_sent_and_reads_that_out_now_and_then(app, integrator, phone) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, parts = phone, Parts(phone)
    page.clock.install()
    with serving(app) as address:
        join(page, address, session, invite)
        page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 60, UTC))
        send(page)
        sent, aloud = page.locator("#capture-sent"), page.locator("#capture-spoken")
        expect(sent).to_have_text("Sent: 0.5 MB of 1.5 MB")
        assert sent.locator("progress").evaluate("(bar) => bar.position") == pytest.approx(1 / 3)
        assert sent.evaluate("(box) => box.closest('[role=status], [aria-live]') === null"), "not read out each time"
        expect(aloud).to_have_attribute("role", "status")
        expect(aloud).to_be_empty()
        expect(page.locator("#capture-state")).to_contain_text("Being sent. Keep this page open.")
        page.evaluate(CHANGES)
        page.clock.run_for(10_000)
        expect(aloud).to_have_text("Sent: 0.5 MB of 1.5 MB")
        parts.let_go()
        expect(sent).to_have_text("Sent: 1 MB of 1.5 MB")
        expect(aloud).to_have_text("Sent: 0.5 MB of 1.5 MB")
        assert page.evaluate("window.changes") == 0, "what is said already is not said again"
        parts.let_go()
        expect(page.locator("#capture-state")).to_contain_text("Arrived: it is in the record.")
        expect(sent).to_be_empty()
        expect(aloud).to_be_empty()


def test_it_moves_within_a_part(app, integrator, phone) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page = phone
    with serving(app) as address:
        join(page, address, session, invite)
        page.evaluate(AMOUNTS)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 512 * 1024}
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        send(page)
        expect(page.locator("#capture-state")).to_contain_text("Arrived: it is in the record.", timeout=30_000)
        amounts = page.evaluate("[...window.amounts]")
    assert any(amount and amount % PART for amount in amounts), amounts


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "Envoyé : 0,5 Mo sur 1,5 Mo"), ("ar", "أُرسل: 0.5 م.ب من 1.5 م.ب")]
)
def test_amounts_are_written_as_the_language_writes_them(app, integrator, phone, language, text) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, parts = phone, Parts(phone)
    with serving(app) as address:
        join(page, address, session, invite)
        page.goto(f"{address}/join/{session['id']}/room?lang={language}")
        send(page)
        expect(page.locator("#capture-sent")).to_have_text(re.compile(re.escape(text).replace(r"\ ", r"\s")))
        parts.let_go()
        expect(page.locator("#capture-sent")).not_to_have_text(text)
        parts.let_go()
        expect(page.locator("#capture-sent")).to_be_empty()


@pytest.mark.parametrize(
    ("status", "text"), [(503, "It cannot be taken right now."), (429, "It cannot be taken right now."), (0, NO_WAY)]
)
def test_it_says_why_it_waits_and_nothing_is_lost(app, integrator, phone, database, status, text) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, state = phone, phone.locator("#capture-state")
    refuse = (lambda route: route.fulfill(status=status, body="<p>no")) if status else (lambda route: route.abort())
    with serving(app) as address:
        join(page, address, session, invite)
        page.context.route("**/evidence/whole/**", refuse)
        send(page)
        expect(state).to_contain_text(f"{WAITING}1 {text}")
        expect(page.locator("#capture-sent")).to_be_empty()
        page.context.unroute("**/evidence/whole/**")
        expect(state).to_contain_text("Arrived: it is in the record.", timeout=30_000)
    (found,) = items(database, session)
    assert found.sha256 == digest(PHOTO)


def test_once_a_part_arrives_there_is_a_connection_again(app, integrator, phone) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, parts, lost = phone, Parts(phone), iter([True])
    state = page.locator("#capture-state")

    def come(route: Route) -> None:
        if route.request.method == "POST" and next(lost, False):
            route.abort()
        else:
            parts.come(route)

    with serving(app) as address:
        join(page, address, session, invite)
        page.context.route("**/evidence/parts/**", come)
        send(page)
        expect(state).to_contain_text(NO_WAY)
        expect(page.locator("#capture-sent")).to_have_text("Sent: 0.5 MB of 1.5 MB", timeout=20_000)
        expect(state).to_contain_text("Being sent.")
        expect(state).not_to_contain_text(NO_WAY)
        for _ in range(2):
            parts.let_go()
        expect(state).to_contain_text("Arrived: it is in the record.")
