"""What runs now: who is there, overruns ahead, start and end from the page, whose sessions are shown, at what price."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.accounts.models import Person
from app.depositions.actions.people import entered, opened
from app.depositions.models import Deposition, DepositionPerson, Kind
from app.depositions.queries import now as queries
from app.depositions.rules import running
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_board import statements
from tests.depositions.test_plans import crowd, crowded, plan
from tests.pages import csrf, digest, text

__all__ = ["crowd"]
NOW = factories.at("2026-12-01 10:00")


@pytest.fixture(autouse=True)
def today(clock, cast, database):
    """It is ten o'clock in UTC, by which the scheduler lives."""
    clock.set(NOW)
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))


def booked(database, cast, minutes, **facts):
    made = factories.request(database, cast, starts_at=NOW + timedelta(minutes=minutes), zone="UTC", **facts)
    return factories.schedule(database, cast, made.id, reason="On purpose.")


def row(client, id):
    page = text(client.get("/depositions/now"))
    found = re.search(rf'<tr data-part="session-{id}".*?</tr>', page, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_who_is_there(ines, cast, database):
    made = booked(database, cast, 10)
    assert " min · 10:10 UTC 10:10–11:25 UTC " in row(ines, made.id)
    assert "not in" in row(ines, made.id)
    assert "Nobody entered" in row(ines, made.id)
    with database.write() as db:
        opened(db, made, "quartz@example.com", now=NOW)
        entered(db, made, "obsidian@example.com", now=NOW)
        entered(db, made, made.manager_email, now=NOW, kind=Kind.MANAGER)
    shown = row(ines, made.id)
    assert "obsidian@example.com" in shown
    assert "opened: quartz@example.com" in shown
    assert "Ines Okafor in " in shown


def test_live_soon_and_late_and_nothing_else(ines, cast, database):
    live = factories.in_state(database, cast, "active", starts_at=NOW - timedelta(minutes=30))
    soon, late = booked(database, cast, 119), booked(database, cast, -20)
    for other in (booked(database, cast, 121), booked(database, cast, -121)):
        assert not row(ines, other.id)
    factories.request(database, cast, starts_at=NOW + timedelta(minutes=5))
    page = text(ines.get("/depositions/now"))
    for id in (live.id, soon.id, late.id):
        assert f'data-part="session-{id}"' in page
    assert "3 sessions" in page
    close = booked(database, cast, 14)
    page = text(ines.get("/depositions/now"))
    missed = [re.search(rf'data-part="session-{each.id}".*?not in', page, re.S)[0] for each in (soon, close)]
    assert ["warn" in each.rpartition("<")[2] for each in missed] == [False, True]
    assert re.search(r"Should have begun <", page)


@pytest.mark.parametrize(
    ("ends", "next_at", "minute", "text", "tone"),
    [
        (90, 105, 60, "ends 11:30, next at 11:45", ""),
        (90, 100, 60, "ends 11:30, next at 11:40", "danger"),
        (90, None, 100, "10 min over", "warn"),
        (90, 120, 100, "10 min over, next at 12:00", "warn"),
        (90, 120, 110, "20 min over, next at 12:00", "danger"),
        (0, None, 100, "open end", ""),
        (0, 300, 100, "open end, next at 15:00", ""),
    ],
)
def test_overruns_ahead(ends, next_at, minute, text, tone):
    def at(minutes):
        return NOW + timedelta(minutes=minutes)

    after = None if next_at is None else at(next_at)
    found = running.ahead(NOW, at(ends), "active", after, timedelta(minutes=15), at(minute), "UTC")
    assert found == (text, tone)


def test_started_and_ended_from_the_page(ines, cast, database):
    made = booked(database, cast, 5)
    typed = {"csrf_token": csrf(ines), "version": made.version, "on": "now"}
    done = ines.post(f"/depositions/{made.id}/start", data=typed)
    assert (done.status_code, done.headers["Location"]) == (303, "/depositions/now")
    assert "End" not in row(ines, made.id), "before its planned start it is canceled instead"
    assert "cannot be ended before its planned start" in row(ines, made.id)


def test_ended_by_its_confirmation(ines, cast, database):
    made = factories.in_state(database, cast, "active", starts_at=NOW - timedelta(minutes=30))
    typed = {"csrf_token": csrf(ines), "version": made.version, "on": "now"}
    shown = ines.post(f"/depositions/{made.id}/end", data={**typed, "step": "preview"})
    done = ines.post(f"/depositions/{made.id}/end", data={**typed, "preview": digest(shown)})
    assert done.headers["Location"] == "/depositions/now"
    assert stored(database, made.id).state == "ended"
    assert not row(ines, made.id)


def test_only_ones_own_and_only_the_team_acts(client, cast, database):
    made = booked(database, cast, 10)
    for who, sees in (("adam", True), ("aude", True), ("abel", False), ("ada", True)):
        cast.sign_in(client, who)
        page = text(client.get("/depositions/now"))
        assert (f'data-part="session-{made.id}"' in page) == sees
        assert "/start" not in page
    cast.sign_in(client, "lena")
    assert client.get("/depositions/now").status_code == 403


def test_who_enters_is_seen_by_the_next_poll(ines, cast, database):
    made = booked(database, cast, 10)
    poll = {"X-Desk-Poll": "1", "If-None-Match": ines.get("/depositions/now").headers["ETag"]}
    assert ines.get("/depositions/now", headers=poll).status_code == 304
    with database.write() as db:
        entered(db, made, "quartz@example.com", now=NOW)
    assert ines.get("/depositions/now", headers=poll).status_code == 200


def test_a_fixed_number_of_reads(ines, cast, database):
    found = []
    for minutes in (10, 50, 90):
        booked(database, cast, minutes, **{**factories.OTHERS, "case_name": f"Case {minutes}"})
        with database.write() as db:
            db.execute(update(Deposition).values(overlapping=False))
        with statements(database) as seen:
            ines.get("/depositions/now")
        found.append(len(seen))
    assert len(set(found)) == 1, found


@crowded
@pytest.mark.parametrize("reach", [None, "one"])
def test_what_runs_is_found_by_an_index(database, cast, crowd, reach):
    ids = None if reach is None else frozenset({cast.marston.id})
    with database.read() as db:
        words = plan(db, queries.statement(queries.reach_kind(ids)), queries.values(ids, NOW))
    assert "SCAN depositions\n" not in words + "\n", words
    assert "Seq Scan on depositions" not in words, words


def test_a_name_from_outside_is_text(ines, cast, database):
    made = booked(database, cast, 10)
    with database.write() as db:
        entered(db, made, "quartz@example.com", now=NOW)
        db.execute(update(DepositionPerson).values(name="<script>\u202ex" + "أ" * 150))
    page = text(ines.get("/depositions/now"))
    assert "<script>\u202e" not in page
    assert "&lt;script&gt;" in page
