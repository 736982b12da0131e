"""The boards of the day and the week: what they show, who may, addresses that cannot be read, live, at what price."""

import contextlib
import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, update

from app.accounts.models import Person
from app.depositions import actions
from app.depositions.models import Absence, Deposition, Manager, WorkingHours
from app.depositions.queries import board
from app.depositions.rules.board import day_span
from app.depositions.rules.checklist import Item, Progress
from app.depositions.rules.roster import RosterFacts
from app.depositions.views import week
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_plans import crowd, crowded, plan
from tests.pages import csrf, digest, text

__all__ = ["crowd"]

QUERIES = {"day=2026-12-08": 12, "week=2026-12-08": 8}
"""Queries of a page, whatever it shows."""
PLAN_QUERIES = 11


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


def bar(page, made):
    """The beginning of the bar of a session."""
    found = re.search(rf'<a class="([^"]*)"[^>]*id="session-{made.id}"', page)
    assert found is not None, made.id
    return found[1]


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
    assert f"overlaps </span><span>{close.id}</span>" in hers
    assert "08:00–17:00" in hers
    assert 'class="off' in hers
    assert 'class="buffer' in hers
    assert "2 · 2 h 30 min, overlap" in hers
    assert "danger" not in bar(page, waits)
    soon = booked(database, cast, "10:50", **{**factories.OTHERS, "deponent_email": "c@example.com", "case_name": "C"})
    assert "danger" in bar(day(ines), soon), "five minutes are less than what is kept free"
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
    ended = factories.in_state(database, cast, "ended", starts_at=factories.at("2026-12-01 09:00"))
    assert "over" in bar(day(ines, "day=2026-12-01"), ended)
    twice = [factories.request(database, cast, starts_at=factories.at("2026-12-09 12:00")) for _ in range(2)]
    assert "warn" in bar(day(ines, "day=2026-12-09"), twice[0]), "the same case at the same hour, and no manager yet"


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
    assert "data-live-every" not in text(answer), "a refusal is not replaced by what it refuses"


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
    assert 'data-part="total">1 session<' in page, "what waits is none yet"
    assert "Thu 10 Dec is short of people." in page
    assert "3 requests wait for 3.8 h, and the managers at work have 2 h free." in page
    assert "1.2 of 2 h" in page
    assert ">Away<" in page
    assert "<strong>1.2</strong> of 8 h" in page
    with database.write() as db:
        db.execute(update(Person).values(time_zone="America/New_York"))
    assert "6–12 Dec 2026" in day(ines, "week=2026-12-10"), "weeks begin on Sunday there"
    half = timedelta(minutes=30)
    assert [week.Load(date(2026, 12, 10), n, timedelta(), half, False, False).tone for n in (0, 1)] == ["", "warn"]


def test_the_worst_day_ahead_is_named_and_nobody_has_less_than_no_time(ines, cast, database):
    busy = booked(database, cast, "09:00")
    with database.write() as db:
        facts = RosterFacts("Kwame Osei", "kwame@example.com", "UTC")
        free = actions.roster.add(db, facts, by=cast.actor("ines"), now=now())
        db.execute(
            insert(WorkingHours),
            [
                {"manager_id": id, "weekday": n, "starts": 540, "ends": 660}
                for id in (busy.manager_id, free)
                for n in range(5)
            ],
        )
        facts = {"starts_at": factories.at("2026-12-03 09:00"), "ends_at": factories.at("2026-12-03 15:00")}
        db.execute(update(Deposition).where(Deposition.id == busy.id).values(facts))
    for day_of, requests in (("2026-11-30", 6), ("2026-12-02", 3), ("2026-12-03", 3)):
        for n in range(requests):
            facts = {**factories.OTHERS, "case_name": f"Case {n}", "estimated_duration": 1.5}
            factories.request(database, cast, starts_at=factories.at(f"{day_of} 12:00"), zone="UTC", **facts)
    page = day(ines, "week=2026-12-03")
    assert "Thu 3 Dec is short of people." in page
    assert "3 requests wait for 4.5 h, and the managers at work have 2 h free." in page


def test_the_week_without_anybody(ines, database):
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    page = day(ines, "week=2026-12-10")
    assert "No managers yet" in page
    assert "Nothing waits for a manager this week." in page


@pytest.mark.parametrize(("called", "may"), [("hugo", True), ("ines", False), ("ada", False)])
def test_without_anybody_who_may_add_them_is_led_to_the_form(client, cast, database, called, may):
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    cast.sign_in(client, called)
    for shown in ("day=2026-12-10", "week=2026-12-10"):
        page = day(client, shown)
        assert "No managers yet" in page
        assert ('href="/depositions/managers/new"' in page) is may


