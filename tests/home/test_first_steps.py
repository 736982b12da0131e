"""The home page of an installation into which nothing has come yet says to who sets it up what is left to do."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from app.depositions.models import Manager
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.depositions import factories

KEYS = "Create keys with which their programs call the APIs"
MANAGERS = "Add those who manage depositions"


def steps(client: FlaskClient) -> dict[str, bool]:
    """What the page of somebody who is signed in lists, and whether it is done."""
    section = client.get("/").text.partition('id="first-steps')[2].partition("</ul>")[0]
    rows = [re.sub(r"<[^>]+>", "", row).strip() for row in re.findall(r"<li.*?</li>", section)]
    return {row.removesuffix(": done"): row.endswith(": done") for row in rows}


def test_what_is_done_is_ticked(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        db.execute(delete(Manager))
    cast.sign_in(client, "hugo")
    before = steps(client)
    assert before["Create the organizations that you work for"]
    assert before["Invite the people who work here"]
    assert (before[KEYS], before[MANAGERS]) == (False, False)
    cast.key("prescreens")
    assert steps(client) == {**before, KEYS: True}


def test_every_step_leads_to_its_page(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    section = client.get("/").text.partition('id="first-steps')[2].partition("</ul>")[0]
    links = re.findall(r'href="([^"]+)"', section)
    assert links
    assert {client.get(each).status_code for each in links} == {200}


@pytest.mark.parametrize("called", ["adam", "ada", "ines"])
def test_others_see_none(client: FlaskClient, cast: Cast, called: str) -> None:
    cast.sign_in(client, called)
    assert steps(client) == {}


def test_they_go_with_the_first_item(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    assert steps(client)
    factories.request(database, cast)
    assert steps(client) == {}
