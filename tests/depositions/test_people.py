"""Who knows what of a deposition: kept with each message, its arrival, each opening, each reading; never guessed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.depositions import actions
from app.depositions.actions import people as keep
from app.depositions.models import DepositionPerson, Kind
from app.depositions.queries import people
from app.depositions.rules.new_request import parse_start
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, stored

PARTICIPANTS = {"orsolya@example.com", "quartz@example.com", "obsidian@example.com"}


def states(database, made):
    """The message of everybody but the manager, their invitation and whether it is outdated."""
    with database.read() as db:
        return {
            one.address or one.kind: (one.message_state, one.invited_sequence, one.outdated)
            for one in people.known(db, made.id)
            if one.kind != "manager"
        }


def cancel(database, cast, made, **facts):
    with database.write() as db:
        return actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), **facts)


def test_a_message_is_kept_as_waiting_and_then_as_accepted(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    assert states(database, made) == {
        **dict.fromkeys(PARTICIPANTS, ("waiting", None, False)),
        "system": ("waiting", 0, False),
    }
    factories.delivered(database, channel="email")
    factories.delivered(database, "dead", channel="webhook")
    assert states(database, made) == {
        **dict.fromkeys(PARTICIPANTS, ("accepted", 1, False)),
        "system": ("failed", 0, True),
    }
    assert stored(database, made.id).not_up_to_date
    assert stored(database, made.id).version == made.version
    with database.read() as db:
        assert people.informed(db, made) == PARTICIPANTS | {"ines@example.com"}


def test_a_silent_cancellation_leaves_everybody_behind(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    assert not stored(database, made.id).not_up_to_date
    cancel(database, cast, made, notify=False)
    assert {one[2] for one in states(database, made).values()} == {True}
    assert stored(database, made.id).not_up_to_date


def test_a_cancellation_that_is_sent_leaves_the_system_behind_until_it_reads(client, database, cast):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    cancel(database, cast, made)
    assert {name for name, one in states(database, made).items() if one[2]} == {"system"}
    factories.delivered(database)
    assert stored(database, made.id).not_up_to_date
    assert listed(client, cast, made.id)["session_state"] == "canceled"
    assert not stored(database, made.id).not_up_to_date
    assert {one[2] for one in states(database, made).values()} == {False}


def test_what_was_read_before_a_change_is_no_news(client, database, cast, clock):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    listed(client, cast, made.id)
    clock.move(minutes=5)
    cancel(database, cast, made, notify=False)
    assert states(database, made)["system"][2]


def test_a_message_that_failed_leaves_them_behind(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database, "dead", channel="email")
    factories.delivered(database, channel="webhook")
    assert {name for name, one in states(database, made).items() if one[2]} == PARTICIPANTS
    assert stored(database, made.id).not_up_to_date


def test_a_manager_who_never_heard_of_their_release_stays_behind(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    with database.write() as db:
        actions.change_manager(db, made.id, None, by=cast.actor("ines"), now=now())
    factories.delivered(database, "dead")
    with database.read() as db:
        assert [(one.kind, one.concerned) for one in people.outdated(db, made.id)] == [("manager", False)]


def test_an_older_message_that_arrives_late_takes_nothing_back(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    cancel(database, cast, made)
    factories.delivered(database)
    late = people.receipt(made, "quartz@example.com")
    with database.write() as db:
        keep.RECEIPTS.keep(db, str(made.id), late, "sent", now())
    assert states(database, made)["quartz@example.com"] == ("accepted", 2, False)


def test_another_organization_reads_nothing_of_it(client, database, cast):
    made = factories.in_state(database, cast, "canceled")
    assert stored(database, made.id).not_up_to_date
    listed(client, cast, made.id, "quill")
    assert stored(database, made.id).not_up_to_date
    with database.read() as db:
        read = {slug: people.last_read(db, cast.organizations[slug].id) for slug in ("marston", "quill")}
    assert (read["marston"], read["quill"] is None) == (None, False)


def test_a_system_that_moves_a_session_knows_of_that_one_and_nobody_else_does(database, cast):
    made, other = (factories.in_state(database, cast, "ready") for _ in range(2))
    before = [states(database, each) for each in (made, other)]
    to = actions.Move(parse_start("2037-03-17", "09:00 AM", "UTC"), 1.0)
    with database.write() as db:
        moved = actions.move(db, made.id, to, by=cast.actor("ines"), now=now(), organization_id=cast.quill.id)
        keep.knows(db, moved)
    after = states(database, made)
    assert (after.pop("system")[1], states(database, other)) == (moved.sequence, before[1])
    assert {one[1] for one in after.values()} == {one[1] for name, one in before[0].items() if name != "system"}


def test_a_reading_is_written_at_most_once_a_minute(client, database, cast, clock):
    factories.request(database, cast)
    with database.read() as db:
        assert people.last_read(db, cast.organizations["marston"].id) is None
    listed(client, cast, 1)
    with database.read() as db:
        first = people.last_read(db, cast.organizations["marston"].id)
    assert first is not None
    listed(client, cast, 1)
    with database.read() as db:
        assert people.last_read(db, cast.organizations["marston"].id) == first


@pytest.mark.parametrize("path", ["", "/1"])
def test_the_head_of_an_answer_tells_nothing(client, database, cast, path):
    factories.request(database, cast)
    answer = client.head(f"/api/v1/session_requests{path}", headers=cast.headers("depositions"))
    assert (answer.status_code, answer.data) == (200, b"")
    with database.read() as db:
        assert people.last_read(db, cast.organizations["marston"].id) is None


def test_messages_that_were_not_sent_tell_nothing(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    cancel(database, cast, made, notify=False)
    assert {row.state for row in outbox.rows()} == {"dropped"}
    found = states(database, made)
    assert found.pop("system") == ("dropped", 0, True)
    assert set(found.values()) == {("dropped", None, False)}


def test_what_somebody_does_is_kept(database, cast):
    made = factories.in_state(database, cast, "active")
    at = now()
    with database.read() as db:
        assert not people.anybody_entered(db, made.id)
        assert not people.opened_lately(db, made, "Quartz@example.com", at)
    with database.write() as db:
        keep.opened(db, made, "Quartz@Example.com", now=at)
        keep.entered(db, made, "quartz@example.com", now=at)
        keep.entered(db, made, None, now=at + timedelta(minutes=1))
        keep.entered(db, made, None, now=at + timedelta(minutes=2))
        keep.answered(db, made, "new@example.com", "yes", by="", now=at)
    with database.read() as db:
        assert people.anybody_entered(db, made.id)
        assert people.opened_lately(db, made, "quartz@example.com", at)
        found = {one.address: one for one in people.known(db, made.id)}
        entered = select(DepositionPerson.entered_at).where(DepositionPerson.kind == Kind.VISITOR.value)
        assert db.execute(entered).scalar_one() == at + timedelta(minutes=1)
    assert (found["quartz@example.com"].opened_sequence, found["quartz@example.com"].entered_at) == (1, at)
    assert (found["new@example.com"].answer, found["new@example.com"].answer_sequence) == ("yes", 1)


@pytest.mark.parametrize("state", ["sent", "dead", "dropped"])
def test_a_result_of_a_lost_lease_counts_only_when_it_was_sent(database, cast, state):
    from app.kernel.outbox import claims
    from app.wiring import wire

    made = factories.in_state(database, cast, "scheduled", invites=(), postback_url=None)
    receipts = wire(database.config, database).receipts
    with database.write() as db:
        (row,) = claims.claim(db, now(), limit=1)
        claims.release(db, [row])
    with database.write() as db:
        assert not claims.finish(db, row, claims.Outcome(state, ""), now(), now(), receipts)
    expected = ("accepted", 1, False) if state == "sent" else ("waiting", None, False)
    assert states(database, made) == {"orsolya@example.com": expected}
