"""Visitor pages in a browser that runs no scripts, and in one that keeps no cookies and no storage."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import update

from app.accounts.models import Organization
from app.kernel.db.engine import Database
from app.prescreens.public import answering
from tests import browsers
from tests.cast import Cast
from tests.conftest import missing
from tests.depositions import factories as depositions
from tests.inspections.conftest import Integrator, printed, token_of
from tests.outgoing import Outbox
from tests.prescreens import factories as prescreens
from tests.prescreens.visitors import JANE
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

NO_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}
"""What Chromium writes when its user blocks all cookies; storage of pages is blocked with them."""


@pytest.fixture(params=["no scripts", "no cookies"])
def context(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    if request.param == "no scripts":
        opened = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    else:
        if (complete := browsers.complete()) is None:
            missing("Chromium is missing: install the Debian package chromium.")
        (tmp_path / "Default").mkdir()
        (tmp_path / "Default" / "Preferences").write_text(json.dumps(NO_COOKIES))
        opened = chromium.browser_type.launch_persistent_context(
            tmp_path,
            executable_path=complete,
            args=browsers.FLAGS,
            viewport={"width": 390, "height": 844},
        )
    opened.set_default_timeout(10_000)
    yield opened
    if request.param == "no cookies":
        assert opened.cookies() == []
        read = "() => { try { return String(sessionStorage) } catch (error) { return error.name } }"
        assert opened.pages[-1].evaluate(read) == "SecurityError"
    opened.close()


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    with visual_checks.serving(app) as served:
        yield served


@pytest.fixture
def complaints(context: BrowserContext) -> Iterator[list[str]]:
    """What scripts fall over."""
    found: list[str] = []
    context.on("weberror", lambda error: found.append(str(error.error)))
    yield found
    assert not found


def test_a_prospect_answers_and_sends(
    context: BrowserContext,
    base: str,
    complaints: list[str],
    database: Database,
    cast: Cast,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prescreens.prescreen(database, cast.marston.id)
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)
    page = context.new_page()
    # Without scripts all languages are walked in tests/prescreens/test_chat_walks.py.
    has_scripts = "no cookies" in request.node.callspec.id
    for locale in ("en", "es", "fr", "ar") if has_scripts else ("en",):
        with database.write() as db:
            db.execute(update(Organization).values(locale=locale))
        page.goto(f"{base}/p/marston/two-bedroom")
        assert page.locator("noscript").count() == 0
        page.locator("main .primary").click()
        while page.locator("form.question").count():
            step = page.locator("form.question [name=step]").get_attribute("value") or ""
            given, field = JANE.get(step, ""), page.locator("#answer")
            if step == "budget":
                field.fill("?")
                page.locator("form.question .primary").click()
                expect(page.locator("#answer-error")).to_be_visible()
                expect(field).to_have_value("?")
                page.reload()
            if field.count():
                field.fill(given)
            else:
                page.locator(f"form.question input[value='{given}']").check()
            page.locator("form.question .primary").click()
            page.wait_for_load_state()
        expect(page.locator("html")).to_have_attribute("lang", locale)
        expect(page.locator("html")).to_have_attribute("dir", "rtl" if locale == "ar" else "ltr")
        page.locator("#send").click()
        expect(page.locator("[data-copy]").first).to_be_visible(visible=has_scripts)
        page.locator("main a[href*='/status/']").first.click()
        expect(page.locator("h1")).to_be_visible()
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", locale)


def test_a_participant_reads_the_page_of_the_session(
    context: BrowserContext, base: str, complaints: list[str], database: Database, cast: Cast, outbox: Outbox
) -> None:
    depositions.in_state(database, cast, "scheduled")
    (message,) = outbox.emails("orsolya@example.com")
    page = context.new_page()
    page.goto(base + message["text"].partition("http://localhost:8000")[2].split()[0])
    expect(page.locator(".status-card")).to_be_visible()
    links = page.locator("main a[href*='/sessions/']:not([href*='.ics'])")
    assert links.count()
    for link in links.evaluate_all("all => all.map(each => each.href)"):
        answer = context.new_page().goto(link)
        assert answer is not None
        assert answer.status < 400, link


def test_a_field_user_joins_or_is_told_what_is_missing(
    context: BrowserContext, base: str, complaints: list[str], app: Flask, cast: Cast, request: pytest.FixtureRequest
) -> None:
    integrator = Integrator(app, cast, "marston")
    session = integrator.create(locale="fr", notes="Dégât")
    invite = integrator.invite(session, **printed("mint"))
    page = context.new_page()
    page.goto(f"{base}/join/{invite['session']}/?t={token_of(invite)}")
    page.locator("main .primary").click()
    page.locator("[name=code]").fill(invite["otp_code"])
    page.locator("main .primary").click()
    if "no scripts" in request.node.callspec.id:
        expect(page.locator("[name=camera]").first).to_be_visible()
    else:
        expect(page.locator("body")).to_contain_text("Autorisez les cookies")
