"""Since you last looked: which rows are marked, for how long, and what counts as a look."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from app.dashboard.saved_views import last_seen, query_strings
from app.dashboard.saved_views.models import LastSeen
from app.dashboard.saved_views.presentation import everything
from app.kernel.clock import now
from app.kernel.web.live import POLL_HEADER
from app.prescreens import actions
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.prescreens.factories import prescreen

LIST = "/prescreens"
MINUTE = timedelta(minutes=1)
INDEXES = {"saved_views": "uq_saved_views_name", "handover_notes": "uq_handover_notes_list", "view_looks": "view_looks"}
SINCE = "since you last looked"


@pytest.fixture
def lena(cast: Cast, client: FlaskClient) -> FlaskClient:
    return cast.sign_in(client, "lena")


@pytest.fixture
def later(cast: Cast, lena: FlaskClient, clock):
    """Lets time pass; a sign-in would not last so long, so Lena signs in again."""

    def wait(**amount):
        clock.move(**amount)
        cast.sign_in(lena, "lena")

    return wait


def assign(database, cast, id, who):
    reach, person = Reach((cast.marston.id,)), cast.people[who]
    with database.write() as db:
        actions.assign(
            db, id, assignee=(person.id, person.name), former=None, reach=reach, by=cast.actor(who), now=now()
        )


def looks(database):
    with database.read() as db:
        return db.execute(select(func.count()).select_from(LastSeen.__table__)).scalar_one()


def sentence(page):
    """What the head says, in plain words; empty when it says nothing."""
    part = page.partition('data-part="since">')[2].partition("</p>")[0]
    return part.partition(" since")[0]


def test_the_first_look_marks_nothing(database, cast, lena):
    prescreen(database, cast.marston.id)
    page = lena.get(LIST).text
    assert SINCE not in page
    assert 'class="unseen"' not in page
    assert looks(database) == 1


def test_what_came_and_what_changed_is_marked(database, cast, lena, later):
    old = prescreen(database, cast.marston.id, given={"fullName": "Olga Old"})
    lena.get(LIST)
    later(hours=2)
    prescreen(database, cast.marston.id, given={"fullName": "Nils New"})
    assign(database, cast, old, "mira")
    page = lena.get(LIST).text
    assert sentence(page) == "1 new and 1 changed"
    assert mark_of(page, "Nils New") == "new"
    assert mark_of(page, "Olga Old") == "changed"


def mark_of(page, name):
    row = page.partition(f"<bdi>{name}</bdi>")[2].partition("</th>")[0]
    return row.partition('<span class="unseen-dot"></span>')[2].partition("<")[0]


def test_what_one_did_oneself_is_not_new(database, cast, lena, later):
    mine = prescreen(database, cast.marston.id)
    lena.get(LIST)
    later(hours=2)
    lena.get(LIST)
    assign(database, cast, mine, "lena")
    assert sentence(lena.get(LIST).text) == "Nothing new"


def test_marks_stay_while_one_works_through_the_list(database, cast, lena, later):
    lena.get(LIST)
    later(hours=20)
    prescreen(database, cast.marston.id)
    for _ in range(6):
        assert sentence(lena.get(LIST).text) == "1 new"
        later(minutes=10)
    later(minutes=31)
    assert sentence(lena.get(LIST).text) == "Nothing new"


def test_a_poll_is_no_look_and_moves_no_mark(database, cast, lena, later):
    lena.get(LIST)
    later(hours=20)
    prescreen(database, cast.marston.id)
    lena.get(LIST)
    # Left open over lunch: the marks on screen stay true, and coming back begins where one really looked last.
    for _ in range(3):
        later(minutes=20)
        assert sentence(lena.get(LIST, headers={POLL_HEADER: "1"}).text) == "1 new"
    prescreen(database, cast.marston.id)
    assert sentence(lena.get(LIST, headers={POLL_HEADER: "1"}).text) == "2 new"
    assert sentence(lena.get(LIST).text) == "1 new"


@pytest.mark.parametrize("headers", [{POLL_HEADER: "1"}, {"Sec-Purpose": "prefetch"}])
def test_what_no_person_asked_for_is_no_look(database, lena, headers):
    assert lena.get(LIST, headers=headers).status_code == 200
    assert lena.head(LIST).status_code == 200
    assert looks(database) == 0


def test_a_look_is_written_once_a_minute(database, cast, lena, later, monkeypatch):
    written = []
    real = last_seen.write
    monkeypatch.setattr(last_seen, "write", lambda *given: (written.append(1), real(*given)))
    for _ in range(4):
        lena.get(LIST)
    assert len(written) == 1
    later(seconds=61)
    lena.get(LIST)
    assert len(written) == 2


def test_each_list_and_each_person_has_a_look_of_their_own(database, cast, lena, app, later):
    lena.get(LIST)
    later(hours=2)
    prescreen(database, cast.marston.id)
    assert SINCE not in lena.get(f"{LIST}?state=all").text
    mira = cast.sign_in(app.test_client(), "mira")
    assert SINCE not in mira.get(LIST).text
    assert sentence(lena.get(LIST).text) == "1 new"


def test_a_list_without_a_name_keeps_no_look(database, lena):
    lena.get(f"{LIST}?q=jane")
    assert looks(database) == 0


def test_a_fragment_is_a_look_and_says_the_same(database, cast, lena, later):
    lena.get(LIST)
    later(hours=2)
    prescreen(database, cast.marston.id)
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#queue"}
    assert sentence(lena.get(LIST, headers=headers).text) == "1 new" == sentence(lena.get(LIST).text)


def test_two_tabs_at_once_begin_one_time_of_looking(database, cast):
    begun, view = now(), query_strings.key("prescreens", "")
    with database.write() as db:
        last_seen.write(db, cast.lena.id, "prescreens", view, begun)
        last_seen.write(db, cast.lena.id, "prescreens", view, begun)
    later = begun + last_seen.GAP + MINUTE
    for moment in (later, later + timedelta(seconds=1)):
        with database.write() as db:
            last_seen.write(db, cast.lena.id, "prescreens", view, moment)
    with database.read() as db:
        kept = db.execute(select(LastSeen.looked_at, LastSeen.since)).one()
    assert (kept.looked_at, kept.since) == (later, begun)


def test_a_database_that_takes_no_writes_costs_the_look_not_the_page(database, cast, lena, monkeypatch):
    def refuse(*_given):
        from sqlalchemy.exc import OperationalError

        raise OperationalError("UPDATE", {}, Exception("read-only"))

    monkeypatch.setattr(last_seen, "write", refuse)
    assert lena.get(LIST).status_code == 200


def test_all_that_a_page_says_of_its_views_is_one_query_by_its_indexes(database, cast):
    """Explained on both databases: no table is walked."""
    asked = {"at_desk": "prescreens", "place_0": "person:1", "place_1": "organization:1", "me": 1}
    with database.write() as db:
        if db.dialect == "postgresql":
            db.execute(text("SET LOCAL enable_seqscan = off"))
        ask = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
        connection = db.connection()

        def explain(_connection, _cursor, statement, parameters, _context, _many):
            return ask + statement, parameters

        event.listen(connection, "before_cursor_execute", explain, retval=True)
        plan = "\n".join(
            str(tuple(row)) for row in connection.execute(everything(2).statement, asked).cursor.fetchall()
        )
        event.remove(connection, "before_cursor_execute", explain)
    for table, index in INDEXES.items():
        assert index in plan, plan
        assert f"SCAN {table}" not in plan
