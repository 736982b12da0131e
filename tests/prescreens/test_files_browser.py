"""Files as answers in a real browser, on a narrow phone: with scripts and without, in each language of the chat."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from app.accounts.models import Organization
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
