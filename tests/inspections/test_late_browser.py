"""A phone without a connection when the inspection ends: it says what it alone has, and sends it while it may."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from app.inspections import queries
from tests.inspections.test_capture import items
from tests.inspections.test_capture_browser import WAITING, join
from tests.pictures import picture
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def capture(page: Page) -> None:
    """Two photos and a note, which stay on the phone."""
    photos = [("a.jpg", picture(place=True)), ("b.png", picture("PNG"))]
    page.set_input_files(
        "#files", [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in photos]
    )
    page.fill("#note", "Seen from the street")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#capture-state")).to_contain_text(f"{WAITING}3")


def named_key(database, session) -> bool:
    with database.read() as db:
        return bool(queries.device_keys(db, uuid.UUID(session["id"])))


def test_what_was_captured_offline_arrives_after_the_end(app, integrator, phone, database) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, state = phone, phone.locator("#capture-state")
    with serving(app) as address:
        join(page, address, session, invite)
        page.wait_for_timeout(300)
        assert named_key(database, session), "at once, so that it is in the chain before the end"
        page.context.set_offline(True)
        capture(page)
        integrator.end(session)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
        expect(state).to_contain_text(f"{WAITING}3")
        assert items(database, session) == []
        with page.context.expect_event("requestfailed", lambda request: "/parts/" in request.url, timeout=9000):
            page.context.set_offline(False)
            page.context.route("**/evidence/**", lambda route: route.abort())
            page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("This inspection has ended")
        expect(state).to_contain_text(f"{WAITING}3")
        expect(state).to_contain_text("The inspection has ended; this is still taken until")
        expect(page.locator("#over-text")).to_be_hidden()
        page.context.unroute("**/evidence/**")
        page.reload()
        expect(state).to_contain_text("Arrived: it is in the record.")
        expect(state).not_to_contain_text(WAITING)
        expect(page.locator("#over-text")).to_be_visible()
    found = items(database, session)
    assert [each.kind for each in found] == ["photo", "photo", "note"]
    assert all("signature" in each.particulars for each in found)
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    assert [link.kind for link in links[-4:]] == ["session.ended", *["evidence.captured"] * 3]


def test_what_comes_too_late_stays_on_the_phone_and_can_be_saved(
    app,
    integrator,
    phone,
    database,
    clock,
) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page, state = phone, phone.locator("#capture-state")
    with serving(app) as address:
        join(page, address, session, invite)
        page.context.set_offline(True)
        capture(page)
        integrator.end(session)
        clock.move(hours=25)
        page.context.set_offline(False)
        expect(page.get_by_role("heading", level=1)).to_have_text("This inspection has ended")
        expect(state).to_contain_text(f"{WAITING}3")
        expect(state).to_contain_text("ended more than 24 hours ago")
        expect(state.get_by_role("link")).to_have_count(3)
        for link in state.get_by_role("link").all():
            assert (link.bounding_box() or {})["height"] < 60, "a line or two, not one of each letter"
        with page.expect_download() as download:
            state.get_by_role("link", name="Save a copy: b.png").click()
        assert download.value.suggested_filename == "b.png"
        assert download.value.path().read_bytes() == picture("PNG")
        page.reload()
        expect(state).to_contain_text(f"{WAITING}3")
    assert items(database, session) == []
