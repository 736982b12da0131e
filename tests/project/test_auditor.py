"""An auditor looks at everything and changes nothing: every form that Vera finds is sent by one, and refused."""

import contextlib
import re
from html import unescape

import pytest

from app.kernel.web.live import POLL_HEADER
from tests.project.crawler import FORM, DemoSite, endpoint_of, inside, written

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

OWN = {
    "accounts.add_passkey",
    "accounts.ask_for_address",
    "accounts.change_password",
    "accounts.change_settings",
    "accounts.confirm_address",
    "accounts.end_other_sign_ins",
    "accounts.end_sign_in",
    "accounts.new_app",
    "accounts.new_passkey_challenge",
    "accounts.proof_challenge",
    "accounts.prove",
    "accounts.prove_with_passkey",
    "accounts.remove_passkey",
    "accounts.renew_codes",
    "accounts.sign_out",
    "accounts.turn_off_app",
    "accounts.turn_on_app",
    "depositions.layout",
    "inspections.layout",
    "prescreens.layout",
    "views.move",
    "views.remove",
    "views.rename",
    "views.save",
}
"""What belongs to everybody who is signed in."""


def forms(demo_site: DemoSite) -> dict[str, str]:
    """endpoint → an address that a form posts to, from every page Vera saw."""
    found: dict[str, str] = {}
    for visit in demo_site.pages():
        for attributes, _ in FORM.findall(visit.html) if visit.signed_in else ():
            action = re.search(r'\baction="([^"]+)"', attributes)
            url = inside(visit.url, unescape(action[1])) if action else visit.url
            if url:
                found.setdefault(str(endpoint_of(demo_site.app, url, "POST")), url)
    return found


def public(endpoint: str) -> bool:
    """Whether the form is a stranger's, such as the start of a chat, which anybody may press."""
    return endpoint.split(".")[0].endswith("_public")


def test_an_auditor_changes_nothing(demo_site: DemoSite) -> None:
    acting = {
        endpoint: url for endpoint, url in forms(demo_site).items() if endpoint not in OWN and not public(endpoint)
    }
    rooms = {endpoint.split(".")[0] for endpoint in acting}
    assert rooms >= {"depositions", "prescreens", "inspections", "messages", "accounts"}
    wrong: list[str] = []
    client = demo_site.client("kwame.boateng@example.com")
    demo_site.app.config["WTF_CSRF_ENABLED"] = False
    try:
        with contextlib.closing(demo_site.database.open_reader()) as watch:
            for url in acting.values():
                before = written(watch)
                # As a poll, so that no last-seen time is written beside.
                status = client.post(url, data={"act": "assign"}, headers={POLL_HEADER: "1"}).status_code
                if status != 403 or written(watch) != before:
                    wrong.append(f"POST {url} answers {status}, wrote: {written(watch) != before}")
    finally:
        demo_site.app.config["WTF_CSRF_ENABLED"] = True
    assert not wrong
