"""The overview and the search over a few hundred believable things."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import demo
from app.inspections.models import Inspection, Invite
from app.kernel.db.engine import Database
from tests import demo_data
from tests.accounts.browser import sign_in

pytestmark = pytest.mark.slow


def found(client: FlaskClient, database: Database, who: str, text: str) -> str:
    """What somebody's search shows."""
    email = f"{who}@example.com"
    sign_in(client, email, demo.password(database.config, email))
    answer = client.get("/search", query_string={"q": text})
    assert answer.status_code == 200
    return re.sub("</?mark>", "", answer.text.partition('id="main"')[2].partition("</main>")[0])


@pytest.mark.filled(by=(demo_data.load,))
def test_numbers_and_finds(database: Database, client: FlaskClient) -> None:
    numbers_are_those_of_the_lists(client, database)
    depositions_by_name_case_and_number(client, database)
    prescreens_of_ones_organization_only(client, database)
    inspections_by_notes_recipient_and_id(client, database)


def numbers_are_those_of_the_lists(client: FlaskClient, database: Database) -> None:
    for email in ("ines.moreau@example.com", "jonas.thiele@example.com", "camille.roche@example.com"):
        sign_in(client, email, demo.password(database.config, email))
        page = client.get("/").text
        shown = re.findall(r'<a href="([^"]+)"[^>]*><strong>([\d,]+)</strong>', page)
        assert shown, email
        for url, number in shown:
            listed = client.get(url.replace("&amp;", "&"))
            assert listed.status_code == 200
            assert number in listed.text, (url, number)


def depositions_by_name_case_and_number(client: FlaskClient, database: Database) -> None:
    for text in ("Malachite", "malach yarr", "567-case"):
        assert "Malachite Yarrow" in found(client, database, "ines.moreau", text), text


def prescreens_of_ones_organization_only(client: FlaskClient, database: Database) -> None:
    assert "Jane Smith" in found(client, database, "jonas.thiele", "jane smith")
    assert "Jane Smith" not in found(client, database, "fiona.kerr", "jane smith")
    assert "Prescreens" not in found(client, database, "ines.moreau", "jane smith")


def inspections_by_notes_recipient_and_id(client: FlaskClient, database: Database) -> None:
    with database.read() as db:
        invited = db.scalars(select(Invite).where(Invite.recipient_last_name != "").limit(1)).one()
        inspection = db.get_one(Inspection, invited.inspection_id)
    page = f"/inspections/{inspection.id}"
    for text in (str(inspection.id), f"{invited.recipient_first_name} {invited.recipient_last_name}"):
        assert page in found(client, database, "kwame.boateng", text), text
    assert page not in found(client, database, "marisol.vega", str(inspection.id))
