"""Scripts off: what people do at the three desks all day, done by plain links and forms."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.depositions import factories
from tests.prescreens.factories import prescreen, stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]


class Plain:
    """A browser that runs no script, of somebody who is signed in."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base

    def open(self, path: str) -> None:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200

    def press(self, name: str, within: str = "main") -> None:
        self.page.locator(within).get_by_role("button", name=name).first.click()

    def follow(self, name: str) -> None:
        self.page.locator("main").get_by_role("link", name=name).first.click()

    def unfold(self, words: str) -> None:
        self.page.locator("main summary", has_text=words).first.click()

    def fill(self, name: str, text: str) -> None:
        self.page.locator(f"main [name='{name}']").locator("visible=true").first.fill(text)

    def says(self, words: str, within: str = "body") -> None:
        self.page.locator(within).get_by_text(words).first.wait_for()


@pytest.fixture
def plain(app: Any, cast: Any, chromium: Any) -> Iterator[Any]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://localhost:{server.server_port}"
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)

    def somebody(called: str) -> Plain:
        name, value = cast.cookie(app, called)
        context.clear_cookies()
        context.add_cookies([{"name": name, "value": value, "url": base}])
        return Plain(context.new_page(), base)

    yield somebody
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_scheduling_teams_acts(plain: Any, database: Any, cast: Any) -> None:
    made = [factories.request(database, cast, deponent_name=f"Witness {n}", details={}).id for n in range(2)]
    desk = plain("ines")

    # The list: take, give back, tick and tag, filter, sort, save the view, leave a note.
    desk.open("/depositions")
    desk.press("Assign to me: Witness 0")
    desk.says("You", f"#deposition-{made[0]}")
    desk.press("Unassign: Witness 0")
    desk.says("Assign to me", f"#deposition-{made[0]}")
    desk.press("Filter")
    desk.page.check(f"[name='organization'][value='{cast.marston.id}']")
    desk.press("Apply")
    assert f"organization={cast.marston.id}" in desk.page.url
    desk.press("More for this list")
    desk.unfold("Save this view")
    desk.fill("name", "Marston")
    desk.press("Save the view")
    desk.says("Marston", "nav.tabs")
    desk.press("More for this list")
    desk.unfold("Leave a note")
    desk.fill("text", "I stopped here.")
    desk.press("Leave the note")
    desk.says("I stopped here.", ".handover")
    desk.press("More for this list")
    desk.follow("All views")
    desk.unfold("Rename")
    desk.fill("name", "Marston & Vale")
    desk.press("Save the name")
    desk.press("Remove")
    desk.says("No saved views yet")

    # One request: take, see what leaves, schedule, change the room, start.
    desk.open(f"/depositions/{made[0]}")
    desk.press("Assign to me")
    desk.says("Assigned to you")
    desk.fill("tag", "urgent")
    desk.press("Add", "#tags")
    desk.says("urgent", "#tags")
    desk.fill("room_url", factories.ROOM)
    desk.press("Review and schedule")
    desk.says("Review and schedule", "h1")
    desk.press("Back to the request")
    assert desk.page.input_value("[name='room_url']") == factories.ROOM
    desk.press("Review and schedule")
    desk.page.click("#confirm")
    desk.says("Scheduled", "main .item-header")
    desk.unfold("Change the room")
    desk.fill("room_url", f"{factories.ROOM}?b")
    desk.press("Review and change")
    desk.page.click("#confirm")
    desk.unfold("Write a notice")
    desk.fill("notice", "The room has changed.")
    desk.press("Save the notice")
    desk.says("The room has changed.")
    desk.press("Start the session")
    desk.says("early, 3 people can enter now", "h1")
    desk.fill("reason", "The deponent must leave at noon.")
    desk.page.click("#confirm")
    desk.says("Live", "main .item-header")
    desk.unfold("Not now")
    desk.says("This session cannot be ended before its planned start; cancel it instead.")

    # The other: cancel, having seen what leaves.
    desk.open(f"/depositions/{made[1]}")
    desk.unfold("Cancel the request")
    desk.press("Review and cancel")
    desk.page.click("#confirm")
    desk.says("Canceled", "main .item-header")


def test_the_leasing_agents_acts(plain: Any, database: Any, cast: Any) -> None:
    jane = prescreen(database, cast.marston.id)
    emeka = prescreen(
        database, cast.marston.id, given={"fullName": "Emeka Obiora", "email": "emeka@example.com", "phone": None}
    )
    desk = plain("lena")
    desk.open("/prescreens")
    desk.follow("Jane Smith")
    desk.press("Assign to me")
    desk.says("Assigned to you")
    desk.press("Unassign")
    desk.says("Unassigned", "#actions")
    desk.fill("notes", "Good references.")
    desk.press("Approve Jane Smith")
    desk.says("Approving Jane Smith", "#holds")
    desk.press("Undo", "#holds")
    desk.says("Jane Smith waits for a decision again")
    assert stored(database, jane).review_status == "pending_review"
    desk.open(f"/prescreens/{emeka}")
    desk.press("Deny Emeka Obiora")
    desk.says("Say why: choose one to three reasons.")
    assert "Preview" not in desk.page.locator("main").inner_text(), "what nobody typed is not shown"
    desk.open(f"/prescreens/{emeka}")
    desk.page.get_by_label("References", exact=True).check()
    desk.page.locator("[name='about:References']").select_option(label="Other, say which")
    desk.fill("other:References", "Nobody answers there.")
    desk.press("Deny Emeka Obiora")
    desk.says("Denying Emeka Obiora", "#holds")


def test_the_operators_acts(plain: Any, database: Any, cast: Any) -> None:
    desk = plain("otto")
    desk.open("/inspections")
    desk.follow("New inspection")
    desk.fill("notes", "The blue car")
    desk.press("Create the inspection")
    desk.says("The blue car")
    desk.press("Unassign")
    desk.press("Assign to me")
    desk.says("Assigned to you")
    desk.fill("recipient_email", "alex@example.com")
    desk.press("Review and invite")
    desk.page.click("#confirm")
    desk.says("alex@example.com")
    desk.unfold("Add a remark to the record")
    desk.fill("text", "They called first.")
    desk.press("Add the remark")
    desk.says("They called first.")
    desk.press("End the inspection")
    desk.page.click("#confirm")
    desk.says("Ended", "main .item-header")


@pytest.mark.parametrize("path", ["/depositions", "/depositions/board", "/search"])
def test_no_key_is_offered_that_only_a_script_hears(plain: Any, path: str) -> None:
    ines = plain("ines")
    ines.open(path)
    assert ines.page.locator("kbd:visible").all_text_contents() == []
