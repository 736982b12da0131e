"""The rows behind the fairness page: each figure leads to the list of what it counts, and no link says who decided."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from app.prescreens.views.filters import FILTERS
from app.prescreens.views.measured import MEASURED
from tests.cast import Cast
from tests.clocks import Clock
from tests.pages import text
from tests.prescreens.factories import prescreen
from tests.prescreens.measured import decided, switch

NIGHT = now().replace(hour=3, minute=0) - timedelta(days=2)
"""In New York the evening before."""


@pytest.fixture
def history(database: Database, cast: Cast, clock: Clock) -> int:
    """Lena approved 12 of 14, Mira 3 of 12 and Leda 1 of 3 alike ones; others of which Lena alone decided; by API."""
    clock.set(now().replace(hour=15))  # in New York the morning, whatever hour it is
    home = int(cast.marston.id)
    decided(
        database,
        cast,
        home,
        (12, {}),
        (2, {"approved": False, "locale": "es-MX"}),
        (3, {"who": "mira", "locale": "es"}),
        (9, {"who": "mira", "approved": False, "met": {"budget": False}, "waited": timedelta(days=5)}),
        (1, {"who": "leda", "at": NIGHT}),
        (2, {"who": "leda", "approved": False, "at": NIGHT}),
        (6, {"alike": "hers", "at": NIGHT}),
        (40, {"via": "api", "locale": "es"}),
    )
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == home).values(time_zone="America/New_York"))
    decided(database, cast, cast.harbor.id, (30, {"who": "lars", "locale": "es"}))
    switch(database, cast, home)
    return home


def rows(page: str) -> set[str]:
    return set(re.findall(r'<tr id="prescreen-([0-9a-f-]{36})"', page))


def figures(page: str) -> list[tuple[str, str, int]]:
    """The numbers of the tables that lead to rows: the table, the address, and the number."""
    found = []
    for key, table in re.findall(r'<figure class="chart" id="(\w+)">(.*?)</figure>', page, re.S):
        body = table.partition("<tbody>")[2]
        found += [(key, unescape(url), int(n)) for url, n in re.findall(r'<td><a href="([^"]+)">(\d+)</a>', body)]
    return found


def test_each_figure_leads_to_as_many_rows(database: Database, cast: Cast, client: FlaskClient, history: int) -> None:
    cast.sign_in(client, "adam")
    page = client.get("/prescreens/fairness").text
    found = figures(page)
    assert {key for key, *_ in found} == {"criteria", "agents", "hours", "waits", "languages", "versions"}
    for key, url, n in found:
        listed = client.get(url)
        assert listed.status_code == 200, (key, url)
        assert len(rows(listed.text)) == n, (key, url)
        assert len(client.get(url.replace("?", "/csv?")).text.splitlines()) > n
    # What is drawn leads there, too.
    assert page.count('tabindex="-1"><title>14 decisions, Lena Ortiz</title>') == 1


def test_what_is_in_the_rows(database: Database, cast: Cast, client: FlaskClient, history: int) -> None:
    """Not those by API, nor those of an agent that none else decided alike; hours are the organization's."""
    cast.sign_in(client, "adam")
    lena = cast.people["lena"].id

    def ids(address: str) -> set[str]:
        return rows(client.get(f"/prescreens?{address}").text)

    assert len(ids("state=decided&language=es")) == 5
    assert len(ids("state=denied&language=es")) == 2
    assert len(ids(f"state=decided&decider={lena}")) == 14
    assert len(ids("state=decided&hour=18")) == 9
    both = ids(f"state=decided&decider={lena}&language=es")
    assert both == ids(f"state=decided&decider={lena}") & ids("state=decided&language=es")
    assert len(both) == 2
    with database.read() as db:
        locales = set(db.scalars(select(Prescreen.locale).where(Prescreen.id.in_([UUID(id) for id in both]))))
    assert locales == {"es-MX"}
    # Leda's three are not shown by themselves there, so no list has them by themselves here.
    assert ids(f"state=decided&decider={cast.people['leda'].id}") == set()
    assert ids("state=decided&language=fr") == set()


