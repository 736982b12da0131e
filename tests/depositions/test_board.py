"""The boards of the day and the week: what they show, who may, addresses that cannot be read, live, at what price."""

import contextlib
import re
from datetime import date

import pytest
from sqlalchemy import event, insert, update

from app.accounts.models import Person
from app.depositions.models import Absence, Manager, WorkingHours
from app.depositions.queries import board
from app.depositions.rules.board import day_span
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_plans import crowd, plan
from tests.pages import csrf, digest, text

__all__ = ["crowd"]

QUERIES = {"day=2026-12-08": 10, "week=2026-12-08": 8}
"""Queries of a page, whatever it shows."""


@pytest.fixture(autouse=True)
def today(clock, cast, database):
    """It is Tuesday, 1 December 2026, and the scheduler and the managers live by UTC."""
    clock.set(factories.at("2026-12-01 10:00"))
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))
        db.execute(update(Manager).values(zone="UTC"))


def booked(database, cast, hour, **facts):
    made = factories.request(database, cast, starts_at=factories.at(f"2026-12-08 {hour}"), zone="UTC", **facts)
    return factories.schedule(database, cast, made.id, reason="On purpose.")


def day(client, query="day=2026-12-08"):
    answer = client.get(f"/depositions/board?{query}")
    assert answer.status_code == 200, text(answer)
    return text(answer)


def cells(page, key):
    """What stands in the lines of one manager."""
    found = re.search(rf'<tbody data-part="manager-{key}".*?</tbody>', page, re.S)
    assert found is not None, key
    return found[0]


def test_a_day_by_manager(ines, cast, database):
    waits = factories.request(
        database, cast, starts_at=factories.at("2026-12-08 15:00"), zone="America/New_York", **factories.OTHERS
    )
    made = booked(database, cast, "09:00")
    close = booked(database, cast, "09:30", **{**factories.OTHERS, "deponent_name": "Ángela Ñandú"})
    with database.write() as db:
        db.execute(insert(WorkingHours).values(manager_id=made.manager_id, weekday=1, starts=480, ends=1020))
    page = day(ines)
    assert "Tue 8 Dec" in page
    nobody, hers = cells(page, "unassigned"), cells(page, made.manager_id)
    assert f'id="session-{waits.id}"' in nobody
    assert "10:00–11:15 AM EST" in nobody, "a session’s own hours"
    assert f'id="session-{made.id}"' in hers
    assert f'id="session-{close.id}"' in hers
    assert hers.count("<tr") == 2, "what overlaps stands below"
    assert f"overlaps </span>{close.id}" in hers
    assert "08:00–17:00" in hers
    assert 'class="off' in hers
    assert 'class="buffer' in hers
    assert "2 · 2 h 30 min, overlap" in hers
    assert "2026-12-09" in page
    assert "2026-12-07" in page
    assert f'href="/depositions/{made.id}/manager?on=board/2026-12-08"' in page


def test_absences_and_canceled_sessions(ines, cast, database):
    made = booked(database, cast, "09:00")
    canceled = factories.in_state(database, cast, "canceled", starts_at=factories.at("2026-12-08 12:00"))
    with database.write() as db:
        values = {"first_day": date(2026, 12, 8), "last_day": date(2026, 12, 9), "note": "<b>Dentist</b>"}
        db.execute(insert(Absence).values(manager_id=made.manager_id, **values))
    page = day(ines)
    assert "Away until Wed 9 Dec: &lt;b&gt;Dentist&lt;/b&gt;" in cells(page, made.manager_id)
    assert f"session-{canceled.id}" not in page


def test_who_is_no_longer_of_the_roster_keeps_their_sessions(ines, cast, database):
    made = booked(database, cast, "09:00")
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    assert f"session-{made.id}" in cells(day(ines), made.manager_id)


def test_a_session_over_midnight_is_on_both_days(ines, cast, database):
    made = booked(database, cast, "23:30")
    for query in ("day=2026-12-08", "day=2026-12-09"):
        assert f'id="session-{made.id}"' in day(ines, query)
    assert f"session-{made.id}" not in day(ines, "day=2026-12-10")


@pytest.mark.parametrize("who", ["ines", "hugo", "ada"])
def test_staff_may_look_and_only_the_team_may_change(client, cast, database, who):
    made = booked(database, cast, "09:00")
    page = day(cast.sign_in(client, who))
    assert f"session-{made.id}" in page
    assert (f'id="change-{made.id}"' in page) == (who == "ines")
    choosing = client.get(f"/depositions/{made.id}/manager")
    assert (choosing.status_code, "Review and change" in text(choosing)) == (200, who == "ines")


def test_others_may_not(client, cast, database):
    made = booked(database, cast, "09:00")
    for who in ("adam", "aude", "lena"):
        cast.sign_in(client, who)
        assert client.get("/depositions/board").status_code == 403
    cast.sign_in(client, "abel")
    assert client.get(f"/depositions/{made.id}/manager").status_code == 404


@pytest.mark.parametrize("query", ["day=x", "day=2026-13-01", "day=0001-01-01", "day=9999-12-31", "week=x", "day=%00"])
def test_addresses_that_cannot_be_read_are_named(ines, query):
    answer = ines.get(f"/depositions/board?{query}")
    assert (answer.status_code, "is no day." in text(answer)) == (422, True)


