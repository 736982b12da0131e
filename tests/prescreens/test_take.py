"""Taking a prescreen and giving it back: visible, and never over somebody's head."""

import re
import threading

import pytest
from flask.testing import FlaskClient

from app.kernel import events
from app.kernel.clock import now
from app.kernel.db import Database
from app.kernel.errors import Conflict, NotFound
from app.prescreens import actions
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.prescreens.making import prescreen, stored


def take(database: Database, cast: Cast, id: object, who: str, holder: int | None = None) -> None:
    with database.write() as db:
        actions.take(
            db,
            id,  # type: ignore[arg-type]
            cast.people[who].id,
            holder,
            reach=Reach((cast.marston.id,)),
            by=cast.actor(who),
            now=now(),
        )


def test_it_is_taken_and_given_back(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    take(database, cast, id, "lena")
    assert stored(database, id).assignee_name == "Lena Ortiz"
    for _ in range(2):
        with database.write() as db:
            reach = Reach((cast.marston.id,))
            actions.release(db, id, cast.lena.id, reach=reach, by=cast.actor("lena"), now=now())
    assert stored(database, id).assignee_id is None
    with database.read() as db:
        kinds = [event.kind for event in events.story(db, "prescreen", id)]
    assert kinds[:2] == ["prescreen.released", "prescreen.taken"]


def test_taking_over_needs_to_know_from_whom(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    take(database, cast, id, "lena")
    with pytest.raises(Conflict) as refused:
        take(database, cast, id, "mira")
    assert "Lena Ortiz has this now" in refused.value.detail
    take(database, cast, id, "mira", holder=cast.lena.id)
    assert stored(database, id).assignee_name == "Mira Haddad"


def test_one_of_two_gets_it(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    ready, lost = threading.Barrier(2), []

    def press(who: str) -> None:
        ready.wait()
        try:
            take(database, cast, id, who)
        except Conflict:
            lost.append(who)

    presses = [threading.Thread(target=press, args=(who,)) for who in ("lena", "mira")]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert len(lost) == 1
    assert stored(database, id).assignee_id not in (None, cast.people[lost[0]].id)


def test_another_organizations_is_not_there(database: Database, cast: Cast) -> None:
    with pytest.raises(NotFound):
        take(database, cast, prescreen(database, cast.harbor.id), "lena")


def test_the_buttons_do_it(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    found = re.search(r'name="csrf-token" content="([^"]+)"', lena.get(f"/prescreens/{id}").text)
    assert found
    data = {"csrf_token": found[1], "holder": ""}
    assert lena.post(f"/prescreens/{id}/take", data=data).status_code == 303
    assert "You have this" in lena.get(f"/prescreens/{id}").text
    assert "Lena Ortiz" in lena.get("/prescreens").text
    assert lena.post(f"/prescreens/{id}/release", data=data).status_code == 303
    assert stored(database, id).assignee_id is None


@pytest.mark.parametrize("who", ["aude", "adam"])
def test_who_may_not(client: FlaskClient, database: Database, cast: Cast, who: str) -> None:
    id = prescreen(database, cast.marston.id)
    someone = cast.sign_in(client, who)
    found = re.search(r'name="csrf-token" content="([^"]+)"', someone.get(f"/prescreens/{id}").text)
    assert found
    for verb in ("take", "release"):
        answer = someone.post(f"/prescreens/{id}/{verb}", data={"csrf_token": found[1], "holder": ""})
        assert answer.status_code == 403
