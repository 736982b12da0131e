"""Templates of the old version are questionnaires with the same address and text, and nobody is unable to deny."""

import html
import re
from typing import Any
from uuid import UUID

from tests.upgrade.browser import Browsers
from tests.upgrade.snapshot import snapshot

ADMIN = "margit.sorensen@example.com"
AGENT = "priya.raman@example.com"
REASONS = ("Budget", "Proof of income", "References", "Pets", "Move-in date", "No home is free")


def templates() -> list[dict[str, Any]]:
    homes = {each["id"]: each["slug"] for each in snapshot().records("organizations")}
    versions = {
        (each["workflow_template_id"], each["number"]): each
        for each in snapshot().records("workflow_template_versions")
    }
    return [
        {**each, **versions[each["id"], each["current_version"]], "home": homes[each["organization_id"]]}
        for each in snapshot().records("workflow_templates")
    ]


def test_each_is_published_at_its_old_address(browsers: Browsers) -> None:
    assert {each["is_open"] for each in templates()} == {True, False}
    for each in templates():
        answer = browsers.stranger().client.get(f"/p/{each['home']}/{each['slug']}")
        assert answer.status_code == (200 if each["is_open"] else 410), each["slug"]
        assert not each["is_open"] or each["introduction"] in html.unescape(answer.text)
        page = html.unescape(browsers[ADMIN].get(f"/prescreens/questionnaires/{UUID(each['id'])}").html)
        assert re.search(rf"(?i)version {each['number']}\b", page)
        assert all(question["label"] in page for question in each["questions"]), each["slug"]


def test_an_agent_can_deny_with_a_reason_of_the_standard_list(browsers: Browsers) -> None:
    waiting = browsers[AGENT].get("/prescreens").things
    assert waiting
    page = html.unescape(browsers[AGENT].get(f"/prescreens/{waiting[0]}").html)
    offered = re.findall(r'<input[^>]* name="reason"[^>]* value="([^"]+)"', page)
    assert tuple(offered) == REASONS
