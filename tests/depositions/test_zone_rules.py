"""Zone rules change after a session was placed: it is noticed, and the team decides which counts."""

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.depositions.actions import rereading
from app.depositions.models import NOT_PROMISED, Deposition
from app.depositions.queries import conflicts, counts, tabs, zone_checks
from app.depositions.rules.proposals import NewProposal
from app.kernel.clock import now
from app.kernel.errors import Conflict
from app.kernel.text import time_zones
from tests.depositions import factories
from tests.depositions.pages import others_may_not, send, stored
from tests.depositions.races import lost, race, won
from tests.pages import text

HOUR = timedelta(hours=1)


def placed_by_old_rules(database, made, **values):
    """As rules would have placed it that were an hour off."""
    begins, ends = made.starts_at - HOUR, made.ends_at - HOUR
    old = {"starts_at": begins, "ends_at": ends, "zone_version": "2020a", **values}
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made.id).values(old))


def read_anew(database):
    sweep = rereading.Rereading()
    while sweep(database, now()):
        pass


@pytest.fixture
def moved(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    placed_by_old_rules(database, made)
    read_anew(database)
    return stored(database, made.id)


def test_the_worker_notices_in_steps_and_once(database, cast, monkeypatch):
    monkeypatch.setattr(rereading, "AT_ONCE", 2)
    made = [
        factories.request(database, cast, starts_at=now() + timedelta(days=10 + n), **factories.OTHERS)
        for n in range(5)
    ]
    for each in made[:3]:
        placed_by_old_rules(database, each)
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made[3].id).values({Deposition.zone_version: "2020a"}))
    with database.read() as db:
        assert zone_checks.undecided(db, now()) == ["The rules of 2020a placed 4 of what lies ahead."]
    sweep = rereading.Rereading()
    assert [sweep(database, now()) for _ in range(4)] == [True, True, False, False]
    assert [stored(database, each.id).hour_moved for each in made] == [True, True, True, False, False]
    assert {stored(database, each.id).zone_version for each in made} == {time_zones.VERSION}
    with database.read() as db:
        assert counts.view_counts(db, None, now())[tabs.MOVED] == 3
        assert len(zone_checks.undecided(db, now())) == 3
        assert conflicts.differences(db) == []


def test_what_an_earlier_program_wrote_is_completed(database, cast):
    made = factories.request(database, cast)
    bare = {"zone_version": "", "promised_by": NOT_PROMISED, "overlapping": False}
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made.id).values(bare))
        db.execute(conflicts.ConflictKey.__table__.delete())
    read_anew(database)
    row = stored(database, made.id)
    assert (row.promised_by, row.hour_moved) == (made.promised_by, False)
    with database.read() as db:
        assert conflicts.differences(db) == []


def test_what_has_begun_or_is_past_stays(database, cast):
    past = factories.request(database, cast, starts_at=now() - timedelta(days=3))
    active = factories.in_state(database, cast, "active", starts_at=now() + timedelta(days=1))
    for each in (past, active):
        placed_by_old_rules(database, each)
    read_anew(database)
    assert not any(stored(database, each.id).hour_moved for each in (past, active))


def test_the_clock_time_is_kept_and_everybody_hears_of_the_moment(ines, cast, database, outbox, moved):
    before = len(outbox.rows("email"))
    page = text(ines.get(f"/depositions/{moved.id}"))
    assert "The hour moved" in page
    assert send(ines, moved.id, "keep_clock_time", version=moved.version).status_code == 303
    row = stored(database, moved.id)
    assert (row.starts_at, row.ends_at) == (moved.starts_at + HOUR, moved.ends_at + HOUR)
    assert (row.start_date, row.start_time) == (moved.start_date, moved.start_time)
    assert (row.hour_moved, row.sequence) == (False, moved.sequence + 1)
    assert len(outbox.rows("email")) > before
    assert "Clock time kept by" in text(ines.get(f"/depositions/{moved.id}"))


def test_the_moment_is_kept_and_everybody_hears_of_the_hour(ines, cast, database, outbox, moved):
    assert send(ines, moved.id, "keep_moment", version=moved.version).status_code == 303
    row = stored(database, moved.id)
    assert (row.starts_at, row.ends_at) == (moved.starts_at, moved.ends_at)
    assert row.start_time != moved.start_time
    assert (row.hour_moved, row.sequence) == (False, moved.sequence + 1)
    claims = outbox.rows("webhook")[-1].payload["claims"]["requests"][0]
    assert claims["remote_session"]["start_time"] == row.start_time


@pytest.mark.parametrize("verb", ["keep_clock_time", "keep_moment"])
def test_a_request_that_nobody_was_told_of_changes_silently(ines, cast, database, outbox, verb):
    made = factories.request(database, cast)
    placed_by_old_rules(database, made)
    read_anew(database)
    assert send(ines, made.id, verb, version=1).status_code == 303
    assert not stored(database, made.id).hour_moved
    assert not outbox.rows("email")


@pytest.mark.parametrize("verb", ["keep_clock_time", "keep_moment"])
def test_the_confirmation_names_the_offered_hours_that_it_ends(client, cast, database, clock, verb):
    clock.set(factories.at("2026-12-01 10:00"))
    ines = cast.sign_in(client, "ines")
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))
    placed_by_old_rules(database, made)
    read_anew(database)
    offered = NewProposal((factories.at("2026-12-17 18:00"), factories.at("2026-12-18 18:00")))
    with database.write() as db:
        actions.propose(db, made.id, offered, by=cast.actor("ines"), now=now())
    page = unescape(text(send(ines, made.id, verb, version=stored(database, made.id).version, step="preview")))
    hours = "Thu 17 Dec 2026, 10:00 AM PST; Fri 18 Dec 2026, 10:00 AM PST"
    assert f"Offered no longer then: {hours}. 3 people were asked, nobody has answered." in page


@pytest.mark.parametrize("verb", ["keep_clock_time", "keep_moment"])
def test_who_may_not_twice_and_when_nothing_moved(client, cast, database, moved, verb):
    others_may_not(client, cast, database, moved, verb)
    with database.write() as db:
        getattr(actions, verb)(db, moved.id, by=cast.actor("ines"), now=now())
    with pytest.raises(Conflict, match="has not moved"), database.write() as db:
        getattr(actions, verb)(db, moved.id, by=cast.actor("ines"), now=now())
    ines = cast.sign_in(client, "ines")
    assert send(ines, moved.id, verb, version=moved.version).status_code == 409


def test_both_at_once_have_one_winner(database, cast, moved):
    by, verbs = cast.actor("ines"), (actions.keep_clock_time, actions.keep_moment) * 3
    got = race(
        database,
        [lambda db, act=act: act(db, moved.id, by=by, now=now(), version=moved.version) for act in verbs],
    )
    assert (len(won(got)), len(lost(got))) == (1, 5)
    with database.read() as db:
        assert conflicts.differences(db) == []


def test_the_tab_is_there_only_while_it_holds_something(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    assert "view=moved" not in text(ines.get("/depositions"))
    placed_by_old_rules(database, made)
    read_anew(database)
    assert "view=moved" in text(ines.get("/depositions"))
