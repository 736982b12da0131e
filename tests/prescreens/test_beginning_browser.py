"""A new organization in a real browser: each person and the prospect read pages, type and press, to the first decision.

What the pages say on the way, and what may not be pressed, is test_beginning.py's.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.kernel.db.engine import Database
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from tests import browsers
from tests.accounts.test_password import NEW, link_in
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import last, sweep
from tests.prescreens.factories import stored
from tests.prescreens.test_beginning import CEDAR, GIVEN, PROSPECT
from tests.prescreens.test_chat_walks import given
from tests.project.visual_checks import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]


@contextmanager
def going_on(page: Page) -> Iterator[None]:
    """What is pressed within leads to another page."""
    with page.expect_navigation(wait_until="load"):
        yield


def types(page: Page, typed: dict[str, str], within: str = "main") -> None:
    for name, value in typed.items():
        field = page.locator(f"{within} [name='{name}']").first
        is_list = field.evaluate("each => each.matches('select')")
        field.select_option(value) if is_list else field.fill(value)


def invites(page: Page, base: str, outbox: Outbox, name: str, role: str) -> str:
    """Presses what invites somebody; returns the link of the e-mail."""
    email = f"{name.lower()}@cedar.example.com"
    page.goto(f"{base}/people")
    with going_on(page):
        page.get_by_role("link", name="Invite a person").click()
    types(page, {"name": f"{name} Cedar", "email": email})
    page.locator(f"[name=role][value={role}]").check()
    page.locator("[name=place]").select_option(label="Cedar Court")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text(f"An invitation to {email} is on its way.")).to_be_visible()
    return link_in(outbox.emails(email)[-1]["text"])


def becomes(page: Page, base: str, link: str) -> None:
    """Somebody else takes the browser: follows the e-mail's link, and chooses a password there."""
    page.context.clear_cookies()
    page.goto(base + link)
    types(page, {"password": NEW}, within="form")
    with going_on(page):
        page.get_by_role("button", name="Open my account").click()


def answers(page: Page) -> None:
    """The prospect, a question a page."""
    with going_on(page):
        page.locator("#start").click()
    while page.locator("input[name=step]").count():
        answer = GIVEN.get(page.locator("input[name=step]").input_value(), "")
        if page.locator("[name=answer]:is([type=radio], [type=checkbox])").count():
            if answer:
                page.locator(f"[name=answer][value='{answer}']").check()
        elif not page.locator("[name=answer][type=file]").count():  # files are left out
            page.locator("[name=answer]").fill(answer)
        with going_on(page):
            page.locator(".onward .primary").click()
    with going_on(page):
        page.locator("#send").click()


def test_to_the_first_decision(app: Flask, database: Database, cast: Cast, chromium: Browser, outbox: Outbox) -> None:
    with serving(app) as base, browsers.fresh_page(chromium) as page:
        name, value = cast.cookie(app, "hugo")
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(f"{base}/organizations")
        with going_on(page):
            page.get_by_role("link", name="New organization").click()
        types(page, CEDAR)
        page.get_by_role("button", name="Create the organization").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cedar Court")
        admin = invites(page, base, outbox, "Abby", "admin")
        becomes(page, base, admin)
        lead, agent = (invites(page, base, outbox, *who) for who in (("Lou", "leasing_lead"), ("Gil", "leasing_agent")))

        becomes(page, base, lead)
        page.goto(f"{base}/prescreens/questionnaires")
        with going_on(page):
            page.get_by_role("link", name="Create the first one").click()
        types(page, {"name": "Garden flat"})
        page.locator("[name=start][value=home]").check()
        with going_on(page):
            page.get_by_role("button", name="Create the draft").click()
        page.get_by_role("button", name="Review and publish").click()
        page.locator("dialog#preview[open] #confirm").click()
        expect(page).to_have_url(re.compile(r"/questionnaires/[0-9a-f-]{36}$"))
        expect(page.get_by_text("/p/cedar/garden-flat").first).to_be_visible()

        page.context.clear_cookies()
        page.goto(f"{base}/p/cedar/garden-flat")
        answers(page)
        status = str(page.locator("a[href*='/status/']").first.get_attribute("href"))
        assert given(database)["budget"] == 2500

        becomes(page, base, agent)
        page.goto(f"{base}/prescreens")
        page.get_by_role("link", name="Jo March").first.click()
        page.locator("[name=reason][value=Budget]").check()
        types(page, {"about:Budget": ":else", "other:Budget": "Quokkas need more room"})
        page.locator("#deny").click()
        expect(page.get_by_role("group", name="A decision that can be undone")).to_contain_text("Jo March")
        with database.read() as db:
            row = db.execute(select(Prescreen.id)).one()
        assert sweep(database, last(database, row.id).final_at)
        assert stored(database, row.id).review_status == "denied"
        page.context.clear_cookies()
        page.goto(base + status if status.startswith("/") else status)
        expect(page.get_by_role("main")).to_contain_text(TRANSLATIONS.translator("en")("state_denied"))
        assert "Quokkas" not in page.content()
        assert "Cedar Court" in outbox.emails(PROSPECT)[-1]["subject"]
