"""The report on a screen: asked for, watched while the worker writes it, and downloaded."""

import threading

import pytest
from playwright.sync_api import expect

from app.inspections.report import document
from app.kernel.changes.events import timeline
from tests.inspections.test_capture import PLACED, Phone, file
from tests.project.visual_checks import serving

# A browser sees pages alone; what they write runs on both databases in the tests without one.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def test_a_report_is_asked_for_watched_and_downloaded(
    app, integrator, cast, database, outbox, page, monkeypatch
) -> None:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED))
    integrator.end(session)
    outbox.deliver_all()
    written, go_on = document.written, threading.Event()

    def slowly(*given):
        assert go_on.wait(60)
        return written(*given)

    monkeypatch.setattr(document, "written", slowly)
    worker = threading.Thread(target=outbox.deliver_all)
    with serving(app) as address:
        name, value = cast.cookie(app, "otto")
        page.context.add_cookies([{"name": name, "value": value, "url": address}])
        page.goto(f"{address}/inspections/{session['id']}", wait_until="domcontentloaded", timeout=40_000)
        report = page.locator("#report")
        report.get_by_role("button", name="Make the report").click()
        expect(report.get_by_role("status")).to_contain_text("You can leave this page.")
        worker.start()
        try:
            expect(report.get_by_role("status")).to_contain_text("Writing the PDF", timeout=30_000)
        finally:
            go_on.set()
            worker.join(90)
        link = report.get_by_role("link", name="report-")
        expect(link).to_be_visible(timeout=30_000)
        with page.expect_download() as download:
            link.click()
    assert download.value.suggested_filename.endswith(".pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    with database.read() as db:
        kinds = [row.kind for row in timeline(db, "inspection", session["id"])]
    assert kinds[:2] == ["inspection.report_downloaded", "inspection.report_requested"]
