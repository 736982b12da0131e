"""Change the manager: of a booked session, or leave it without one."""

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.depositions.models import Manager
from app.depositions.queries import managers, people
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, csrf, digest, one_wins, text

KWAME = {"manager": "other", "manager_name": "Kwame Osei", "manager_email": "Kwame@example.com"}


def roster(database, email):
    with database.read() as db:
        return managers.by_email(db, email)


@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_works(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "change_manager", version=made.version, **KWAME).status_code == 303
    row = stored(database, made.id)
    kwame = roster(database, "kwame@example.com")
    assert (row.state, row.version, row.sequence) == (state, made.version + 1, made.sequence)
    assert (row.manager_id, row.manager_name, row.manager_email) == (kwame.id, "Kwame Osei", "kwame@example.com")
    assert row.room_url == made.room_url
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Kwame Osei manages the session now." in page
    assert "Manager changed to Kwame Osei by Ines Okafor" in page
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].data["before"] == made.manager_name


def test_nobody_for_now(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    data = {"csrf_token": csrf(ines), "version": made.version, "manager": "nobody"}
    shown = ines.post(f"/depositions/{made.id}/change_manager", data={**data, "step": "preview"})
    assert "Nobody manages the session then." in text(shown)
    done = ines.post(f"/depositions/{made.id}/change_manager", data={**data, "preview": digest(shown)})
    assert done.status_code == 303
    row = stored(database, made.id)
    assert (row.manager_id, row.manager_name, row.manager_email) == (None, None, None)
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Manager removed by Ines Okafor" in page
    assert "Choose a manager…" in page


def test_the_former_and_the_new_manager_are_told(cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    sent = len(outbox.rows())
    booking = actions.Booking("Kwame Osei", "kwame@example.com")
    with database.write() as db:
        actions.change_manager(db, made.id, booking, by=cast.actor("ines"), now=now())
    new = outbox.deliver_all()[sent:]
    assert {(row.channel, row.payload["to"], row.payload["subject"].partition(":")[0]) for row in new} == {
        ("email", "ines@example.com", "No longer yours"),
        ("email", "kwame@example.com", "You manage"),
    }
    with database.read() as db:
        known = {row.address: row for row in people.known(db, made.id)}
    assert (known["kwame@example.com"].concerned, known["kwame@example.com"].outdated) == (True, False)
    assert (known["ines@example.com"].concerned, known["ines@example.com"].outdated) == (False, False)
    assert not stored(database, made.id).not_up_to_date


def test_an_invitation_that_was_not_sent_to_the_former_manager_is_dropped(cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        actions.change_manager(db, made.id, None, by=cast.actor("ines"), now=now())
    rows = [row for row in outbox.deliver_all() if row.channel == "email"]
    to_former = {row.payload["subject"].partition(":")[0]: row.state for row in rows if "ines@" in row.summary}
    assert to_former == {"You manage": "dropped", "No longer yours": "sent"}
    assert sorted(row.state for row in rows) == ["dropped", "sent", "sent", "sent", "sent"]


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.in_state(database, cast, "scheduled"), "change_manager", **KWAME)


def test_twice(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "change_manager", version=2, **KWAME).status_code == 303
    again = send(ines, made.id, "change_manager", version=3, **KWAME)
    assert (again.status_code, "Kwame Osei manages this session already." in text(again)) == (409, True)


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "change_manager", version=made.version, **KWAME).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    stale = send(ines, made.id, "change_manager", version=1, **KWAME)
    assert (stale.status_code, "You scheduled it" in text(stale)) == (409, True)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    presses = [sender(another_browser(), made.id, "change_manager", version=2, **KWAME) for _ in range(3)]
    one_wins(at_once(presses))


def test_unknown(ines):
    assert send(ines, 987654, "change_manager", **KWAME).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        {"manager": ""},
        {"manager": "987654"},
        {**KWAME, "manager_name": " "},
        {**KWAME, "manager_email": "kwame"},
        {**KWAME, "room_url": "javascript:alert(1)"},
        {**KWAME, "reason": "x" * 501},
    ],
)
def test_what_cannot_be_read_is_refused_in_words(ines, cast, database, typed):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "change_manager", version=2, **typed).status_code == 422
    assert stored(database, made.id) == made
    assert roster(database, "kwame@example.com") is None


def test_overlaps_of_a_self_service_session_are_found_once_it_has_a_manager(ines, cast, database):
    booked = factories.in_state(database, cast, "scheduled")
    made = factories.in_state(database, cast, "ready", starts_at=booked.starts_at)
    typed = {"csrf_token": csrf(ines), "version": made.version, "manager": str(booked.manager_id)}
    shown = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "step": "preview"})
    assert "The manager has a session of another organization at this hour: " in text(shown)
    typed["preview"] = digest(shown)
    refused = ines.post(f"/depositions/{made.id}/change_manager", data=typed)
    assert (refused.status_code, "Say why it is booked over the overlap." in text(refused)) == (409, True)
    done = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "reason": "Two rooms."})
    assert done.status_code == 303
    with database.read() as db:
        manager = managers.get(db, booked.manager_id)
        found = managers.overlaps(db, manager, booked.starts_at, booked.ends_at, besides=booked.id)
    assert [one.id for one in found] == [made.id]


def test_the_api_says_the_same(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    before = listed(ines, cast, made.id)
    send(ines, made.id, "change_manager", version=made.version, **KWAME)
    assert listed(ines, cast, made.id) == before


def test_the_room_of_the_former_manager_is_left_for_that_of_the_new_one(cast, database):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        db.execute(update(Manager).values(templates={"chime": factories.ROOM}))
        id = actions.roster.add_for_booking(
            db, "Kwame Osei", "kwame@example.com", "UTC", by=cast.actor("ines"), now=now()
        )
        db.execute(update(Manager).where(Manager.id == id).values(templates={"zoom": "https://kwame.example.com/{id}"}))
    with database.write() as db:
        booking = actions.Booking(manager_id=id)
        row = actions.change_manager(db, made.id, booking, by=cast.actor("ines"), now=now())
    assert (row.room_url, row.provider) == (f"https://kwame.example.com/{made.id}", "zoom")


def test_who_is_not_active_gets_no_session(cast, database):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        id = actions.roster.add_for_booking(
            db, "Kwame Osei", "kwame@example.com", "UTC", by=cast.actor("ines"), now=now()
        )
        db.execute(update(Manager).where(Manager.id == id).values(active=False))
    with database.write() as db, pytest.raises(Conflict, match="not active in the roster"):
        actions.change_manager(db, made.id, actions.Booking(manager_id=id), by=cast.actor("ines"), now=now())
    assert stored(database, made.id) == made
