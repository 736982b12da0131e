"""A phone that loses its connection: what it captures stays on it, also over a reload, and arrives once, signed."""

import json
import uuid

import pytest
from playwright.sync_api import Page, expect

from app.inspections import queries, records
from app.kernel.store import digest
from tests.inspections.conftest import token_of
from tests.inspections.test_capture import items, stored
from tests.pictures import picture
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

WAITING = "Only on this phone, not sent yet: "


KEPT = """window.kept = new Promise((done) => navigator.serviceWorker.addEventListener("message", done))"""
"""Listens from the beginning of a page: its worker may have kept the page before it has loaded whole."""


def join(page: Page, address: str, session, invite) -> None:
    """In, with a page that opens without a connection from now on, and a key that the chain names."""
    page.add_init_script(KEPT)
    page.goto(f"{address}/join/{session['id']}/?t={token_of(invite)}")
    page.get_by_role("button", name="Continue").click()
    for subject, answer in (("camera", "granted"), ("gps", "denied"), ("recording", "granted")):
        page.check(f"[name={subject}][value={answer}]")
    page.get_by_role("button").last.click()
    page.wait_for_url("**/room")
    page.evaluate("() => window.kept.then(() => true)")


def test_captures_survive_a_minute_without_connection_and_a_reload(app, integrator, phone, database) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    page = phone
    page.clock.install()
    with serving(app) as address:
        join(page, address, session, invite)
        state = page.locator("#capture-state")
        page.context.set_offline(True)
        photos = [("a.jpg", picture(place=True)), ("b.png", picture("PNG"))]
        files = [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in photos]
        page.set_input_files(
            "#files", [{"name": "c.svg", "mimeType": "image/svg+xml", "buffer": b"no picture"}, *files]
        )
        expect(page.locator(".previews img")).to_have_count(2)  # what the browser cannot show has none
        page.set_input_files("#files", files)
        expect(page.locator(".previews img")).to_have_count(2)
        page.fill("#note", "Seen from the street\nthrough the window")
        page.get_by_text("Time or place by hand").click()
        page.fill("#typed-place", "Left bay")
        page.fill("#typed-at", "2026-01-31T09:30")
        page.get_by_role("button", name="Send").click()
        expect(state).to_contain_text(f"{WAITING}3")
        expect(state).to_contain_text("There is no connection.")
        page.clock.run_for(60_000)
        expect(state).to_contain_text(f"{WAITING}3")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
        expect(state).to_contain_text(f"{WAITING}3")
        assert items(database, session) == []
        page.context.set_offline(False)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("No connection")
        expect(page.locator("#capture .lines li")).to_have_count(3)
        expect(state).to_be_empty()
        page.fill("#note", "One more")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#capture .lines li")).to_have_count(4)
    photo, drawing, note, later = items(database, session)
    assert [each.particulars.get("place") for each in (photo, drawing, note, later)] == [
        *[{"text": "Left bay"}] * 3,
        None,
    ]
    assert {each.particulars["captured_at"] for each in (photo, drawing, note)} == {"2026-01-31T14:30:00.000Z"}
    assert (drawing.sha256, note.note) == (digest(photos[1][1]), "Seen from the street\nthrough the window")
    cut = stored(database, session, photo.sha256)
    assert cut.count(b"Exif\x00\x00") == 1
    assert b"Acme" not in cut, "cut on the phone, before its hash was taken"
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
        (key,) = queries.device_keys(db, uuid.UUID(session["id"]))
    assert [link.kind for link in links if link.kind == "device.enrolled"] == ["device.enrolled"]
    statements = [each.particulars["statement"] for each in (photo, drawing, note)]
    assert all(f'"key":"{key}"' in each for each in statements)
    assert [f'"number":{n}' in each for n, each in enumerate(statements, 1)] == [True] * 3
    assert_linked(statements)


def assert_linked(statements: list[str]) -> None:
    """Each statement names the one before by its SHA-256."""
    previous = "0" * 64
    for each in statements:
        assert f'"previous":"{previous}"' in each
        previous = digest(each.encode())


def test_two_pages_of_one_phone_give_no_number_twice(app, integrator, phone, database) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    with serving(app) as address:
        join(phone, address, session, invite)
        other = phone.context.new_page()
        other.goto(phone.url)
        for n, page in enumerate((phone, other)):
            notes = [f"%PDF-1.7 {n} {k}".encode() for k in range(8)]
            files = [{"name": f"{n}.pdf", "mimeType": "application/pdf", "buffer": each} for each in notes]
            page.set_input_files("#files", files)
        for page in (phone, other):
            page.evaluate("setTimeout(() => document.querySelector('#capture form').requestSubmit(), 200)")
        for _ in range(200):
            if len(items(database, session)) == 16:
                break
            phone.wait_for_timeout(100)
    statements = [json.loads(each.particulars["statement"]) for each in items(database, session)]
    assert sorted(each["number"] for each in statements) == [*range(1, 17)]
    with database.read() as db:
        verdict = records.read(db, uuid.UUID(session["id"])).verdict(())
    assert "The signatures hold: 16 are signed by a phone." in verdict.files[-1].sentence, verdict
