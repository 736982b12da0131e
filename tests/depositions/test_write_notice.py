"""Write a notice: what the organization reads as `notice`."""

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def write(db, cast, id, text, version=None):
    return actions.write_notice(db, id, text, by=cast.actor("ines"), now=now(), version=version)


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "active", "ended", "canceled"])
def test_in_every_state(database, cast, state):
    made = factories.in_state(database, cast, state)
    with database.write() as db:
        assert write(db, cast, made.id, " Which exhibits? ").notice == "Which exhibits?"
        assert write(db, cast, made.id, "  ").notice is None
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", made.id)]
    assert kinds.count("deposition.notice_written") == 2


def test_the_slower_writer_overwrites_nothing(database, cast):
    made = factories.request(database, cast)
    with database.write() as db:
        write(db, cast, made.id, "First.", 1)
    with pytest.raises(Conflict, match="wrote a notice"), database.write() as db:
        write(db, cast, made.id, "Second.", 1)


def test_many_at_once(database, cast):
    made = factories.request(database, cast)
    got = race(database, [lambda db, n=n: write(db, cast, made.id, f"Notice {n}", 1) for n in range(6)])
    assert len(won(got)) == 1
    assert {refusal.code for refusal in lost(got)} == {"stale"}
