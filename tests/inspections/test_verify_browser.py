"""Choosing a file on the public page: the browser computes its hash, with WebCrypto and without, and sends that."""

from uuid import UUID

import pytest
from playwright.sync_api import expect

from app.inspections import numbers
from tests.inspections.test_capture import PLACED, Phone, file
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

WITHOUT = "Object.defineProperty(crypto, 'subtle', { value: undefined })"


@pytest.mark.parametrize("script", ["", WITHOUT], ids=["WebCrypto", "own"])
def test_a_chosen_photo_leads_to_its_record(app, integrator, chromium, script) -> None:
    phone = Phone(app, integrator, integrator.create())
    phone.allow()
    phone.send(photo=file(PLACED))
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        if script:
            page.add_init_script(script)
        sent = []
        page.on("request", lambda request: sent.append(request))
        with serving(app) as address:
            page.goto(f"{address}/verify/")
            page.set_input_files("#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": PLACED})
            expect(page.get_by_text("Your file is an original of the record")).to_be_visible()
            page.set_input_files("#file", {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": PLACED + b" "})
            expect(page.get_by_role("heading", level=1)).to_have_text("Not made here, or changed")
        assert {request.method for request in sent} == {"GET"}
    finally:
        context.close()


def test_numbers_and_hashes_stand_where_the_other_values_do(app, integrator, chromium) -> None:
    """Also on a page from right to left."""
    number = numbers.number_of(UUID(integrator.create()["id"]))
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        with serving(app) as address:
            page.goto(f"{address}/verify/{number}?lang=ar")
            edges = page.locator(".facts dd bdi").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect().right)"
            )
        assert len(edges) == 3
        assert max(edges) - min(edges) < 2
    finally:
        context.close()