def test_the_filters_are_named_taken_away_and_combined(cast: Cast, client: FlaskClient, history: int) -> None:
    cast.sign_in(client, "adam")
    lena = cast.people["lena"].id
    page = client.get(f"/prescreens?state=decided&decider={lena}&waited=3").text
    shown = text(client.get(f"/prescreens?state=decided&decider={lena}&waited=3"))
    assert "Lena Ortiz, in alike cases" in shown
    assert "3 to 7 days" in shown
    assert re.search(r'<option value="es"[^>]*>Español</option>', page)
    assert 'name="decider"' not in client.get("/prescreens?state=decided").text
    # They are about decisions: elsewhere they mean nothing, and are dropped.
    assert client.get("/prescreens?language=es").status_code == 200
    for wrong in (
        "language=EN",
        "language=x1",
        "hour=7",
        "waited=2",
        "criteria=all",
        "decider=me",
        "decider=0",
        "template_version=7",
        f"template_version={'0' * 32}-1",
    ):
        refused = client.get(f"/prescreens?state=decided&{wrong}")
        assert refused.status_code == 422, wrong
        assert "There is no such" in text(refused), wrong


def test_no_link_of_an_auditor_says_who_decided(
    database: Database, cast: Cast, client: FlaskClient, history: int
) -> None:
    cast.sign_in(client, "aude")
    page = client.get("/prescreens/fairness").text
    found = figures(page)
    assert {key for key, *_ in found} == {"criteria", "hours", "waits", "languages", "versions"}
    assert "decider" not in page
    for _, url, n in found:
        listed = client.get(url)
        assert len(rows(listed.text)) == n, url
        assert 'name="decider"' not in listed.text
    for who in ("lena", "mira", "leda"):
        refused = client.get(f"/prescreens?state=decided&decider={cast.people[who].id}")
        assert refused.status_code == 422
        assert "Only administrators may narrow the list by this." in text(refused)
        assert client.get(f"/prescreens/csv?state=decided&decider={cast.people[who].id}").status_code == 422


def test_who_may_not_narrow_by_them(database: Database, cast: Cast, client: FlaskClient, history: int) -> None:
    for who in ("lena", "leda"):
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        for group in ("language=es", "hour=18", f"decider={cast.people[who].id}"):
            refused = someone.get(f"/prescreens?state=decided&{group}")
            assert refused.status_code == 422
            assert "may narrow the list by this" in text(refused)
            assert someone.get(f"/prescreens/csv?state=decided&{group}").status_code == 422
    hugo = client.application.test_client()
    cast.sign_in(hugo, "hugo")
    refused = hugo.get("/prescreens?state=decided&language=es")
    assert refused.status_code == 422
    assert "Choose one organization first" in text(refused)
    assert len(rows(hugo.get(f"/prescreens?state=decided&language=es&organization={history}").text)) == 5
    # That of another organization is off.
    refused = hugo.get(f"/prescreens?state=decided&language=es&organization={cast.harbor.id}")
    assert "The fairness page of this organization is off." in text(refused)
    cast.sign_in(client, "adam")
    switch(database, cast, history, on=False)
    assert client.get("/prescreens?state=decided&language=es").status_code == 422


def test_every_group_is_a_filter_of_the_list() -> None:
    assert [each for each in FILTERS.filters if each in MEASURED] == list(MEASURED)


def test_that_agents_are_not_anonymous_to_auditors_is_no_secret(
    database: Database, cast: Cast, client: FlaskClient, history: int
) -> None:
    cast.sign_in(client, "aude")
    page = text(client.get("/prescreens/fairness"))
    assert re.search("Agent [A-C]", page)
    assert not re.search("Lena Ortiz|Mira Haddad", page)
    assert "They are no secret: the list says who decided each prescreen" in page
    denied = prescreen(database, history, "denied")
    assert "Mira Haddad" in client.get("/prescreens/csv?state=decided").text
    assert "Denied by Mira Haddad" in text(client.get(f"/prescreens/{denied}"))
    cast.sign_in(client, "adam")
    assert "They are no secret" not in text(client.get("/prescreens/fairness"))
