"""My work today: what I took stands there until it is done, and only what is mine."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import Person
from app.depositions.models import Deposition
from app.inspections import actions as inspections
from app.inspections.models import Inspection
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from tests.cast import Cast
from tests.depositions.factories import in_state, request
from tests.prescreens.factories import prescreen


def give(database: Database, model: Any, id: Any, **to: Any) -> None:
    with database.write() as db:
        db.execute(update(model.__table__).where(model.__table__.c.id == id).values(**to))


def main_of(client: FlaskClient) -> str:
    return client.get("/").text.partition('id="main"')[2].partition("</main>")[0]


def test_what_i_took_stands_there_until_it_is_done(client: FlaskClient, cast: Cast, database: Database) -> None:
    taken = request(database, cast, deponent_name="Taken Tamsin")
    request(database, cast, deponent_name="Free Fabian")
    done = in_state(database, cast, "canceled", deponent_name="Done Dora")
    for id in (taken.id, done.id):
        give(database, Deposition, id, assignee_id=cast.ines.id, assignee_name=cast.ines.name)
    cast.sign_in(client, "ines")
    page = main_of(client)
    assert "Taken Tamsin" in page
    assert f'href="/depositions/{taken.id}"' in page
    assert "Free Fabian" not in page
    assert "Done Dora" not in page


def test_with_nothing_it_says_what_will_stand_there(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "ines")
    assert "What you assign to yourself" in main_of(client)


def test_each_desk_shows_what_is_with_its_person(client: FlaskClient, cast: Cast, database: Database) -> None:
    mine = prescreen(database, cast.marston.id)
    prescreen(database, cast.marston.id)
    give(database, Prescreen, mine, assignee_id=cast.mira.id)
    with database.write() as db:
        common = {"organization_id": cast.marston.id, "by": cast.actor("mira"), "now": now(), "locale": "en"}
        inspections.create(db, notes="Roof of Mira", operator_email=cast.mira.email, **common)
        inspections.create(db, notes="Roof of Otto", operator_email=cast.otto.email, **common)
    cast.sign_in(client, "mira")
    page = main_of(client)
    assert f'href="/prescreens/{mine}"' in page
    assert "Roof of Mira" in page
    assert "Roof of Otto" not in page
    assert page.count('class="title-cell"') == 2


def test_what_one_made_stays_ones_own_when_the_address_is_anothers(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    with database.write() as db:
        common = {"organization_id": cast.marston.id, "by": cast.actor("mira"), "now": now()}
        inspections.create(db, notes="Roof of Mira", operator_email=cast.mira.email, **common)
        for person, email in ((cast.mira, "mira.vale@example.com"), (cast.otto, "mira@example.com")):
            db.execute(update(Person).where(Person.id == person.id).values(email=email))
    listed = {}
    for who in ("mira", "otto"):
        cast.sign_in(client, who)
        mine = client.get("/inspections?operator=me&view=all").text
        listed[who] = ("Roof of Mira" in main_of(client), 'data-row="' in mine)
    assert listed == {"mira": (True, True), "otto": (False, False)}


def test_what_left_ones_reach_is_gone(client: FlaskClient, cast: Cast, database: Database) -> None:
    """As if they had belonged to the other organization when they took these, or made one there."""
    deposition, answers = request(database, cast, "harbor"), prescreen(database, cast.harbor.id)
    with database.write() as db:
        common = {"organization_id": cast.harbor.id, "by": cast.actor("oona"), "now": now()}
        taken = inspections.create(db, notes="Roof taken", **common).id
        inspections.create(db, notes="Roof made", operator_email=cast.mira.email, **common)
    give(database, Deposition, deposition.id, assignee_id=cast.adam.id)
    give(database, Prescreen, answers, assignee_id=cast.mira.id)
    give(database, Inspection, taken, assignee_id=cast.mira.id)
    for who in ("adam", "mira"):
        cast.sign_in(client, who)
        page = main_of(client)
        assert not [each for each in (f"/depositions/{deposition.id}", str(answers), "Roof") if each in page], who


def test_sessions_i_manage_today_stand_first(client: FlaskClient, cast: Cast, database: Database) -> None:
    soon = in_state(database, cast, "scheduled", deponent_name="Today Tom", starts_at=now() + timedelta(days=3))
    give(database, Deposition, soon.id, starts_at=now() + timedelta(seconds=30), ends_at=now() + timedelta(hours=1))
    in_state(database, cast, "scheduled", deponent_name="Later Lou")
    cast.sign_in(client, "ines")
    page = main_of(client)
    assert "You manage today" in page
    assert "Today Tom" in page
    assert "Later Lou" not in page
