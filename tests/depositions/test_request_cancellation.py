"""Ask for a cancellation: the organization's way once a session is booked."""

from datetime import timedelta

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Invalid, NotFound
from tests.depositions import factories
from tests.depositions.races import race, won


def ask(db, cast, made, organization_id=None, at=None):
    return actions.request_cancellation(
        db, made.id, organization_id=organization_id or made.organization_id, by=cast.actor("ines"), now=at or now()
    )


@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_it_is_put_before_the_team(database, cast, state):
    made = factories.in_state(database, cast, state)
    moment = now()
    with database.write() as db:
        asked = ask(db, cast, made, at=moment)
    assert asked.cancellation_open
    assert asked.cancellation_requested_at == moment
    assert asked.state == state


def test_asked_again_the_first_time_stays(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    first = now()
    for later in (timedelta(), timedelta(hours=1)):
        with database.write() as db:
            asked = ask(db, cast, made, at=first + later)
    assert asked.cancellation_requested_at == first
    assert asked.version == made.version + 1
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", made.id)]
    assert kinds.count("deposition.cancellation_requested") == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("initial", "session_request.not_booked"),
        ("active", "session_request.not_cancelable"),
        ("ended", "session_request.not_cancelable"),
        ("canceled", "session_request.already_canceled"),
    ],
)
def test_wrong_state(database, cast, state, code):
    made = factories.in_state(database, cast, state)
    with database.write() as db, pytest.raises(Invalid) as refused:
        ask(db, cast, made)
    assert refused.value.code == code


def test_of_another_organization_there_is_nothing(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db, pytest.raises(NotFound):
        ask(db, cast, made, organization_id=cast.harbor.id)


def test_canceling_answers_it(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        ask(db, cast, made)
        canceled = actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    assert not canceled.cancellation_open
    assert canceled.cancellation_requested_at is not None


def test_many_at_once_ask_once(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    got = race(database, [lambda db: ask(db, cast, made)] * 6)
    assert len(won(got)) == 6
    assert len({row.cancellation_requested_at for row in got}) == 1
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", made.id)]
    assert kinds.count("deposition.cancellation_requested") == 1
