"""Assign to me: taking is explicit, and visible to everybody."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from app.kernel.errors import Conflict, NotFound
from tests.depositions import factories
from tests.depositions.races import lost, race, won


def assign(db, cast, id, who="ines", version=None):
    person = cast.people[who]
    return actions.assign(db, id, assignee=(person.id, person.name), by=cast.actor(who), now=now(), version=version)


def test_it_is_mine(database, cast):
    made = factories.request(database, cast)
    with database.write() as db:
        taken = assign(db, cast, made.id, version=1)
    assert (taken.assignee_id, taken.assignee_name, taken.state) == (cast.ines.id, "Ines Okafor", "initial")


def test_somebody_else_may_take_it_over(database, cast):
    made = factories.request(database, cast)
    with database.write() as db:
        assign(db, cast, made.id)
        taken = assign(db, cast, made.id, "hugo")
    assert taken.assignee_name == "Hugo Brandt"


def test_unknown(database, cast):
    with pytest.raises(NotFound), database.write() as db:
        assign(db, cast, 4711)


def test_two_who_saw_it_free_press_at_once(database, cast):
    made = factories.request(database, cast)
    got = race(database, [lambda db, who=who: assign(db, cast, made.id, who, 1) for who in ("ines", "hugo") * 3])
    assert len(won(got)) == 1
    (name,) = {row.assignee_name for row in won(got)}
    assert all(refusal.detail.startswith(f"{name} assigned it") for refusal in lost(got))
    assert all(isinstance(refusal, Conflict) for refusal in lost(got))
