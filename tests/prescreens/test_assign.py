"""Assigning a prescreen and unassigning it: visible, and never away from an assignee whom the user has not seen."""

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, NotFound
from app.prescreens import actions
from app.prescreens.queries.listing import Seen
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.prescreens.factories import prescreen, stored


def assign(database: Database, cast: Cast, id: UUID, who: str, former: int | None = None) -> None:
    person = cast.people[who]
    with database.write() as db:
        actions.assign(
            db,
            id,
            assignee=(person.id, person.name),
            former=former,
            reach=Reach((cast.marston.id,)),
            by=cast.actor(who),
            now=now(),
        )


def test_it_is_assigned_and_unassigned(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    assign(database, cast, id, "lena")
    assert stored(database, id).assignee_name == "Lena Ortiz"
    for _ in range(2):
        with database.write() as db:
            reach = Reach((cast.marston.id,))
            actions.unassign(db, id, former=cast.lena.id, reach=reach, by=cast.actor("lena"), now=now())
    assert stored(database, id).assignee_id is None
    with database.read() as db:
        kinds = [event.kind for event in events.timeline(db, "prescreen", id)]
    assert kinds[:2] == ["prescreen.unassigned", "prescreen.assigned"]


def test_it_is_taken_from_a_known_assignee_only(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    assign(database, cast, id, "lena")
    with pytest.raises(Conflict) as refused:
        assign(database, cast, id, "mira")
    assert "This is assigned to Lena Ortiz now" in refused.value.detail
    reach, mira = Reach((cast.marston.id,)), (cast.mira.id, cast.mira.name)
    with database.write() as db, pytest.raises(Conflict, match="This is assigned to you now"):
        actions.assign(db, id, assignee=mira, former=None, reach=reach, by=cast.actor("lena"), now=now())
    assign(database, cast, id, "mira", former=cast.lena.id)
    assert stored(database, id).assignee_name == "Mira Haddad"


def test_one_of_two_is_assigned(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    ready, lost = threading.Barrier(2), []

    def run(who: str) -> None:
        ready.wait()
        try:
            assign(database, cast, id, who)
        except Conflict:
            lost.append(who)

    threads = [threading.Thread(target=run, args=(who,)) for who in ("lena", "mira")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1
    assert stored(database, id).assignee_id not in (None, cast.people[lost[0]].id)


def test_another_organizations_is_not_found(database: Database, cast: Cast) -> None:
    with pytest.raises(NotFound):
        assign(database, cast, prescreen(database, cast.harbor.id), "lena")


def pressed(client: FlaskClient, database: Database, id: UUID, verb: str, **more: str) -> Any:
    """Presses a button of its page, as it stands."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(f"/prescreens/{id}").text)
    assert found
    row = stored(database, id)
    data = {"csrf_token": found[1], "version": Seen(row.version, row.assignee_id).number, **more}
    return client.post(f"/prescreens/{id}/{verb}", data=data)


def test_the_buttons_do_it(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, at=now() - timedelta(days=1))
    prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    assert f'/prescreens/{id}/assign" name="version"' in lena.get("/prescreens").text
    answer = pressed(lena, database, id, "assign")
    assert (answer.status_code, answer.location) == (303, f"/prescreens/{id}")
    page = lena.get(f"/prescreens/{id}").text
    assert "Assigned to you" in page
    assert "Next: " not in page, "who takes one goes on with that one"
    assert f'/prescreens/{id}/unassign" name="version"' in lena.get("/prescreens").text
    answer = pressed(lena, database, id, "unassign", in_list="1")
    assert (answer.status_code, answer.location) == (303, "/prescreens")
    assert stored(database, id).assignee_id is None


def test_what_was_assigned_meanwhile_stays_so(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    as_seen = str(Seen(stored(database, id).version, None).number)
    assign(database, cast, id, "mira")
    answer = pressed(lena, database, id, "assign", version=as_seen)
    assert answer.status_code == 409
    assert "This is assigned to Mira Haddad now" in answer.text
    assert pressed(lena, database, id, "unassign").status_code == 409
    assert stored(database, id).assignee_id == cast.mira.id
    assert pressed(lena, database, id, "assign", version="x").status_code == 422


@pytest.mark.parametrize("who", ["aude", "adam"])
def test_who_may_not(client: FlaskClient, database: Database, cast: Cast, who: str) -> None:
    id = prescreen(database, cast.marston.id)
    someone = cast.sign_in(client, who)
    for verb in ("assign", "unassign", "tag", "untag"):
        assert pressed(someone, database, id, verb, tag="vip").status_code == 403


def test_a_page_from_before_the_upgrade_unassigns(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    assign(database, cast, id, "lena")
    answer = pressed(lena, database, id, "give_back")
    assert (answer.status_code, answer.location) == (308, f"/prescreens/{id}/unassign")
