"""An auditor looks at everything and changes nothing: every form that Vera finds is sent by one, and refused."""

import contextlib
import re
from html import unescape

from tests.house.furnished import FORM, House, endpoint_of, inside, written

OWN = {"accounts.sign_out", "accounts.change_settings", "accounts.change_password", "accounts.end_sign_in"}
"""What belongs to everybody who is signed in."""


def forms(house: House) -> dict[str, str]:
    """endpoint → an address that a form posts to, from every page Vera saw."""
    found: dict[str, str] = {}
    for visit in house.pages():
        for attributes, _ in FORM.findall(visit.html) if visit.signed_in else ():
            action = re.search(r'\baction="([^"]+)"', attributes)
            url = inside(visit.url, unescape(action[1])) if action else visit.url
            if url:
                found.setdefault(str(endpoint_of(house.app, url, "POST")), url)
    return found


def test_an_auditor_changes_nothing(house: House) -> None:
    acting = {endpoint: url for endpoint, url in forms(house).items() if endpoint not in OWN}
    rooms = {endpoint.split(".")[0] for endpoint in acting}
    assert rooms >= {"depositions", "prescreens", "inspections", "deliveries", "accounts"}
    client = house.client("kwame.boateng@example.com")
    house.app.config["WTF_CSRF_ENABLED"] = False
    try:
        with contextlib.closing(house.database.open_reader()) as watch:
            before = written(watch)
            wrong = {url: status for url in acting.values() if (status := client.post(url).status_code) != 403}
            assert written(watch) == before
    finally:
        house.app.config["WTF_CSRF_ENABLED"] = True
    assert not wrong
