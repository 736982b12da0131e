"""Start: the room opens, from now on the mailed links lead in."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from app.kernel.errors import Conflict, NotFound
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def start(db, cast, id, version=None):
    return actions.start(db, id, by=cast.actor("ines"), now=now(), version=version)


def test_it_begins(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        started = start(db, cast, made.id, made.version)
    assert started.state == "active"
    assert started.started_at is not None


def test_without_a_room_it_does_not(database, cast):
    made = factories.in_state(database, cast, "ready")
    with pytest.raises(Conflict, match="no room yet"), database.write() as db:
        start(db, cast, made.id)
    with database.read() as db:
        row = db.execute(factories.one(made.id)).one()
    assert (row.state, row.version) == ("ready", made.version)


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Conflict), database.write() as db:
        start(db, cast, made.id)


def test_stale_and_unknown(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    with pytest.raises(Conflict, match="scheduled it while"), database.write() as db:
        start(db, cast, made.id, 1)
    with pytest.raises(NotFound), database.write() as db:
        start(db, cast, 4711)


def test_start_against_cancel_has_one_winner(database, cast):
    for _ in range(4):
        made = factories.in_state(database, cast, "scheduled")
        got = race(database, _both(cast, made.id) * 3)
        assert len(won(got)) == 1
        assert {refusal.status for refusal in lost(got)} == {409}


def _both(cast, id):
    return [
        lambda db: start(db, cast, id),
        lambda db: actions.cancel(db, id, by=cast.actor("ines"), now=now(), notify=False),
    ]
