"""Passkeys in a real browser, with an authenticator that Chromium plays; and what is there without scripts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.accounts.models import Passkey, SignIn
from app.kernel.db.engine import Database
from tests import browsers
from tests.accounts.factors import code, give_app
from tests.cast import PASSWORD, Cast
from tests.project.visual_checks import serving

pytestmark = pytest.mark.browser

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def address(app: Flask, database: Database) -> Iterator[str]:
    """The address of the site, and the one that its passkeys are for."""
    with serving(app) as found:
        database.config = app.extensions["config"] = replace(database.config, public_base_url=found)
        yield found


def authenticator(page: Page, **options: Any) -> tuple[Any, str]:
    """Gives the browser a device that keeps passkeys and knows its owner."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    wanted = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **options,
    }
    return devices, devices.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})["authenticatorId"]


def give_password(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-mail").fill("lena@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def violations(page: Page) -> list[str]:
    """What axe finds. Only that: an authenticator waits for a page that keeps its size and focus."""
    return [found["id"] for found in Axe().run(page).response["violations"]]


@ONE_DATABASE
def test_a_passkey_from_adding_to_removing(address: str, page: Page, cast: Cast, database: Database) -> None:
    authenticator(page)
    give_password(page, address)
    page.goto(f"{address}/settings")
    page.get_by_label("Name", exact=True).last.fill("This laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert not violations(page)
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_role("row", name="This laptop")).to_be_visible()
    assert not violations(page)

    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).last.fill("Again")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device has a passkey for you already.")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{address}/sign-in?next=/prescreens")
    assert not violations(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{address}/prescreens*")

    page.context.clear_cookies()
    give_password(page, address)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert not violations(page)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"{address}/")

    page.context.clear_cookies()
    give_password(page, address)
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{address}/")
    with database.read() as db:
        assert db.scalars(select(Passkey)).one().last_used_at is not None
        assert len(db.scalars(select(SignIn)).all()) == 4

    page.goto(f"{address}/settings")
    page.get_by_role("row", name="This laptop").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_visible()


@ONE_DATABASE
def test_a_person_who_backs_out_is_told(address: str, page: Page, cast: Cast) -> None:
    devices, id = authenticator(page, isUserVerified=False)
    page.goto(f"{address}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible(timeout=20_000)
    devices.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": id})
    give_password(page, address)
    page.wait_for_url(f"{address}/")


@ONE_DATABASE
def test_an_app_with_the_keyboard_and_htmx(address: str, page: Page, cast: Cast) -> None:
    give_password(page, address)
    page.goto(f"{address}/settings")
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
    assert not violations(page)
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code the app shows now").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not the code the app shows now.")).to_be_visible()
    page.get_by_label("Code the app shows now").fill(code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()


@pytest.fixture
def without_scripts(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@ONE_DATABASE
def test_without_scripts_a_code_signs_in(address: str, without_scripts: Page, cast: Cast, database: Database) -> None:
    page, (secret, _) = without_scripts, give_app(database, cast, "lena")
    page.goto(f"{address}/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    give_password(page, address)
    page.get_by_label("Code from your app").fill(code(secret))
    page.get_by_role("button", name="Continue").click()
    page.goto(f"{address}/settings")
    expect(page.get_by_text("Adding one needs scripts")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    page.get_by_role("button", name="Remove the app").click()
    expect(page.get_by_text("Your password alone signs in.")).to_be_visible()


@ONE_DATABASE
def test_on_a_phone_nothing_sticks_out(
    address: str, chromium: Browser, app: Flask, cast: Cast, database: Database
) -> None:
    give_app(database, cast, "lena")
    with browsers.fresh_page(chromium, width=320, scheme="dark") as page:
        name, value = cast.cookie(app, "lena")
        page.context.add_cookies([{"name": name, "value": value, "url": address}])
        for path in ("/settings", "/settings/proof", "/sign-in/second"):
            page.goto(address + path)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
            assert not violations(page), path
