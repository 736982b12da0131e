"""Links, keys, cookies, passwords, second factors and commands from before the upgrade still open what they opened."""

import json
import re
from datetime import datetime
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from tests.clocks import Clock
from tests.upgrade import product
from tests.upgrade.browser import Browser, Browsers
from tests.upgrade.snapshot import facts, snapshot

PASSWORD = "nine quiet rivers bend"


def test_cookies_keep_people_signed_in(browsers: Browsers) -> None:
    names = {person["email"]: person["name"] for person in snapshot().records("people")}
    for email in facts()["cookies"]:
        assert names[email] in browsers[email].get("/settings").html, email


def test_the_mailed_link_of_a_session_knows_who_comes(browsers: Browsers) -> None:
    stranger, known = browsers.stranger(), facts()["session"]
    row = next(row for row in snapshot().records("depositions") if row["id"] == known["id"])
    path, _, proof = known["path"].partition("?k=")
    shown = stranger.get(known["path"])
    assert shown.path == path
    assert row["deponent_name"] in shown.text
    # Whom the proof names is handed on to the way in; a torn one leads to the page, and names nobody.
    assert proof in shown.html
    assert _torn(proof) not in stranger.get(_torn(known["path"])).html


@pytest.mark.parametrize("name", ["status", "chat"])
def test_the_mailed_links_of_a_prospect_open_their_prescreen(browsers: Browsers, name: str) -> None:
    stranger, path = browsers.stranger(), facts()[name]["path"]
    assert stranger.get(path).path == path
    assert stranger.client.get(_torn(path)).status_code == 404


def test_a_mailed_link_lets_a_field_user_in_with_the_code(browsers: Browsers) -> None:
    stranger, known = browsers.stranger(), facts()["join"]
    assert known["id"] in stranger.get(known["path"]).path
    first = stranger.client.get(known["api"])
    assert (first.status_code, first.get_json()["detail"]) == (401, "otp_required")
    joined = stranger.client.get(known["api"], headers={"X-Join-OTP": known["code"]})
    assert joined.status_code == 200, joined.text
    again = stranger.client.get(known["api"].removeprefix("/api"))
    assert again.get_json() == joined.get_json()


def test_a_field_user_stays_inside(browsers: Browsers) -> None:
    stranger, known = browsers.stranger(), facts()["inside"]
    assert stranger.client.get(known["path"]).status_code == 403
    stranger.client.set_cookie(known["cookie_name"], known["cookie"], path=f"/join/{known['id']}/")
    assert stranger.get(known["path"]).path == known["path"]


@pytest.mark.parametrize("name", ["invitation", "reset"])
def test_a_mailed_link_sets_a_password_once(browsers: Browsers, name: str) -> None:
    browser, known = browsers.stranger(), facts()[name]
    page = browser.get(known["path"])
    fields = dict.fromkeys(_password_fields(page.html), PASSWORD)
    assert fields
    browser.submit(page.form(known["path"]), **fields)
    assert browsers.stranger().client.get(known["path"]).status_code == 410
    assert _signed_in(_sign_in(browsers.stranger(), known["email"], PASSWORD))


def test_passwords_and_apps_and_recovery_codes_sign_in(browsers: Browsers, clock: Clock) -> None:
    known = facts()["second_factor"]
    clock.move(minutes=1)
    for code in (pyotp.TOTP(known["secret"]).at(clock.now()), known["recovery_codes"][0]):
        browser = _sign_in(browsers.stranger(), known["email"], known["password"])
        assert not _signed_in(browser)
        _second_step(browser, code)
        assert _signed_in(browser)


def test_somebody_between_the_two_steps_goes_on(app: Any, browsers: Browsers, clock: Clock) -> None:
    known = facts()["second_factor"]
    clock.set(datetime.fromisoformat(facts()["half_way_at"]))
    clock.move(minutes=1)
    browser = Browser(app, facts()["half_way_cookie"])
    _second_step(browser, pyotp.TOTP(known["secret"]).at(clock.now()))
    assert _signed_in(browser)


