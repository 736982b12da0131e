"""Closing an organization and reopening it: what is refused from then on, and what goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.actions import keys, organizations, people
from app.accounts.models import Organization, Person
from app.accounts.roles import PRESCREENS, Role
from app.dashboard.assignees import assignees_of
from app.dashboard.undo import queries as undo
from app.inspections import actions as inspections
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict
from app.prescreens.queries import recipients
from tests.accounts.browser import confirm, post
from tests.cast import COMMAND_LINE, Cast
from tests.depositions import factories as depositions
from tests.pages import at_once
from tests.prescreens.factories import template

LISTS = {
    "depositions": "/api/v1/sessions?include=all",
    "prescreens": "/api/v1/sessions",
    "inspections": "/api/v1/public/sessions",
}


def close(database: Database, cast: Cast) -> None:
    with database.write() as db:
        organizations.close(db, db.get_one(Organization, cast.marston.id), by=cast.actor("hugo"), now=now())


def reopen(database: Database, cast: Cast) -> None:
    with database.write() as db:
        organizations.reopen(db, db.get_one(Organization, cast.marston.id), by=cast.actor("hugo"), now=now())


def test_it_is_closed_and_reopened(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.key("prescreens")
    cast.sign_in(client, "hugo")
    page = f"/organizations/{cast.marston.id}"
    shown = post(client, f"{page}/close", {"step": "preview"})
    assert "(1 working key). 6 people have a role in it" in shown.text
    assert confirm(client, f"{page}/close").status_code == 303
    assert "Closed since" in client.get(page).text
    assert ">Closed<" in client.get("/organizations").text
    assert post(client, f"{page}/reopen").status_code == 303
    assert "Closed since" not in client.get(page).text
    with database.read() as db:
        kinds = [each.kind for each in timeline(db, "organization", cast.marston.id)]
    assert kinds[:2] == ["organization.reopened", "organization.closed"]


@pytest.mark.parametrize("who", ["adam", "abel", "ines", "ada", "lena"])
def test_only_staff_administrators_do_it(client: FlaskClient, cast: Cast, database: Database, who: str) -> None:
    cast.sign_in(client, who)
    for verb in ("close", "reopen"):
        assert post(client, f"/organizations/{cast.marston.id}/{verb}", page="/settings").status_code == 403
    with database.read() as db:
        assert db.get_one(Organization, cast.marston.id).closed_at is None


def test_twice(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    page = f"/organizations/{cast.marston.id}"
    assert "is already open" in post(client, f"{page}/reopen").text
    close(database, cast)
    answer = post(client, f"{page}/close", {"step": "preview"})
    assert (answer.status_code, "is already closed" in answer.text) == (409, True)


def test_of_two_at_once_one_closes_it(client: FlaskClient, cast: Cast, database: Database) -> None:
    def run() -> str:
        try:
            close(database, cast)
        except Conflict as refusal:
            return refusal.code
        return "closed"

    assert sorted(at_once([run, run])) == ["closed", "organization.already_closed"]


@pytest.mark.parametrize("product", LISTS)
def test_its_keys_are_refused_until_it_is_reopened(
    client: FlaskClient, cast: Cast, database: Database, product: str
) -> None:
    mine, other = cast.headers(product), cast.headers(product, "harbor")
    assert client.get(LISTS[product], headers=mine).status_code == 200
    close(database, cast)
    assert client.get(LISTS[product], headers=mine).status_code == 401
    assert client.get(LISTS[product], headers=other).status_code == 200
    reopen(database, cast)
    assert client.get(LISTS[product], headers=mine).status_code == 200


def test_its_people_have_no_access(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        mira = db.get_one(Person, cast.mira.id)
        harbor = db.get_one(Organization, cast.harbor.id)
        people.give_role(db, mira, Role.OPERATOR.value, harbor, by=COMMAND_LINE, now=now())
    cast.sign_in(client, "mira")
    assert client.get("/prescreens").status_code == 200
    close(database, cast)
    assert client.get("/prescreens").status_code == 403
    assert client.get("/inspections").status_code == 200, "their role elsewhere stays"
    cast.sign_in(client, "lena")
    assert "Marston &amp; Vale is closed here" in client.get("/").text
    cast.sign_in(client, "mira")
    with database.read() as db:
        assert not undo.may_still(db, cast.lena.id, PRESCREENS, cast.marston.id)
        assert cast.lena.id not in {each.id for each in assignees_of(db, PRESCREENS, [cast.marston.id])}
        assert recipients.leads(db, cast.marston.id) == []
        assert recipients.of_new_answers(db, cast.marston.id) == []
        assert recipients.agent(db, cast.lena.id) is None
    reopen(database, cast)
    assert client.get("/prescreens").status_code == 200
    with database.read() as db:
        assert recipients.leads(db, cast.marston.id)


def test_no_second_step_is_asked_for_it(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        marston = db.get_one(Organization, cast.marston.id)
        organizations.change(db, marston, {"require_second_factor": True}, by=COMMAND_LINE, now=now())
    cast.sign_in(client, "lena")
    assert "requires two-step sign-in" in client.get("/prescreens", follow_redirects=True).text
    close(database, cast)
    assert "requires two-step sign-in" not in client.get("/settings").text


def test_prospects_are_told_that_nothing_is_taken(
    app: Flask, client: FlaskClient, cast: Cast, database: Database
) -> None:
    staff = app.test_client()
    with database.write() as db:
        id = template(db, cast.marston.id, "two-bedroom")
    assert client.get("/p/marston/two-bedroom").status_code == 200
    close(database, cast)
    with database.write() as db:
        people.give_role(
            db, db.get_one(Person, cast.hugo.id), Role.LEASING_LEAD.value, None, by=COMMAND_LINE, now=now()
        )
    cast.sign_in(staff, "hugo")
    listed = staff.get("/prescreens/questionnaires").text
    assert (">Open<" in listed, ">Closed<" in listed) == (False, True)
    shown = staff.get(f"/prescreens/questionnaires/{id}").text
    assert "Its organization is closed: its page says that nothing is taken" in shown
    answer = client.get("/p/marston/two-bedroom")
    assert (answer.status_code, "takes no answers here" in answer.text) == (410, True)
    reopen(database, cast)
    assert client.get("/p/marston/two-bedroom").status_code == 200


def test_what_is_under_way_goes_on(client: FlaskClient, cast: Cast, database: Database) -> None:
    booked = depositions.in_state(database, cast, "scheduled")
    close(database, cast)
    assert client.get(f"/sessions/{booked.slug}").status_code == 200
    cast.sign_in(client, "ines")
    assert client.get(f"/depositions/{booked.id}").status_code == 200


@contextmanager
def refused(database: Database) -> Iterator[Db]:
    with pytest.raises(Conflict, match=r"is closed\. Nothing was done") as refusal, database.write() as db:
        yield db
    assert refusal.value.code == "organization.closed"


def test_nothing_begins_anew(cast: Cast, database: Database) -> None:
    close(database, cast)
    facts = {"by": COMMAND_LINE, "now": now()}
    with refused(database) as db:
        keys.create(db, db.get_one(Organization, cast.marston.id), "prescreens", **facts)
    with refused(database) as db:
        keys.print_bearer(db, db.get_one(Organization, cast.marston.id), **facts)
    with refused(database) as db:
        marston = db.get_one(Organization, cast.marston.id)
        people.give_role(db, db.get_one(Person, cast.nora.id), "operator", marston, **facts)
    with refused(database) as db:
        inspections.create(db, organization_id=cast.marston.id, **facts)


@pytest.mark.parametrize("page", ["/keys/new", "/people/invite", "/depositions/new", "/inspections/new"])
def test_it_is_offered_nowhere(client: FlaskClient, cast: Cast, database: Database, page: str) -> None:
    with database.write() as db:
        hugo = db.get_one(Person, cast.hugo.id)
        for role in (Role.SCHEDULER, Role.OPERATOR):
            people.give_role(db, hugo, role.value, None, by=COMMAND_LINE, now=now())
    cast.sign_in(client, "hugo")

    def offered() -> set[str]:
        options = client.get(page).text.split("<option")
        return {name for name in ("Marston", "Harbor") if any(f">{name}" in each for each in options)}

    assert offered() == {"Marston", "Harbor"}
    close(database, cast)
    assert offered() == {"Harbor"}
