"""Schedule: the team books what an organization asked for."""

from datetime import timedelta

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict, NotFound
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def test_it_books_the_session(database, cast, outbox):
    made = factories.request(database, cast)
    scheduled = factories.schedule(database, cast, made.id)
    assert (scheduled.state, scheduled.version, scheduled.sequence) == ("scheduled", 2, 1)
    assert scheduled.booked_at is not None
    assert (scheduled.manager_name, scheduled.manager_email) == ("Ines Okafor", "ines@example.com")
    assert (scheduled.provider, scheduled.room_url) == ("chime", factories.ROOM)
    assert scheduled.slug == made.slug
    assert scheduled.remote_session_id == made.remote_session_id


def test_everybody_is_told_once_with_a_calendar_file_and_a_link_of_their_own(database, cast, outbox):
    made = factories.request(
        database,
        cast,
        invites=factories.new_request.fold_invites([factories.new_request.Invite("ORSOLYA@example.com")]),
    )
    factories.schedule(database, cast, made.id)
    (letter,) = outbox.letters()
    assert letter["to"] == "orsolya@example.com"
    assert letter["subject"].startswith("Scheduled: Deposition of Orsolya Brandt, ")
    assert f"/sessions/{made.slug}?k=" in letter["text"]
    (file,) = letter["attachments"]
    assert file["type"] == "text/calendar; method=REQUEST; charset=UTF-8"


def test_the_webhook_is_queued_once_and_only_when_asked_for(database, cast, outbox):
    factories.schedule(database, cast, factories.request(database, cast).id)
    assert len(outbox.rows("webhook")) == 1
    later = timedelta(days=20)
    quiet = factories.request(database, cast, postback_url=None, starts_at=now() + later)
    factories.schedule(database, cast, quiet.id)
    assert len(outbox.rows("webhook")) == 1


def test_twice_is_refused_and_tells_nobody_again(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    before = len(outbox.rows())
    with pytest.raises(Conflict, match="already scheduled"):
        factories.schedule(database, cast, made.id)
    assert len(outbox.rows()) == before


@pytest.mark.parametrize("state", ["ready", "active", "ended", "canceled"])
def test_wrong_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Conflict):
        factories.schedule(database, cast, made.id)


def test_stale_page_is_refused_and_says_who_was_first(database, cast):
    made = factories.request(database, cast)
    with database.write() as db:
        actions.write_notice(db, made.id, "Who pays?", by=cast.actor("ines"), now=now(), version=1)
    with pytest.raises(Conflict, match="Ines Okafor wrote a notice") as refused:
        factories.schedule(database, cast, made.id, version=1)
    assert refused.value.code == "stale"


def test_unknown(database, cast):
    with pytest.raises(NotFound):
        factories.schedule(database, cast, 4711)


def test_overlap_asks_for_a_reason_and_keeps_it(database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, organization="harbor", starts_at=starts_at + timedelta(minutes=80))
    with pytest.raises(Conflict) as refused:
        factories.schedule(database, cast, second.id)
    assert refused.value.code == "session_request.overlap"
    factories.schedule(database, cast, second.id, reason=" Ana takes the second. ")
    with database.read() as db:
        told = timeline(db, "deposition", second.id)[0]
    assert told.data["overlaps"] == [first.id]
    assert told.data["reason"] == "Ana takes the second."


def test_another_manager_or_a_canceled_session_is_no_overlap(database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at)
    factories.schedule(database, cast, second.id, manager_name="Quartz", manager_email="quartz@house.example.com")
    with database.write() as db:
        actions.cancel(db, first.id, by=cast.actor("ines"), now=now(), notify=False)
    third = factories.request(database, cast, starts_at=starts_at)
    assert factories.schedule(database, cast, third.id).state == "scheduled"


def test_a_refused_schedule_leaves_nothing(database, cast, outbox):
    starts_at = now() + timedelta(days=5)
    factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at)
    before = len(outbox.rows())
    with pytest.raises(Conflict):
        factories.schedule(database, cast, second.id)
    with database.read() as db:
        assert len(timeline(db, "deposition", second.id)) == 1
    assert len(outbox.rows()) == before


def one_of_each(made, cast):
    ines = cast.actor("ines")
    booking = factories.booking(cast, reason="Both.")
    return [
        lambda db: actions.schedule(db, made.id, booking, by=ines, now=now(), version=1),
        lambda db: actions.cancel(db, made.id, by=ines, now=now(), version=1),
        lambda db: actions.withdraw(db, made.id, organization_id=made.organization_id, by=ines, now=now(), notify=True),
    ]


def test_schedule_against_cancel_against_cancel_has_one_winner(database, cast, outbox):
    for _ in range(5):
        made = factories.request(database, cast, starts_at=now() + timedelta(days=5))
        before = len(outbox.rows())
        got = race(database, one_of_each(made, cast) * 2)
        (winner,) = won(got)
        assert len(lost(got)) == 5
        assert {refusal.status for refusal in lost(got)} <= {409, 422}
        with database.read() as db:
            assert len(timeline(db, "deposition", made.id)) == 2
        letters = 3
        assert len(outbox.rows()) == before + letters + (1 if winner.state == "scheduled" else 0)


def test_two_bookings_of_one_manager_at_once_see_each_other(database, cast):
    ines = cast.actor("ines")
    for day in range(5, 9):
        starts_at = now() + timedelta(days=day)
        ids = [factories.request(database, cast, starts_at=starts_at).id for _ in range(2)]
        got = race(
            database,
            [
                lambda db, id=id: actions.schedule(db, id, factories.booking(cast), by=ines, now=now(), version=1)
                for id in ids
            ],
        )
        assert len(won(got)) == 1
        assert [refusal.code for refusal in lost(got)] == ["session_request.overlap"]
