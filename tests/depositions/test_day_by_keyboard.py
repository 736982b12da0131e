"""A scheduler's day without a mouse: a request by phone is entered, booked, moved, reconfirmed, and told of."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from werkzeug.serving import make_server

from app.depositions import actions
from app.depositions.models import Manager
from app.depositions.queries import proposals
from app.depositions.rules.proposals import written
from app.depositions.rules.roster import RosterFacts
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import stored

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

MANY = 120
"""Presses of Tab after which a control counts as out of reach."""
IS_AT = """(wanted) => {
    const at = document.activeElement;
    const text = (at.textContent || "").trim().replace(/\\s+/g, " ");
    return at.name === wanted || at.id === wanted || (at.matches("a, button, summary") && text.startsWith(wanted));
}"""


class Keyboard:
    """A page that is worked by its keys alone."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def to(self, wanted: str) -> None:
        """Presses Tab until the control with this name, id or text has the focus."""
        for _ in range(MANY):
            if self.page.evaluate(IS_AT, wanted):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {wanted!r}.")

    def fill(self, wanted: str, text: str) -> None:
        """Types into a field in place of what it holds."""
        self.to(wanted)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def press(self, wanted: str) -> None:
        self.to(wanted)
        self.page.keyboard.press("Enter")

    def confirm(self, toast: str) -> None:
        """Confirms what the dialog shows, and waits for what the page then says."""
        expect(self.page.locator("#preview-title")).to_be_focused()
        self.page.keyboard.press("Control+Enter")
        expect(self.page.locator("#toasts")).to_contain_text(toast)


@pytest.fixture
def keys(app: Any, cast: Any, page: Page) -> Iterator[Keyboard]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://localhost:{server.server_port}"
    name, value = cast.cookie(app, "ines")
    page.context.add_cookies([{"name": name, "value": value, "url": base}])
    yield Keyboard(page, base)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_day(keys: Keyboard, database: Any, cast: Any, outbox: Any) -> None:
    day = (now() + timedelta(days=30)).date()
    keys.open("/depositions/new")
    keys.to("organization")
    keys.page.keyboard.type("Marston")
    keys.fill("asked_by", "Jo Baker")
    keys.fill("title", "Deposition of Sam Lee")
    keys.fill("case", "Lee v. Baker")
    keys.to("start_date")
    keys.page.keyboard.type(f"{day:%m%d%Y}")
    keys.fill("start_time", "02:30 PM")
    keys.fill("time_zone", "America/Denver")
    keys.fill("deponent_name", "Sam Lee")
    keys.fill("deponent_email", "sam@example.com")
    keys.press("Create the request")
    expect(keys.page.locator("h1")).to_be_visible()
    keys.page.wait_for_url("**/depositions/1*")

    keys.fill("room_url", factories.ROOM)
    keys.page.keyboard.press("Control+Enter")
    keys.confirm("Scheduled")
    assert stored(database, 1).state == "scheduled"
    outbox.deliver_all()

    keys.open("/depositions/1")
    keys.press("Move…")
    keys.to("start_time")
    keys.page.keyboard.type("0400PM")
    keys.press("Review and move")
    keys.confirm("Moved")
    moved = stored(database, 1)
    assert (moved.start_time, moved.sequence) == ("04:00 PM", 2)

    keys.press("Confirmed by phone")
    expect(keys.page.locator("#toasts")).to_contain_text("confirmed that it takes place")

    outbox.deliver_all()
    with database.write() as db:
        actions.cancel(db, 1, by=cast.actor("ines"), now=now(), notify=False, reason="They phoned.")
    keys.open("/depositions/1")
    keys.press("Tell them…")
    keys.confirm("will be notified")

    asked = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        actions.request_cancellation(db, asked.id, organization_id=cast.marston.id, by=cast.actor("ines"), now=now())
    keys.open(f"/depositions/{asked.id}")
    keys.press("Decline the cancellation…")
    keys.fill("notice", "The court has fixed this hour.")
    keys.press("Review and decline")
    keys.confirm("Declined")
    assert stored(database, asked.id).notice == "The court has fixed this hour."


