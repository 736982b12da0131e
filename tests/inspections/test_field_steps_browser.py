"""The whole way of a field user on a phone 320 pixels wide that runs no scripts: nine steps, each within the screen."""

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from app.inspections import chain, queries
from app.kernel.store import digest
from tests.inspections.conftest import printed, token_of, wrong
from tests.inspections.test_capture import items, stored
from tests.pictures import picture
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PHOTO, SECOND, DOCUMENT = picture(), picture("PNG"), b"%PDF-1.7\nthe invoice"


@pytest.fixture
def page(chromium) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


def fits(page: Page, heading: str) -> None:
    """The step is there, and nothing of it lies beside the screen."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def file(name: str, mime: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": mime, "buffer": content}


def test_nine_steps_without_scripts(app, integrator, page, database) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **printed("mint"))
    press, sent = page.locator("main .primary"), page.locator("#mine li")
    with serving(app) as address:
        page.goto(f"{address}/join/{session['id']}/?t={token_of(invite)}")
        fits(page, "Marston & Vale invites you to an inspection")
        press.click()
        fits(page, "Type the code we sent you")
        page.fill("[name=code]", wrong(invite))
        press.click()
        expect(page.locator("main")).to_contain_text("You have 4 tries left.")
        fits(page, "Type the code we sent you")
        page.fill("[name=code]", invite["otp_code"])
        press.click()
        fits(page, "What do you allow?")
        for subject in ("camera", "gps", "recording"):
            page.check(f"[name={subject}][value=granted]")
        press.click()
        fits(page, "You are in")
        page.set_input_files("#photo", file("a.jpg", "image/jpeg", PHOTO))
        press.click()
        expect(sent).to_have_count(1)
        fits(page, "You are in")
        documents = [file("b.png", "image/png", SECOND), file("c.pdf", "application/pdf", DOCUMENT)]
        page.set_input_files("#files", documents)
        press.click()
        expect(sent).to_have_count(3)
        page.fill("#note", "Seen from the street")
        press.click()
        expect(sent).to_have_count(4)
        fits(page, "You are in")
        integrator.end(session)
        page.reload()
        fits(page, "This inspection has ended")
        # The link names the public address, which this server does not have.
        page.goto(address + urlsplit(press.get_attribute("href")).path)
        fits(page, "Your receipt")
        expect(page.locator("main")).to_contain_text(digest(PHOTO))
    found = items(database, session)
    assert [each.kind for each in found] == ["photo", "photo", "document", "note"]
    assert [stored(database, session, each.sha256) for each in found[:3]] == [PHOTO, SECOND, DOCUMENT]
    with database.read() as db:
        chain.verify(queries.links(db, uuid.UUID(session["id"])))
