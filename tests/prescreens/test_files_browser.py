"""Files as answers in a real browser, on a narrow phone: with scripts and without, in each language of the chat."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.prescreens.answer_files import AnswerFile
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from app.prescreens.public import answering
from tests.pictures import picture
from tests.prescreens import factories
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]
QUESTION = {"key": "papers", "label": "Your papers", "type": "file", "bounds": {"files": 3}}


@pytest.fixture
def site(app, database, cast, monkeypatch) -> Iterator[str]:
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)
    with database.write() as db:
        factories.template(db, cast.marston.id, questions=[QUESTION])
    with visual_checks.serving(app) as base:
        yield base


@pytest.mark.parametrize(("locale", "scripts"), [("en", True), ("ar", False), ("es", False), ("fr", True)])
def test_files_are_added_taken_out_and_sent_on_a_narrow_phone(site, database, chromium, locale, scripts) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(locale=locale))
    t = TRANSLATIONS.translator(locale)
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site}/p/marston/two-bedroom")
    page.locator("main form button[type=submit]").last.click()
    chosen = page.get_by_label("Your papers")
    chosen.set_input_files(
        [
            {"name": "Pass photo.jpg", "mimeType": "image/jpeg", "buffer": picture()},
            {"name": "pay.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 a"},
            {"name": "no.exe", "mimeType": "application/pdf", "buffer": b"MZ"},
        ]
    )
    page.get_by_role("button", name=t("file_add")).click()
    listed = page.get_by_role("list", name=t("files_added")).get_by_role("listitem")
    expect(listed).to_have_count(2)
    expect(page.locator("#answer-error")).to_contain_text("no.exe")
    expect(page.get_by_label("Your papers")).to_have_attribute("aria-describedby", "answer-error answer-hint")
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button").filter(has_text="pay.pdf").press("Enter")
    expect(listed).to_have_count(1)
    page.get_by_role("button", name=t("continue"), exact=True).click()
    page.locator("#send").click()
    page.wait_for_load_state()
    with database.read() as db:
        row = db.scalars(select(Prescreen)).one()
        assert row.status == "completed"
        assert [each.partition(" (")[0] for each in row.submission["papers"]] == ["Pass photo.jpg"]
    context.close()


PDF = b"%PDF-1.7 a payslip".ljust(1536 * 1024, b"\0")


def test_it_says_how_much_is_sent_and_keeps_what_was_chosen_when_that_fails(site, database, chromium) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page, waiting = context.new_page(), list[Route]()
    page.goto(f"{site}/p/marston/two-bedroom")
    page.locator("main form button[type=submit]").last.click()
    chosen, add = page.get_by_label("Your papers"), page.get_by_role("button", name="Add what I chose")
    chosen.set_input_files([{"name": "pay.pdf", "mimeType": "application/pdf", "buffer": PDF}])
    page.route("**/files", lambda route: waiting.append(route))
    add.click()
    sent = page.locator("[data-moved]")
    expect(sent).to_contain_text("Sent: 0 MB of 1.5 MB")
    expect(sent.locator("progress")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    waiting.pop().abort()
    expect(sent.get_by_role("alert")).to_contain_text("still chosen")
    assert chosen.evaluate("(field) => field.files.length") == 1
    page.unroute("**/files")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1024 * 1024}
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    add.click()
    expect(sent).to_contain_text(re.compile(r"Sent: (0\.[1-9]|1) MB of 1\.5 MB"))
    expect(page.get_by_role("listitem").filter(has_text="pay.pdf")).to_be_visible()
    assert chosen.evaluate("(field) => field.files.length") == 0
    with database.read() as db:
        assert len(db.scalars(select(AnswerFile)).all()) == 1
    chosen.set_input_files([{"name": "more.pdf", "mimeType": "application/pdf", "buffer": PDF + b"2"}])
    sent.evaluate("(box) => { box.dataset.most = 1000000; }")
    add.click()
    expect(sent.get_by_role("alert")).to_contain_text("more than 32 MB")
    context.close()
