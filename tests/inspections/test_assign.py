"""Assign and unassign: who at the desk has the inspection. Integrators are not told."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.accounts.models import Person
from app.inspections import actions
from app.kernel.clock import now
from tests.inspections.pages import kinds, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text


@pytest.fixture
def session(integrator):
    return integrator.create()


@pytest.fixture
def assigned(otto, session):
    """A session that is assigned to Otto, at version 2."""
    assert send(otto, session, "assign", version=1).status_code == 303
    return session


def test_assign_works(otto, cast, session, database):
    assert send(otto, session, "assign", version=1).status_code == 303
    row = stored(database, session)
    assert (row.assignee_id, row.assignee_name, row.version) == (cast.otto.id, "Otto Kim", 2)
    assert kinds(database, session)[0] == "inspection.assigned"
    assert "Assigned to you" in text(otto.get(f"/inspections/{session['id']}"))


def test_who_takes_one_goes_on_with_that_one(otto, integrator, session):
    integrator.create()  # another one, which would be the next
    send(otto, session, "assign", version=1)
    assert "Next: " not in otto.get(f"/inspections/{session['id']}").text
    integrator.create()
    send(otto, session, "end", version=2)
    assert "Next: " in otto.get(f"/inspections/{session['id']}").text, "other acts name it"


@pytest.mark.parametrize(
    ("maker", "assignee", "left", "to", "name"),
    [
        ("otto", "otto", (), "otto@example.com", "Otto Kim"),
        ("otto", "mira", (), "mira@example.com", "Mira Haddad"),
        ("otto", "mira", ("mira",), "otto@example.com", "Otto Kim"),
        ("otto", None, ("otto",), "desk@marston.example.com", ""),
        (None, "mira", ("otto",), "mira@example.com", "Mira Haddad"),
        (None, None, (), "desk@marston.example.com", ""),
    ],
)
def test_who_has_it_now_is_warned(cast, database, outbox, clock, maker, assignee, left, to, name):
    """Not who made it and handed it over, nor somebody who does not work there any more."""
    made = now()
    person = cast.people[assignee] if assignee else None
    with database.write() as db:
        actions.create(
            db,
            organization_id=cast.marston.id,
            by=cast.actor(maker or "otto"),
            now=made,
            scheduled_for=made + timedelta(hours=30),
            operator_email=f"{maker}@example.com" if maker else None,
            assignee=(person.id, person.name) if person else None,
        )
        for each in left:
            db.execute(update(Person).where(Person.id == cast.people[each].id).values(disabled_at=made))
    clock.move(hours=6, minutes=1)
    outbox.deliver_all()
    (mail,) = (mail for mail in outbox.emails() if "nobody has an invitation" in mail["text"])
    assert (mail["to"], mail["text"].partition(",")[0]) == (to, f"Hello {name}".strip())


def test_unassign_works(otto, assigned, database):
    answer = send(otto, assigned, "unassign?view=all", version=2, in_list="1")
    assert (answer.status_code, answer.location) == (303, "/inspections?view=all")
    row = stored(database, assigned)
    assert (row.assignee_id, row.assignee_name) == (None, None)
    assert kinds(database, assigned)[0] == "inspection.unassigned"


@pytest.mark.parametrize("verb", ["assign", "unassign"])
def test_who_may_not(app, cast, database, assigned, verb):
    others_may_not(app, cast, database, assigned, verb, version=2)


def test_assign_twice(otto, assigned, database):
    """The second press comes from a page that did not know of the first."""
    before = state(database, assigned)
    assert send(otto, assigned, "assign", version=1).status_code == 409
    assert state(database, assigned) == before


def test_unassign_twice(otto, assigned, database):
    send(otto, assigned, "unassign", version=2)
    again = send(otto, assigned, "unassign", version=3)
    assert again.status_code == 409
    assert "This is assigned to nobody." in text(again)


def test_every_state_has_an_assignee(otto, integrator, session, database):
    integrator.end(session)
    assert send(otto, session, "assign", version=stored(database, session).version).status_code == 303


@pytest.mark.parametrize("verb", ["assign", "unassign"])
def test_stale(otto, mira, cast, assigned, database, verb):
    send(mira, assigned, "assign", version=2)
    late = send(otto, assigned, verb, version=2)
    assert late.status_code == 409
    assert "Mira Haddad assigned it" in text(late)
    assert stored(database, assigned).assignee_id == cast.mira.id


@pytest.mark.parametrize("wrong", ["", "x", "-1", "٣", "1" * 40])
def test_a_version_is_a_number(otto, session, database, wrong):
    before = state(database, session)
    assert send(otto, session, "assign", version=wrong).status_code == 422
    assert state(database, session) == before


def test_lost_race(another_browser, session, database):
    one_wins(at_once([sender(another_browser(), session, "assign", version=1) for _ in range(3)]))
    assert kinds(database, session).count("inspection.assigned") == 1


@pytest.mark.parametrize("verb", ["assign", "unassign"])
def test_unknown(otto, verb):
    assert send(otto, {"id": "b6a3f8a0-0000-4000-8000-000000000000"}, verb, version=1).status_code == 404


def test_the_api_says_nothing_of_it(otto, integrator, session):
    before = integrator.session(session)
    send(otto, session, "assign", version=1)
    assert integrator.session(session) == before
    send(otto, session, "unassign", version=2)
    assert integrator.session(session) == before