def test_keys_and_bearers_read_the_same(app: Any) -> None:
    for each in facts()["api"]:
        answer = app.test_client().get(each["url"], headers={"Authorization": f"Bearer {each['key']}"})
        assert answer.status_code == 200, (each["url"], answer.text)
        found = re.findall(r'"(?:id|session_id|remote_session_id)": ?"?([0-9a-f-]+)"?', json.dumps(answer.get_json()))
        assert sorted(set(found)) == each["ids"], each["url"]


@pytest.mark.parametrize("at", range(len(facts()["idempotent"])))
def test_a_repeated_request_gets_its_first_answer(app: Any, at: int) -> None:
    known = facts()["idempotent"][at]
    answer = app.test_client().open(
        known["url"],
        method=known["method"],
        json=known["body"],
        headers={"Authorization": f"Bearer {known['key']}", "Idempotency-Key": known["idempotency_key"]},
    )
    assert (answer.status_code, answer.get_json()) == (known["status"], known["answer"])


def test_a_revoked_key_stays_revoked(database: Any) -> None:
    revoked = {row["id"] for row in snapshot().records("api_keys") if row["revoked_at"]}
    assert {row[0] for row in product.rows(database, "SELECT id FROM api_keys WHERE revoked_at IS NOT NULL")} == revoked
    assert revoked


# Commands


@pytest.fixture
def desk(database: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command `desk` on the upgraded database."""
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_BASE_URL", "OTP_PEPPER", "SMTP_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, typed: str | None = None) -> Result:
        done = CliRunner().invoke(main, list(arguments), input=typed, env=product.command_environment(database))
        assert done.exit_code == 0, done.output
        return done

    return run


def test_the_tables_counters_and_index_are_as_the_program_needs_them(desk: Any) -> None:
    desk("db", "check")
    desk("check", "counts")
    desk("check", "search")


def test_the_command_still_takes_its_former_option(desk: Any, database: Any) -> None:
    who = ("--email", "late.night@example.com", "--name", "Late Night", "--role", "auditor")
    desk("person", "create", *who, "--house", "--password-stdin", typed=f"{PASSWORD}\n")
    places = product.rows(
        database,
        "SELECT m.organization_id, m.role FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE p.email = 'late.night@example.com'",
    )
    assert [tuple(place) for place in places] == [(None, "auditor")]


def test_the_demonstration_knows_its_own_rows(desk: Any) -> None:
    """Keys and passwords are derived: loaded again after the upgrade they are the same, and nothing is written."""
    shown = json.loads(desk("demo", "load", "--json").stdout)
    keys = {
        organization["slug"]: {key["product"]: key["key"] for key in organization["keys"]}
        for organization in shown["organizations"]
    }
    for slug, known in facts()["keys"].items():
        assert keys[slug] == known
    passwords = {person["email"]: person["password"] for person in shown["people"]}
    assert passwords[facts()["second_factor"]["email"]] == facts()["second_factor"]["password"]


def _torn(path: str) -> str:
    """A link that lost its last letters on the way."""
    return path[:-4]


def _password_fields(html: str) -> list[str]:
    inputs = re.findall(r"<input[^>]*type=\"password\"[^>]*>", html)
    return [name[1] for each in inputs if (name := re.search(r'name="([^"]+)"', each))]


def _sign_in(browser: Browser, email: str, password: str) -> Browser:
    form = browser.get("/sign-in").form("/sign-in")
    browser.submit(form, email=email, password=password)
    return browser


def _second_step(browser: Browser, code: str) -> None:
    page = browser.get("/sign-in/second")
    form = page.form("/sign-in/second")
    (name,) = [name for name in form.fields if "code" in name]
    browser.submit(form, **{name: code})


def _signed_in(browser: Browser) -> bool:
    return bool(browser.client.get("/settings").status_code == 200)