@contextlib.contextmanager
def statements(database):
    seen = []

    def note(*given):
        seen.append(given[2])

    event.listen(database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(database.reader, "before_cursor_execute", note)


def test_two_hundred_managers_and_more_requests_than_are_drawn_cost_no_more_queries(ines, cast, database):
    plain = {"zone": "UTC", "languages": [], "skills": [], "created_at": now(), "updated_at": now()}
    rooms = {"zoom": "https://zoom.example.com/{id}"}
    made = factories.request(database, cast, starts_at=factories.at("2026-12-20 12:00"), zone="UTC")
    factories.request(database, cast, starts_at=factories.at("2026-12-08 12:00"), zone="UTC", **factories.OTHERS)
    with database.write() as db:
        many = [
            {"id": 1000 + n, "name": f"Zeno {200 - n:03}", "email": f"z{n}@example.com", "templates": rooms}
            for n in range(200)
        ]
        db.execute(insert(Manager), [{**plain, **one} for one in many])
        db.execute(update(Manager).where(Manager.name.not_like("Zeno%")).values(active=False))
        row = dict(db.execute(factories.one(made.id)).one()._mapping)
        copies = [
            {**row, "id": made.id + 1000 + n, "remote_session_id": uuid4(), "slug": f"s-{n}"} for n in range(board.MOST)
        ]
        db.execute(insert(Deposition.__table__), copies)
    with statements(database) as seen:
        page = day(ines)
    assert len(seen) <= QUERIES["day=2026-12-08"]
    names = re.findall(r'data-part="manager-\d+".*?(Zeno \d{3})', page, re.S)
    assert names == [f"Zeno {n:03}" for n in range(1, 201)]
    assert "Shown are the first 200." in day(ines, "day=2026-12-20")
    with statements(database) as seen:
        answer = ines.get("/depositions/plan")
    assert "Zeno 001</bdi> takes" in text(answer)
    assert len(seen) <= PLAN_QUERIES


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


@crowded
def test_a_day_is_a_few_ranges_of_an_index(database, cast, crowd):
    with database.read() as db:
        values = board.moments(day_span(date(2026, 12, 8), "Europe/Paris"))
        for statement in (board.SESSIONS, board.LOAD):
            words = plan(db, statement[db.dialect], values)
            assert "SCAN depositions\n" not in words + "\n", words
            assert "Seq Scan on depositions" not in words, words
            if db.dialect == "sqlite":
                assert words.count("USING ") >= 10, words
            else:
                # Of so few rows PostgreSQL may take the index that begins with the organization.
                assert words.count("starts on depositions") == 2, words


def test_a_bar_of_a_quarter_hour_has_the_name_before_its_mark(ines, cast, database):
    short = booked(database, cast, "09:00", estimated_duration=0.25)
    other = booked(database, cast, "09:00", **factories.OTHERS)
    hers = cells(day(ines), short.manager_id)
    (bar,) = re.findall(rf'<a class="session-bar[^>]*id="session-{short.id}".*?</a>', hers, re.S)
    assert 'class="session-bar narrow danger"' in bar
    assert bar.index("<bdi>Orsolya Brandt</bdi>") < bar.index("bar-flag") < bar.index("<small>")
    assert re.search(rf'title="[^"]*; overlaps {other.id}"', bar), "its words are reachable"
    assert "narrow" not in re.search(rf'<a class="([^"]*)"[^>]*id="session-{other.id}"', hers)[1]


def test_changing_the_manager_opens_over_the_board_and_is_a_page_without_scripts(ines, cast, database):
    made = booked(database, cast, "09:00")
    url = f"/depositions/{made.id}/manager?on=board/2026-12-08"
    assert f'hx-get="{url.replace("/2026", "%2F2026") if url not in day(ines) else url}" hx-target="#preview"' in day(
        ines
    )
    head = {"HX-Request": "true", "HX-Target": "div#preview", "HX-Request-Type": "partial"}
    over = text(ines.get(url, headers=head))
    assert over.lstrip().startswith('<dialog id="preview"')
    assert "<html" not in over
    page = text(ines.get(url))
    assert "<html" in page
    assert '<dialog id="preview"' not in page
    for shown in (over, page):
        assert f'action="/depositions/{made.id}/change_manager"' in shown
        assert 'name="on" value="board/2026-12-08"' in shown


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("manager=nobody", {"waits"}),
        ("zone=America/New_York", {"waits"}),
        ("zone=Eastern+Time+(US+%26+Canada)", {"waits"}),
        ("zone=UTC", {"short", "other"}),
        ("case=dunmore", {"other"}),
        ("case=ashby+DUNMORE", {"other"}),
        ("case=nothing", set()),
        ("flag=overlap", {"short", "other"}),
        ("flag=checklist", {"short"}),
        ("flag=webhook", {"waits"}),
        ("flag=calls", set()),
        ("zone=UTC&case=keller", {"short"}),
    ],
)
def test_filters_keep_the_time_that_others_take(ines, cast, database, query, matches):
    starts = factories.at("2026-12-08 15:00")
    facts = {"case_name": "Harrow v. Quay", "deponent_name": "Ola Berg", "deponent_email": "ola@example.com"}
    made = {
        "waits": factories.request(
            database, cast, starts_at=starts, zone="America/New_York", postback_url=None, invites=(), **facts
        ),
        "short": booked(database, cast, "09:00", estimated_duration=0.5),
        "other": booked(database, cast, "09:00", **factories.OTHERS),
    }
    with database.write() as db:
        by, wanted = cast.actor("ines"), {Item.INTERPRETER: Progress.OPEN, Item.LINK: Progress.DONE}
        actions.change_checklist(db, made["short"].id, wanted, by=by, now=now())
    page = day(ines, f"day=2026-12-08&{query}")
    table, beside = page[page.index('id="board"') :], page[page.index('id="list"') : page.index('id="board"')]
    assert {name for name, one in made.items() if f'id="session-{one.id}"' in table} == matches
    assert {name for name, one in made.items() if f'data-row="{one.id}"' in beside} == matches
    others = 0 if "manager=" in query else len(made) - len(matches)
    assert table.count("Another session") == others
    assert f"{len(matches)} of 3 sessions" in page
    argument = query.split("&")[0].split("=")[0]
    assert re.search(rf'href="[^"]*day=2026-12-09&(amp;)?{argument}=[^"]*" rel="next"', page), "the next day keeps them"


def test_filters_that_cannot_be_read_are_named(ines, cast, database):
    for query in ("flag=purple", "zone=Mars/Olympus", "manager=0"):
        answer = ines.get(f"/depositions/board?day=2026-12-08&{query}")
        assert (answer.status_code, "was left out" in text(answer)) == (422, True), query
