"""One address, one view: a page, or for htmx the fragment that the page includes."""

import pytest
from flask.testing import FlaskClient

AIMED = {"HX-Request": "true", "HX-Target": "div#queue", "HX-Request-Type": "partial"}


def test_the_fragment_is_the_part_of_the_page(visitor: FlaskClient) -> None:
    page, fragment = visitor.get("/queue?state=requested"), visitor.get("/queue?state=requested", headers=AIMED)
    assert fragment.text.strip() in page.text
    assert fragment.text.strip().startswith('<div id="queue">')


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**AIMED, "HX-History-Restore-Request": "true"},
        {**AIMED, "HX-Target": "body", "HX-Request-Type": "full"},
        {**AIMED, "HX-Target": "div#other"},
        {**AIMED, "HX-Request": "no"},
    ],
)
def test_all_others_get_the_page(visitor: FlaskClient, headers: dict[str, str]) -> None:
    answer = visitor.get("/queue", headers=headers)
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Target", "HX-History-Restore-Request"} <= set(answer.headers["Vary"].split(", "))


def test_a_refusal_goes_to_its_slot_and_keeps_the_address(site: object, visitor: FlaskClient) -> None:
    token = visitor.get("/queue").text.split('name="csrf-token" content="')[1].split('"')[0]
    headers = {"HX-Request": "true", "HX-Request-Type": "full", "X-CSRFToken": token}
    answer = visitor.post("/detail/late", headers=headers)
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#refusal"
    assert answer.headers["HX-Reswap"] == "outerHTML"
    assert answer.headers["HX-Push-Url"] == "false"
    assert answer.text.strip().startswith('<div class="notice danger" id="refusal" role="alert"')
