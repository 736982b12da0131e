"""Conflicts: sessions that take the same hour of the same people, found by every verb, and kept for the list."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random

import pytest

from app.depositions import actions
from app.depositions.actions.roster import change
from app.depositions.queries import conflicts, counts, managers, roster, tabs
from app.depositions.rules import new_request
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db import recounts
from app.kernel.errors import Conflict
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.races import lost, race, won
from tests.pages import text

EACH = {
    "deponent": {"deponent_name": "Orsolya  BRANDT"},
    "invitee": {"invites": (new_request.Invite("QUARTZ@example.com"),)},
    "case": {"case_name": "keller v. northline freight"},
}
"""What a request has in common with the usual one, each alone."""


def sentences(database, made):
    with database.read() as db:
        row = db.execute(factories.one(made.id)).one()
        return [finding.sentence for finding in conflicts.findings(db, row, now(), besides=made.id)]


def overlapping(database, *made):
    return [stored(database, each.id).overlapping for each in made]


def is_kept(database):
    with database.read() as db:
        assert conflicts.differences(db) == []
        assert recounts.differences(db) == []


@pytest.mark.parametrize("what", EACH)
def test_each_needs_a_reason_once_the_other_is_booked(database, cast, what):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at, **{**factories.OTHERS, **EACH[what]})
    (sentence,) = sentences(database, second)
    assert sentence.startswith(f"Overlaps {first.id}, Orsolya Brandt (")
    assert sentence.endswith(f"): same {what}.")
    assert overlapping(database, first, second) == [True, True]
    other = {"manager_name": "Quartz", "manager_email": "quartz.verbena@partner.example.com"}
    with pytest.raises(Conflict) as refused:
        factories.schedule(database, cast, second.id, **other)
    assert refused.value.code == "session_request.overlap"
    factories.schedule(database, cast, second.id, reason="They know.", **other)
    with database.read() as db:
        event = timeline(db, "deposition", second.id)[0]
    assert (event.data["overlaps"], event.data["reason"]) == ([first.id], "They know.")
    is_kept(database)


def test_an_interpreter_and_what_is_only_requested_warn(database, cast):
    starts_at = now() + timedelta(days=5)
    wish = new_request.tidy_details({"interpreter": "German"})
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at, details=wish)
    second = factories.request(database, cast, starts_at=starts_at, details=wish, **factories.OTHERS)
    requested = factories.request(
        database, cast, starts_at=starts_at, **{**factories.OTHERS, "case_name": "Another v. Case"}
    )
    found = sentences(database, second)
    assert len(found) == 2
    assert found[0].startswith(f"Overlaps {requested.id}, Tomasz Adeyemi (")
    assert found[0].endswith("): same deponent and invitee.")
    assert found[1].startswith(f"Overlaps {first.id}, ")
    assert found[1].endswith("): same interpreter.")
    other = {"manager_name": "Quartz", "manager_email": "quartz.verbena@partner.example.com"}
    assert factories.schedule(database, cast, second.id, **other).state == "scheduled"


def test_the_same_request_twice(database, cast):
    starts_at = now() + timedelta(days=5)
    first, second = (factories.request(database, cast, starts_at=starts_at, title=title) for title in ("One", "Two"))
    assert sentences(database, second) == [
        f"Requested twice: {first.id}, Orsolya Brandt has the same case, people and hour."
    ]
    later = factories.request(database, cast, starts_at=starts_at + timedelta(minutes=30))
    assert len(sentences(database, later)) == 2
    assert not any("twice" in sentence for sentence in sentences(database, later))


def test_another_organization_is_counted_and_never_named(database, cast):
    starts_at = (now() + timedelta(days=5)).replace(minute=0)
    for n in range(2):
        theirs = {"title": "Secret title", "deponent_name": f"Secret {n}", "case_name": f"Secret v. {n}"}
        factories.in_state(
            database, cast, "scheduled", organization="harbor", starts_at=starts_at, deponent_email=None, **theirs
        )
    made = factories.request(database, cast, starts_at=starts_at)
    (sentence,) = sentences(database, made)
    assert sentence.startswith(
        "Somebody invited here is also invited to 2 sessions of other organizations at this hour: "
    )
    assert "Secret" not in sentence


def test_the_same_case_or_name_elsewhere_is_none(database, cast):
    starts_at = now() + timedelta(days=5)
    factories.request(database, cast, organization="harbor", starts_at=starts_at, deponent_email=None, invites=())
    made = factories.request(database, cast, starts_at=starts_at)
    assert sentences(database, made) == []
    assert overlapping(database, made) == [False]


def test_self_service_is_never_refused_and_is_noticed(database, cast):
    starts_at = now() + timedelta(days=5)
    first, second = (factories.in_state(database, cast, "ready", starts_at=starts_at) for _ in range(2))
    assert overlapping(database, first, second) == [True, True]
    with database.read() as db:
        event = next(row for row in timeline(db, "deposition", second.id) if row.kind == "deposition.scheduled")
    assert event.data["overlaps"] == [first.id]


def test_what_is_canceled_or_over_overlaps_nothing(database, cast, clock):
    starts_at = now() + timedelta(days=5)
    made = [factories.in_state(database, cast, "scheduled", starts_at=starts_at) for _ in range(3)]
    by = cast.actor("ines")
    with database.write() as db:
        actions.cancel(db, made[0].id, by=by, now=now(), notify=False)
    assert overlapping(database, *made) == [False, True, True]
    clock.move(days=5, hours=1)
    with database.write() as db:
        actions.start(db, made[1].id, by=by, now=now())
        actions.end(db, made[1].id, by=by, now=now())
    assert overlapping(database, *made) == [False, False, False]
    is_kept(database)


def test_touching_hours_are_none_but_for_the_manager(database, cast):
    starts_at = now() + timedelta(days=5)
    factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    made = factories.request(database, cast, starts_at=starts_at + timedelta(minutes=75))
    assert sentences(database, made) == []
    with pytest.raises(Conflict, match="same manager, too close for the manager"):
        factories.schedule(database, cast, made.id)


def test_two_at_once_see_each_other_whoever_manages_them(database, cast):
    by = cast.actor("ines")
    for day in range(5, 9):
        starts_at = now() + timedelta(days=day)
        made = [
            factories.request(database, cast, starts_at=starts_at, **{**factories.OTHERS, "case_name": f"{day} {n}"})
            for n in range(2)
        ]
        bookings = [
            factories.booking(cast, manager_name=name, manager_email=f"{name}@example.org") for name in ("one", "two")
        ]
        got = race(
            database,
            [
                lambda db, id=each.id, booking=booking: actions.schedule(db, id, booking, by=by, now=now(), version=1)
                for each, booking in zip(made, bookings, strict=True)
            ],
        )
        assert len(won(got)) == 1
        assert [refusal.code for refusal in lost(got)] == ["session_request.overlap"]
    is_kept(database)


def test_requests_at_once_are_all_marked(database, cast):
    """Each overlaps others through another key, so that a session is judged by several writers at once."""
    starts_at = now() + timedelta(days=5)
    owner, by = cast.organizations["marston"], cast.actor("ines")
    wanted = [
        factories.new(starts_at=starts_at, **{**factories.OTHERS, **EACH[what]}, title=f"{n}")
        for n, what in product(range(2), EACH)
    ]
    race(database, [lambda db, new=new: actions.request(db, owner, new, by=by, now=now()) for new in wanted])
    is_kept(database)
    with database.read() as db:
        assert counts.view_counts(db, None, now())[tabs.OVERLAPPING] == 6
        places = [(cast.marston.id,), (cast.harbor.id,), (cast.harbor.id, cast.marston.id), ()]
        assert [counts.view_counts(db, ids, now())[tabs.OVERLAPPING] for ids in places] == [6, 0, 6, 0]


def test_whatever_is_done_in_whatever_order_kept_is_what_is_recomputed(database, cast):
    """Forty random writes; `desk check conflicts` finds nothing after each ten."""
    chance, by, made = Random(7), cast.actor("ines"), []
    begins = (now() + timedelta(days=5)).replace(minute=0)
    for n in range(40):
        facts = {**factories.OTHERS, **chance.choice([*EACH.values(), {}])}
        with database.write() as db:
            if not made or chance.random() < 0.6:
                starts_at = begins + timedelta(hours=chance.randrange(6))
                owner = cast.organizations[chance.choice(["marston", "harbor", "quill"])]
                new = factories.new(starts_at=starts_at, estimated_duration=chance.choice([1, 3, None]), **facts)
                made.append(actions.request(db, owner, new, by=by, now=now()).id)
            else:
                id = made.pop(chance.randrange(len(made)))
                if chance.random() < 0.5 and db.execute(factories.one(id)).one().state == "initial":
                    actions.schedule(db, id, factories.booking(cast, reason="All the same."), by=by, now=now())
                    made.append(id)
                else:
                    actions.cancel(db, id, by=by, now=now(), notify=False)
        if n % 10 == 9:
            is_kept(database)


def test_the_page_names_what_it_overlaps(ines, cast, database):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at, **{**factories.OTHERS, **EACH["invitee"]})
    assert f'Overlaps <a href="/depositions/{first.id}">' in text(ines.get(f"/depositions/{second.id}"))
    page = text(ines.get("/depositions?view=overlapping"))
    rows = page.partition('id="queue"')[2]
    assert rows.count("Overlaps another") == 2


def test_both_pages_say_why_it_was_booked_all_the_same(ines, database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at, **{**factories.OTHERS, **EACH["invitee"]})
    factories.schedule(database, cast, second.id, reason="Two <b>rooms</b>.")
    for id in (first.id, second.id):
        assert "Booked all the same: “<bdi>Two &lt;b&gt;rooms&lt;/b&gt;.</bdi>”</small>" in text(
            ines.get(f"/depositions/{id}")
        )


def test_what_a_manager_needs_between_two_changes_what_overlaps(database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at + timedelta(minutes=115), **factories.OTHERS)
    factories.schedule(database, cast, second.id)
    assert overlapping(database, first, second) == [False, False]
    id = stored(database, first.id).manager_id
    for minutes, overlap in ((45, True), (0, False)):
        with database.write() as db:
            facts = replace(roster.facts_of(db, managers.get(db, id)), buffer_after=minutes, buffer_before=0)
            change(db, id, facts, by=cast.actor("ines"), now=now())
        assert overlapping(database, first, second) == [overlap, overlap]
        is_kept(database)