@pytest.mark.parametrize("wanted", ["-1", "99", "x", "٣", "9" * 30])
def test_a_window_that_there_is_not_is_the_nearest(ines, wanted):
    assert "Unassigned" in day(ines, f"day=2026-12-08&from={wanted}")


def test_days_on_which_the_clocks_change(ines, cast, database):
    with database.write() as db:
        db.execute(update(Person).values(time_zone="Europe/Paris"))
    page = day(ines, "day=2026-10-25&from=0")
    assert "02:00 CEST" in page
    assert "02:00 CET" in page
    assert "CEST/CET" in page
    assert day(ines, "day=2027-03-28&from=0").count('scope="col" colspan="4"') == 12


def test_change_the_manager_and_come_back_to_the_board(ines, cast, database):
    made = booked(database, cast, "09:00")
    page = text(ines.get(f"/depositions/{made.id}/manager?on=board/2026-12-08"))
    assert 'name="on" value="board/2026-12-08"' in page
    typed = {"csrf_token": csrf(ines), "version": made.version, "manager": "nobody", "on": "board/2026-12-08"}
    shown = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "step": "preview"})
    assert 'name="on" value="board/2026-12-08"' in text(shown)
    done = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "preview": digest(shown)})
    assert (done.status_code, done.headers["Location"]) == (
        303,
        f"/depositions/board?day=2026-12-08#session-{made.id}",
    )
    assert stored(database, made.id).manager_id is None
    assert f"session-{made.id}" in cells(day(ines), "unassigned")


def test_what_waits_is_scheduled_from_the_board(ines, cast, database):
    made = factories.request(database, cast, starts_at=factories.at("2026-12-08 15:00"))
    page = text(ines.get(f"/depositions/{made.id}/manager?on=//evil.example.com"))
    assert "Review and schedule" in page
    assert "evil" not in page
    with database.read() as db:
        manager = db.execute(Manager.__table__.select()).first()
    typed = {"csrf_token": csrf(ines), "version": 1, "manager": manager.id, "room_url": factories.ROOM}
    shown = ines.post(f"/depositions/{made.id}/schedule", data={**typed, "on": "board/2026-12-08", "step": "preview"})
    typed |= {"on": "board/2026-12-08", "preview": digest(shown)}
    done = ines.post(f"/depositions/{made.id}/schedule", data=typed)
    assert "/depositions/board?day=2026-12-08" in done.headers["Location"]
    for on in ("board/x", "//evil.example.com", "board/"):
        again = ines.post(f"/depositions/{made.id}/change_manager", data={**typed, "on": on, "version": 9})
        assert again.status_code in (409, 422)


def test_the_week_says_what_is_short(ines, cast, database):
    made = booked(database, cast, "09:00")
    for n in range(3):
        facts = {**factories.OTHERS, "case_name": f"Case {n}"}
        factories.request(database, cast, starts_at=factories.at("2026-12-10 12:00"), zone="UTC", **facts)
    with database.write() as db:
        db.execute(
            insert(WorkingHours),
            [{"manager_id": made.manager_id, "weekday": n, "starts": 540, "ends": 660} for n in range(5)],
        )
        values = {"first_day": date(2026, 12, 11), "last_day": date(2026, 12, 11), "note": ""}
        db.execute(insert(Absence).values(manager_id=made.manager_id, **values))
        db.execute(update(Person).values(time_zone="Europe/Paris"))
    page = day(ines, "week=2026-12-10")
    assert "7–13 Dec 2026" in page
    assert "Thu 10 Dec is short of people." in page
    assert "3 requests wait for 3.8 h, and the managers at work have 2 h free." in page
    assert "1.2 of 2 h" in page
    assert ">Away<" in page
    assert "<strong>1.2</strong> of 8 h" in page


def test_the_week_without_anybody(ines, database):
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    page = day(ines, "week=2026-12-10")
    assert "No managers yet" in page
    assert "Nothing waits for a manager this week." in page


@contextlib.contextmanager
def statements(database):
    seen = []

    def note(*given):
        seen.append(given[2])

    event.listen(database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(database.reader, "before_cursor_execute", note)


def test_an_unchanged_board_is_asked_for_twice_and_a_changed_one_a_fixed_number_of_times(ines, cast, database):
    found = {}
    for n in range(2):
        if n:
            for hour in ("08:00", "08:15", "12:00", "15:00"):
                booked(database, cast, hour)
        for query in QUERIES:
            with statements(database) as seen:
                answer = ines.get(f"/depositions/board?{query}")
            found.setdefault(query, []).append(len(seen))
    assert found == {query: [n - 2 if query.startswith("day") else n, n] for query, n in QUERIES.items()}, found
    poll = {"X-Desk-Poll": "1", "If-None-Match": answer.headers["ETag"]}
    assert ines.get(f"/depositions/board?{query}", headers=poll).status_code == 304
    booked(database, cast, "18:00")
    assert ines.get(f"/depositions/board?{query}", headers=poll).status_code == 200


def test_a_day_is_a_few_ranges_of_an_index(database, cast, crowd):
    with database.read() as db:
        values = board.moments(day_span(date(2026, 12, 8), "Europe/Paris"))
        for statement in (board.SESSIONS, board.LOAD):
            words = plan(db, statement, values)
            assert "SCAN depositions\n" not in words + "\n", words
            assert "Seq Scan on depositions" not in words, words
            assert words.count("USING " if db.dialect == "sqlite" else "Index ") >= 10, words
