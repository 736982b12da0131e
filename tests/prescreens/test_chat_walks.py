"""The whole questionnaire in a real browser, in the languages of the chat: by keys alone, in two tabs,
loaded again on every page, as a screen reader has it; and without scripts and cookies."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.kernel.db.engine import Database
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from app.prescreens.public import answering
from tests import browsers
from tests.cast import Cast
from tests.prescreens import factories
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

LANGUAGES = ("en", "es", "fr", "ar")
WRONG = {"budget": "a lot", "email": "jane at home"}
"""What is refused at first; afterwards what was typed stands there, and is overwritten."""
KEYS = [question["key"] for question in factories.QUESTIONS]


@pytest.fixture
def readable(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A questionnaire in all languages, which may be answered as fast as keys are pressed."""
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)
    with database.write() as db:
        factories.template(db, cast.marston.id)


@pytest.fixture
def site(app: Flask, readable: None) -> Iterator[str]:
    with visual_checks.serving(app) as base:
        yield base


def speaks(database: Database, locale: str) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(locale=locale))


def given(database: Database) -> dict[str, object]:
    with database.read() as db:
        return dict(db.scalars(select(Prescreen.submission).order_by(Prescreen.created_at.desc())).first() or {})


def is_legible(page: Page, locale: str) -> None:
    """What every page of the chat has for a screen reader."""
    root = page.locator("html")
    expect(root).to_have_attribute("lang", locale)
    expect(root).to_have_attribute("dir", "rtl" if locale == "ar" else "ltr")
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.title()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('main :is(a, button, input:not([type=hidden]), textarea)')]
            .filter((each) => each.checkVisibility() && !each.closest('[aria-hidden=true]'))
            .filter((each) => !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []


def types_answer(page: Page, step: str, answer: str) -> None:
    """Answers by keys, from where the focus is, and goes on by them."""
    expect(page.locator(":focus")).to_have_attribute("name", "answer")
    kind = page.locator(":focus").get_attribute("type")
    if kind in ("radio", "checkbox"):
        page.keyboard.press("Space")
    elif kind == "date":
        page.locator(":focus").fill(answer)  # its keys depend on the machine
    else:
        page.keyboard.press("Control+A")
        page.keyboard.type(answer) if answer else page.keyboard.press("Delete")
    if page.evaluate("document.activeElement.matches('textarea')"):
        page.keyboard.press("Tab")
        while not page.evaluate("document.activeElement.matches('.onward .primary')"):
            page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def is_asked(page: Page, step: str, locale: str) -> None:
    expect(page.locator("input[name=step]")).to_have_value(step)
    is_legible(page, locale)
    expect(page.locator(":focus")).to_have_attribute("name", "answer")


def answers_everything(page: Page, database: Database, locale: str) -> None:
    t = TRANSLATIONS.translator(locale)
    for step in KEYS:
        is_asked(page, step, locale)
        if step in WRONG:
            types_answer(page, step, WRONG[step])
            for _ in range(2):
                # Refused in words that belong to the field; what was typed is there again, also when loaded again.
                field = page.locator("#answer")
                expect(field).to_have_value(WRONG[step])
                expect(field).to_have_attribute("aria-invalid", "true")
                described = str(field.get_attribute("aria-describedby")).split()
                assert "answer-error" in described
                assert page.locator("#answer-error").inner_text().strip()
                is_asked(page, step, locale)
                page.reload()
        types_answer(page, step, factories.JANE.get(step, ""))
        page.reload()
        if step != KEYS[-1]:
            log = page.get_by_role("log", name=t("so_far"))
            expect(log).to_be_visible()
            assert log.get_by_role("listitem").count() == 2 * min(2, KEYS.index(step) + 1)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_by_keys_in_two_tabs(site: str, chromium: Browser, database: Database, locale: str) -> None:
    speaks(database, locale)
    t = TRANSLATIONS.translator(locale)
    with browsers.fresh_page(chromium, 390, 844) as page:
        page.goto(f"{site}/p/marston/two-bedroom")
        is_legible(page, locale)
        page.locator("#start").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        other = page.context.new_page()
        answers_everything(page, database, locale)
        # The review; another tab changes an answer that stands there, so that it is shown again instead of sent.
        expect(page.get_by_role("heading", level=1)).to_have_text(t("look_again"))
        is_legible(page, locale)
        other.goto(f"{page.url.partition('?')[0]}?step=budget")
        is_asked(other, "budget", locale)
        types_answer(other, "budget", "1900")
        expect(other.get_by_role("heading", level=1)).to_have_text(t("look_again"))
        page.locator("#send").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(t("changed_meanwhile"))
        expect(page.locator(".review .warn")).to_contain_text("1" if locale != "ar" else t("changed"))
        assert given(database)["budget"] == 1900
        page.locator("#send").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        for each in (page, other):
            each.reload()
            is_legible(each, locale)
            expect(each.locator("#withdraw summary")).to_be_visible()
        # The other tab cannot answer any more, and says so by showing what was sent.
        other.go_back()
        expect(other.locator("#withdraw summary")).to_be_visible()
        # The status page is reached by its link.
        page.locator("a[href*='/status/']").first.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.reload()
        is_legible(page, locale)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_without_scripts_and_cookies(
    app: Flask, readable: None, chromium: Browser, database: Database, locale: str
) -> None:
    speaks(database, locale)
    context: BrowserContext = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    with visual_checks.serving(app, cookies=False) as site:
        walks(context, site, database, locale)
    assert context.cookies() == []
    context.close()


def walks(context: BrowserContext, site: str, database: Database, locale: str) -> None:
    """Through the whole questionnaire, and to what was sent."""
    page = context.new_page()
    page.goto(f"{site}/p/marston/two-bedroom")
    with page.expect_navigation():
        page.locator("#start").press("Enter")
    for step in KEYS:
        expect(page.locator("input[name=step]")).to_have_value(step)
        focused = page.locator(":focus")
        expect(focused).to_have_attribute("name", "answer")
        if focused.get_attribute("type") in ("radio", "checkbox"):
            focused.press("Space")
        else:
            focused.fill(factories.JANE.get(step, ""))
        with page.expect_navigation():
            page.locator(".onward .primary").press("Enter")
        page.reload()
    with page.expect_navigation():
        page.locator("#send").press("Enter")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", locale)
    expect(page.locator("#withdraw summary")).to_be_visible()
    assert given(database)["budget"] == 2500
