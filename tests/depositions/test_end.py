"""End: the room closes for good."""

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def end(db, cast, id, version=None):
    return actions.end(db, id, by=cast.actor("ines"), now=now(), version=version)


def test_it_is_over(database, cast):
    made = factories.in_state(database, cast, "active")
    with database.write() as db:
        ended = end(db, cast, made.id, made.version)
    assert ended.state == "ended"
    assert ended.ended_at is not None


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "ended", "canceled"])
def test_wrong_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with pytest.raises(Conflict), database.write() as db:
        end(db, cast, made.id)


def test_stale(database, cast):
    made = factories.in_state(database, cast, "active")
    with pytest.raises(Conflict, match="started the session while"), database.write() as db:
        end(db, cast, made.id, 2)


def test_many_at_once_end_once(database, cast):
    made = factories.in_state(database, cast, "active")
    got = race(database, [lambda db: end(db, cast, made.id)] * 6)
    assert len(won(got)) == 1
    assert len(lost(got)) == 5
    with database.read() as db:
        assert [event.kind for event in timeline(db, "deposition", made.id)].count("deposition.ended") == 1
