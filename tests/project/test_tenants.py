"""The wall between organizations: what one of them can open, no other can, and a stranger's id is no id at all."""

import re
from collections import defaultdict

import pytest
from flask import Flask

from app import demo
from app.inspections import actions as inspections
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.depositions.factories import request
from tests.prescreens.factories import prescreen
from tests.project.crawler import DemoSite

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

OF_EACH = 6
ID = re.compile(r"(?<=/)(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/|$)")
NOT_AN_ORGANIZATIONS = {"mail.message", "mail.inbox"}
"""The development machine's own mailbox."""


def test_nobody_sees_another_organizations_things(demo_site: DemoSite) -> None:
    pages: dict[str, set[str]] = defaultdict(set)
    for visit in demo_site.visits:
        if visit.signed_in and visit.status == 200 and ID.search(visit.url.split("?")[0]):
            if len(pages[visit.endpoint]) < OF_EACH:
                pages[visit.endpoint].add(visit.url)
    detail = {(endpoint, url) for endpoint, urls in pages.items() for url in urls}
    assert {endpoint.split(".")[0] for endpoint, _ in detail} >= {"depositions", "prescreens", "inspections"}
    locals_ = [
        (player.email, {place for _, place in player.roles})
        for player in demo.CAST
        if all(place for _, place in player.roles)
    ]
    seen: dict[str, set[str]] = {url: set() for _, url in detail}
    wrong = []
    for email, places in locals_:
        client = demo_site.client(email)
        for endpoint, url in sorted(detail):
            if endpoint in NOT_AN_ORGANIZATIONS:
                continue
            answer = client.get(url)
            if answer.status_code == 200:
                seen[url] |= places
            elif answer.status_code not in (303, 403, 404):
                wrong.append(f"GET {url} answers {answer.status_code} to {email}")
    wrong += [f"GET {url} is open to {sorted(who)}" for url, who in seen.items() if len(who) > 1]
    assert not wrong
    assert any(seen.values()), "Somebody should see something."


def test_a_strangers_id_answers_like_a_made_up_one(demo_site: DemoSite) -> None:
    people = {player.email: {role for role, _ in player.roles} for player in demo.CAST}
    client = demo_site.client(next(email for email, roles in people.items() if roles == {"leasing_agent"}))
    strange = [
        v.url for v in demo_site.visits if v.signed_in and v.endpoint.startswith("prescreens.") and ID.search(v.url)
    ]
    refused = [url for url in strange if client.get(url).status_code == 404]
    assert refused, "Other organizations have prescreens too."
    for url in refused[:10]:
        made_up = ID.sub("6f1c1f6e-0000-4000-8000-000000000000", url)
        assert words(client.get(url).get_data(as_text=True)) == words(client.get(made_up).get_data(as_text=True))


def words(html: str) -> str:
    """A page without what is new in every answer."""
    return re.sub(r'value="[^"]*"|content="[^"]*"|X-CSRFToken": "[^"]*"|data-now="[^"]*"|[0-9a-f]{32}', "", html)


OTHERS = ("Harbor Homes", "Quill Reporting", "Fern Mutual", "Oona Byrne", "Lars Holm", "Abel Costa", "harbor.example")


@pytest.mark.parametrize("who", ["adam", "mira"])
def test_no_page_of_ones_own_names_another_organization(app: Flask, database: Database, cast: Cast, who: str) -> None:
    """Nor their people: also not among the choices of a filter or a form."""
    for slug, operator in (("marston", "otto"), ("harbor", "oona")):
        home = cast.organizations[slug]
        prescreen(database, home.id)
        request(database, cast, slug, title=f"Session at {home.name}")
        with database.write() as db:
            by = cast.actor(operator)
            inspections.create(db, notes=f"Roof of {home.name}", organization_id=home.id, by=by, now=now())
    client = cast.sign_in(app.test_client(), who)
    pages = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in NOT_AN_ORGANIZATIONS
    )
    shown = {page: answer.text for page in pages if (answer := client.get(page)).mimetype.startswith("text/")}
    assert sum("Marston" in each for each in shown.values()) > 5
    found = {page: [name for name in OTHERS if name in each] for page, each in shown.items()}
    assert not {page: names for page, names in found.items() if names}