def test_the_room_follows_another_choice_of_manager(keys: Keyboard, database: Any, cast: Any) -> None:
    with database.write() as db:
        rooms = {"zoom": "https://zoom.example.com/{id}"}
        db.execute(update(Manager).where(Manager.id == cast.managers["ines"].id).values({Manager.templates: rooms}))
    made = factories.request(database, cast, details={})
    keys.open(f"/depositions/{made.id}")
    room = keys.page.locator("[name=room_url]")
    expect(room).to_have_attribute("placeholder", "The manager’s own room")
    keys.to("manager")
    keys.page.keyboard.press("ArrowUp")
    expect(keys.page.locator("[name=manager]:checked")).to_have_value("other")
    expect(room).to_have_attribute("placeholder", "https://")
    keys.page.keyboard.press("ArrowDown")
    expect(room).to_have_attribute("placeholder", "The manager’s own room")


def test_an_absence_the_plan_who_is_away_and_an_agreement(
    keys: Keyboard, database: Any, cast: Any, outbox: Any
) -> None:
    """A dispatcher's day: somebody is away, their sessions go to others, what waits is planned, and a session moves to
    an hour to which its participants agree."""
    rooms = {"zoom": "https://zoom.example.com/{id}"}
    people = (("Ana Ruiz", "ana@example.com"), ("Kwame Osei", "kwame@example.com"))
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
        ana, kwame = (
            actions.roster.add(db, RosterFacts(*who, "UTC", templates=rooms), by=cast.actor("ines"), now=now())
            for who in people
        )
    hers = factories.request(database, cast, starts_at=now() + timedelta(days=3), details={})
    factories.schedule(database, cast, hers.id, manager_name="", manager_email="", manager_id=ana)
    waits = factories.request(database, cast, starts_at=now() + timedelta(days=5), **factories.OTHERS)
    day = (now() + timedelta(days=2)).date()

    keys.open(f"/depositions/managers/{ana}")
    # The part is open already for whoever may do nothing else on this page.
    keys.to("first_day")
    keys.page.keyboard.type(f"{day:%m%d%Y}")
    keys.to("last_day")
    keys.page.keyboard.type(f"{day + timedelta(days=2):%m%d%Y}")
    keys.press("Save the absence")
    keys.page.wait_for_url("**/away")
    keys.press("Review 1 change")
    keys.page.wait_for_url("**/plan/review")
    keys.press("Book and send")
    expect(keys.page.locator("h1")).to_contain_text("1 session booked")
    assert stored(database, hers.id).manager_id == kwame

    keys.open("/depositions/board")
    keys.press("Propose a plan")
    keys.page.wait_for_url("**/plan")
    keys.press("Change")
    keys.page.wait_for_url("**change=*")
    keys.press("Drop")
    expect(keys.page.locator("#dropped")).to_be_visible()
    keys.press("Put back")
    expect(keys.page.locator("#dropped")).to_have_count(0)
    keys.press("Review 1 booking")
    keys.page.wait_for_url("**/plan/review")
    keys.to("Book and send")
    keys.page.keyboard.press("Control+Enter")
    expect(keys.page.locator("h1")).to_contain_text("1 session booked")
    assert stored(database, waits.id).state == "scheduled"

    outbox.deliver_all()
    keys.open(f"/depositions/{waits.id}")
    keys.press("Offer other hours")
    keys.page.wait_for_url("**/propose*")
    keys.to("quorum")
    keys.press("Review and offer")
    keys.confirm("are asked which hours suit them")
    with database.read() as db:
        offer = proposals.latest(db, waits.id)
        assert offer is not None
        people = proposals.people(db, offer.id)
    for one in people[1:]:
        with database.write() as db:
            yes = dict.fromkeys(offer.slots, "yes")
            actions.answer_hours(db, offer.id, one.address, yes, by=cast.actor("ines"), now=now())
    keys.open("/depositions?view=offered")
    keys.press("Tomasz Adeyemi")
    keys.page.wait_for_url(f"**/depositions/{waits.id}?*")
    expect(keys.page.locator("#proposal")).to_be_visible()
    keys.press("Remind 1 person")
    keys.confirm("is reminded")
    with database.write() as db:
        actions.answer_hours(db, offer.id, people[0].address, yes, by=cast.actor("ines"), now=now())
    keys.open(f"/depositions/{waits.id}#proposal")
    keys.press("Review and move")
    keys.confirm("Moved")
    assert written(stored(database, waits.id).starts_at) == offer.slots[0]
