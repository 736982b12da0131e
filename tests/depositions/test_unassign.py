"""Unassign: the deposition is left without an assignee."""

from datetime import timedelta

from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.text import datetimes
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, one_wins, text


def assigned(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "assign")
    return stored(database, made.id)


def test_works(ines, cast, database):
    made = assigned(ines, cast, database)
    assert send(ines, made.id, "unassign", version=2).status_code == 303
    row = stored(database, made.id)
    assert (row.assignee_id, row.assignee_name, row.version) == (None, None, 3)
    assert "Unassigned" in text(ines.get(f"/depositions/{made.id}"))
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].kind == "deposition.unassigned"


def test_a_page_from_before_an_upgrade_still_works(ines, cast, database):
    made = assigned(ines, cast, database)
    moved = send(ines, made.id, "give_back?view=everything", version=2, in_list="1")
    assert moved.status_code == 308
    assert moved.headers["Location"] == f"/depositions/{made.id}/unassign?view=everything"
    assert stored(database, made.id) == made


def test_the_next_one_is_named_with_its_hour(ines, cast, database):
    made, at = assigned(ines, cast, database), now() + timedelta(days=20)
    other = factories.request(database, cast, starts_at=at)
    send(ines, made.id, "unassign", version=2)
    hour = datetimes.moment(other.starts_at, other.zone)
    link = f'Next: <a href="/depositions/{other.id}"><bdi>Orsolya Brandt</bdi></a>, <bdi>{hour}</bdi>'
    assert link in text(ines.get(f"/depositions/{made.id}"))


def test_who_may_not(ines, app, cast, database):
    made = assigned(ines, cast, database)
    others_may_not(app.test_client(), cast, database, made, "unassign")


def test_twice(ines, cast, database):
    made = assigned(ines, cast, database)
    send(ines, made.id, "unassign", version=2)
    again = send(ines, made.id, "unassign", version=3)
    assert again.status_code == 409
    assert "This is assigned to nobody." in text(again)


def test_stale(ines, cast, database):
    made = assigned(ines, cast, database)
    send(ines, made.id, "write_notice", version=2, notice="Hello")
    stale = send(ines, made.id, "unassign", version=2)
    assert stale.status_code == 409
    assert "You wrote a notice while you had this page open" in text(stale)
    assert stored(database, made.id).assignee_id == cast.ines.id


def test_lost_race(ines, another_browser, cast, database):
    made = assigned(ines, cast, database)
    presses = [sender(another_browser(), made.id, "unassign", version=2) for _ in range(4)]
    for page in one_wins(at_once(presses)):
        assert "This is assigned to nobody." in page


def test_unknown(ines):
    assert send(ines, 987654, "unassign").status_code == 404


def test_the_api_shows_no_assignee(ines, cast, database):
    made = assigned(ines, cast, database)
    before = listed(ines, cast, made.id)
    send(ines, made.id, "unassign", version=2)
    assert listed(ines, cast, made.id) == before
