"""The split view over HTTP: an item with its list, either of them alone, and each person's choice for each desk."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Person
from app.dashboard.listing import BESIDE, LEAD
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.accounts.browser import post
from tests.cast import Cast
from tests.clocks import Clock
from tests.dashboard.test_detail_counts import asked
from tests.depositions import factories
from tests.pages import text, without_tokens
from tests.prescreens.factories import prescreen

POLL = {"X-Desk-Poll": "1"}
CHANGING = re.compile(r'(?<=name="csrf_token" type="hidden" value=")[^"]*|As of [^<]*')
MOST = 16
"""Statements of a list beside an item."""


def partial(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"div#{target}"}


def rows(page: str) -> list[str]:
    """The ids of the rows of the list."""
    return re.findall(r'data-row="([^"]+)"', page.partition("data-removed")[0])


def current(page: str) -> list[str]:
    """The addresses of the rows that are marked as open."""
    return re.findall(r'<a href="([^"]+)" aria-current="true"><bdi>', page)


def requests(database: Database, cast: Cast, n: int) -> list[int]:
    """Requests, the soonest first."""
    first = now() + timedelta(days=20)
    return [factories.request(database, cast, starts_at=first + timedelta(hours=at)).id for at in range(n)]


@pytest.fixture
def ines(client: FlaskClient, cast: Cast) -> FlaskClient:
    """Ines, who has the split view at her desk."""
    cast.sign_in(client, "ines")
    assert post(client, "/depositions/layout", {"layout": "split"}).status_code == 303
    return client


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    """Lena, an agent who changed nothing."""
    return cast.sign_in(client, "lena")


def test_prescreens_are_split_until_one_says_otherwise(lena: FlaskClient, database: Database, cast: Cast) -> None:
    ids = [str(prescreen(database, cast.marston.id)) for _ in range(2)]
    page = text(lena.get(f"/prescreens/{ids[1]}"))
    assert set(rows(page)) == set(ids)
    assert current(page) == [f"/prescreens/{ids[1]}"]
    assert post(lena, "/prescreens/layout", {"layout": "list"}).location == "/prescreens"
    page = text(lena.get(f"/prescreens/{ids[1]}"))
    assert not rows(page)
    assert 'class="list-pane"' not in text(lena.get("/prescreens"))


def test_the_other_desks_stay_as_they_are(ines: FlaskClient, database: Database, cast: Cast) -> None:
    def stored() -> str:
        with database.read() as db:
            return db.execute(select(Person.split_desks).where(Person.id == cast.ines.id)).scalar_one()

    assert stored() == "depositions prescreens"
    post(ines, "/depositions/layout?view=everything", {"layout": "list"})
    assert stored() == "prescreens"


def test_the_choice_leads_back_to_the_list(ines: FlaskClient) -> None:
    answer = post(ines, "/depositions/layout?view=everything&sort=starts", {"layout": "split"})
    assert answer.location == "/depositions?view=everything&sort=starts"
    assert 'class="list-pane"' in text(ines.get(answer.location))


def test_the_settings_have_it_too(ines: FlaskClient, database: Database, cast: Cast) -> None:
    page = text(ines.get("/settings"))
    assert re.search(r'name="split" value="depositions" checked', page)
    assert 'value="prescreens"' not in page.partition("side by side")[2], "Ines has no such desk."
    typed = {"version": "1", "name": "Ines", "time_zone": "Europe/Paris", "theme": "dark", "undo_seconds": "30"}
    assert post(ines, "/settings", typed).status_code == 303
    with database.read() as db:
        assert db.get_one(Person, cast.ines.id).split_desks == "prescreens"


@pytest.mark.parametrize("target", ["item", "queue"])
def test_a_fragment_is_included_in_its_page(
    ines: FlaskClient, database: Database, cast: Cast, clock: Clock, target: str
) -> None:
    ids = requests(database, cast, 3)
    url = f"/depositions/{ids[1]}?view=everything"
    ines.get(url)  # presence and the last look are noted once
    page, fragment = (CHANGING.sub("", without_tokens(text(ines.get(url, headers=h)))) for h in ({}, partial(target)))
    assert "<html" not in fragment
    element = fragment[fragment.index(f'id="{target}"') :].strip()
    assert element in page
    assert ("<title>" in fragment) is (target == "item")


def test_a_restored_page_is_whole(ines: FlaskClient, database: Database, cast: Cast) -> None:
    (id,) = requests(database, cast, 1)
    answer = ines.get(f"/depositions/{id}", headers={**partial("item"), "HX-History-Restore-Request": "true"})
    assert 'class="list-pane"' in text(answer)
    assert "HX-Request" in answer.headers["Vary"]


def test_the_list_keeps_its_query(ines: FlaskClient, database: Database, cast: Cast) -> None:
    ids = requests(database, cast, 3)
    page = text(ines.get(f"/depositions/{ids[1]}?view=everything&sort=-starts"))
    assert rows(page) == [str(id) for id in reversed(ids)]
    assert f'href="/depositions/{ids[0]}?view=everything&amp;sort=-starts"' in page


def test_another_organizations_item_is_not_there(lena: FlaskClient, database: Database, cast: Cast) -> None:
    other = prescreen(database, cast.harbor.id)
    for headers in ({}, partial("item"), partial("queue"), POLL):
        assert lena.get(f"/prescreens/{other}", headers=headers).status_code == 404


def test_an_item_that_left_the_list_stands_beside_it(ines: FlaskClient, database: Database, cast: Cast) -> None:
    waits, left = requests(database, cast, 2)
    factories.schedule(database, cast, left)
    page = text(ines.get(f"/depositions/{left}"))
    assert rows(page) == [str(waits)]
    assert not current(page)


def test_an_item_far_down_has_some_rows_before_it(ines: FlaskClient, database: Database, cast: Cast) -> None:
    ids = [str(id) for id in requests(database, cast, BESIDE + 20)]
    last_of_first, first_of_second = ids[BESIDE - 1 : BESIDE + 1]
    assert rows(text(ines.get(f"/depositions/{last_of_first}"))) == ids[:BESIDE]
    page = text(ines.get(f"/depositions/{first_of_second}"))
    assert rows(page) == ids[BESIDE - LEAD :][:BESIDE]
    assert current(page) == [f"/depositions/{first_of_second}"]


def test_a_poll_gets_the_page_that_is_on_screen(ines: FlaskClient, database: Database, cast: Cast) -> None:
    ids = [str(id) for id in requests(database, cast, BESIDE + 20)]
    page = text(ines.get(f"/depositions/{ids[BESIDE + 2]}"))
    match = re.search(r'data-start="([^"]+)"', page)
    assert match
    polled = text(ines.get(f"/depositions/{ids[BESIDE + 9]}", headers={**POLL, "X-Desk-Start": match[1]}))
    assert rows(polled) == rows(page) == ids[BESIDE + 2 - LEAD :][:BESIDE]
    assert rows(text(ines.get(f"/depositions/{ids[BESIDE + 9]}", headers=POLL))) == ids[:BESIDE]


def test_either_half_changes_the_revision(ines: FlaskClient, database: Database, cast: Cast, clock: Clock) -> None:
    one, other = requests(database, cast, 2)
    seen = ines.get(f"/depositions/{one}", headers=POLL).headers["ETag"]
    again = {**POLL, "If-None-Match": seen}
    assert ines.get(f"/depositions/{one}", headers=again).status_code == 304
    factories.schedule(database, cast, other)
    fresh = ines.get(f"/depositions/{one}", headers=again)
    assert fresh.status_code == 200
    assert fresh.headers["ETag"].partition(".")[0] == seen.partition(".")[0], "The item is as it was."
    assert fresh.headers["ETag"].partition(".")[2] != seen.partition(".")[2]


def test_what_is_done_to_ticked_rows_leads_back_to_the_item(ines: FlaskClient, database: Database, cast: Cast) -> None:
    one, other = requests(database, cast, 2)
    data = {"act": f"assign:{cast.ines.id}", "row": f"{other}:1", "item": str(one)}
    assert post(ines, "/depositions/bulk?view=everything", data).location == f"/depositions/{one}?view=everything"
    data["item"] = "../x"
    assert post(ines, "/depositions/bulk?view=everything", data).location == "/depositions?view=everything"


@pytest.mark.parametrize(
    ("few", "many"), [(3, BESIDE - 1), (BESIDE + 1, BESIDE + 40)], ids=["first page", "further down"]
)
def test_it_asks_the_same_of_any_list(ines: FlaskClient, database: Database, cast: Cast, few: int, many: int) -> None:
    def count() -> int:
        ines.get(f"/depositions/{ids[-1]}")  # notes that somebody looks, once in a while
        with asked(database) as seen:
            ines.get(f"/depositions/{ids[-1]}")
        return len(seen)

    ids = requests(database, cast, few)
    at_first = count()
    ids += requests(database, cast, many - few)
    assert count() == at_first
    post(ines, "/depositions/layout", {"layout": "list"})
    assert at_first - count() <= MOST


def test_a_row_beside_an_item_holds_what_is_shown_there(lena: FlaskClient, database: Database, cast: Cast) -> None:
    """Cells that the stylesheet hides beside an item were most of its page's weight; the list alone has them."""
    ids = [str(prescreen(database, cast.marston.id)) for _ in range(2)]
    alone, beside = text(lena.get("/prescreens")), text(lena.get(f"/prescreens/{ids[0]}")).partition('id="item"')[0]
    assert sorted(rows(beside)) == sorted(rows(alone))
    for whole in ('<td class="answers-cell">', "inline-action", "<small>until"):
        assert whole in alone
        assert whole not in beside
    row = beside.partition("data-row=")[2].partition("</tr>")[0]
    assert 1 + row.count("<td") == beside.count('<th scope="col"')
