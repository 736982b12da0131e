"""What the live board reads is carried by indexes, on both databases."""

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.inspections.models import Inspection
from app.inspections.queries import listing
from app.inspections.views.filters import FILTERS
from app.kernel.clock import now
from tests.dashboard.choosing import chooser
from tests.depositions.test_plans import plan
from tests.inspections.test_listing import asked, in_state
from tests.planner import count_rows

choose = chooser(FILTERS)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
T = Inspection.__table__.c


@pytest.fixture
def crowd(database, cast):
    """Thousands, written straight into the table, so that planners have something to weigh."""
    first = in_state(database, cast, "created", now())
    columns = [c.name for c in Inspection.__table__.c]
    lite = database.sqlite
    fresh = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
        if lite
        else "WITH n(i) AS (SELECT generate_series(1, 6000))"
    )
    day = "datetime(created_at, '-' || (i / 20) || ' hours')" if lite else "created_at - make_interval(hours => i / 20)"
    date = f"substr({day}, 1, 10)" if lite else f"to_char(({day}) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    over = "i % 10 > 1 AND i % 300 > 1"
    given_ = {
        "id": fresh,
        "organization_id": f"CASE WHEN i % 3 = 0 THEN {cast.harbor.id} ELSE {cast.marston.id} END",
        "status": f"CASE WHEN {over} THEN 'closed' WHEN i % 300 < 2 THEN 'open' ELSE 'created' END",
        "operator_email": "'operator' || (i % 40) || '@example.com'",
        "operator_id": "1000 + i % 40",
        "expires_at": day,
        "created_at": day,
        "started_at": f"CASE WHEN i % 300 < 2 OR {over} THEN {day} END",
        "attended_at": f"CASE WHEN i % 300 = 1 OR {over} THEN {day} END",
        "ended_at": f"CASE WHEN {over} THEN {day} END",
        "anchoring": f"CASE WHEN NOT ({over}) THEN 'not_ended' WHEN i % 500 = 7 THEN 'failed' ELSE 'anchored' END",
        "broken_at": f"CASE WHEN {over} AND i % 700 = 3 THEN {day} END",
        "expires_on": f"CASE WHEN i % 10 < 2 AND i % 300 > 1 THEN {date} ELSE '' END",
    }
    values = ", ".join(given_.get(name, name) for name in columns)
    with database.write() as db:
        db.execute(
            text(
                f"INSERT INTO inspections ({', '.join(columns)}) {numbers} SELECT {values} FROM n, inspections"
                if lite
                else f"{numbers} INSERT INTO inspections ({', '.join(columns)}) SELECT {values} FROM n, inspections"
            )
        )
    count_rows(database)
    return first


def walks(words, bounded=False):
    """Reads a range of an index, in its order too unless the range is small; how names are looked up is not asked."""
    words = words.partition("SubPlan")[0].partition("CORRELATED SCALAR SUBQUERY")[0]
    assert "SCAN inspections\n" not in words + "\n", words
    assert "Seq Scan on inspections" not in words, words
    if not bounded:
        assert "USE TEMP B-TREE FOR ORDER BY" not in words, words
        assert not re.search(r"\bSort\b", words), words


def test_every_group_and_order_is_carried_by_an_index(database, cast, crowd, subtests):
    for whose in ("house", "one", "several"):
        with subtests.test(whose):
            reach = {"house": None, "one": {cast.marston.id}, "several": {cast.marston.id, cast.harbor.id}}[whose]
            reach = None if reach is None else frozenset(reach)
            wrong = []
            with database.read() as db:
                for view in listing.VIEWS:
                    for sort in ("", *(f"{turn}{name}" for name in choose(view).sorts for turn in ("", "-"))):
                        listed = listing.listing(db, choose(view, reach=reach, sort=sort), now())
                        for at, segment in enumerate(listed.compiled.segments):
                            facts = {
                                f"at_{n}": uuid.uuid4() if c.name == "id" else now()
                                for n, c in enumerate(segment.order)
                            }
                            # The few heads of several ranges are sorted together; nothing else is.
                            merged = len(segment.branches) > 1
                            for beyond, back in ((False, False), (True, False), (False, True), (True, True)):
                                statement = listed.compiled.rows(at, beyond=beyond, back=back, most=51).statement
                                words = plan(db, statement, {**listed.values, **facts})
                                try:
                                    walks(words, merged)
                                except AssertionError:
                                    wrong.append(f"{view} {sort} {segment.key} {beyond} {back}:\n{words}")
            assert not wrong, "\n\n".join(wrong[:4]) + f"\n{len(wrong)}"


def explained(db, seen):
    prefix = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    plans = [db.connection().exec_driver_sql(prefix + statement, values).all() for statement, values in seen]
    return "\n".join(str(row[-1]) for rows in plans for row in rows)


def test_what_the_tabs_count_is_read_from_counters_and_ranges(database, cast, crowd, subtests):
    for whose in ("house", "one"):
        with subtests.test(whose):
            reach = None if whose == "house" else frozenset([cast.marston.id])
            with database.read() as db:
                with asked(database) as seen:
                    counts = listing.view_counts(db, reach, now())
                walks(explained(db, seen), True)
                with asked(database) as seen:
                    assert listing.waiting(db, reach) == counts["waiting"]
                walks(explained(db, seen))
                for view in listing.VIEWS:
                    f = choose(view, reach=reach)
                    assert counts[view] == listing.listing(db, f, now()).count_all(db)


def test_earlier_ones_are_read_from_an_index(database, cast, crowd):
    with database.read() as db:
        values = {"organization_id": cast.marston.id, "created_at": now(), "id": crowd}
        walks(plan(db, listing._EARLIER, values))


def test_who_has_it_is_found_by_an_index(database, cast, crowd):
    with database.read() as db:
        mine = select(T.id).where(T.assignee_id == cast.otto.id, T.status == "created").order_by(T.expires_at, T.id)
        assert "ix_inspections_assignee" in plan(db, mine.limit(12))


def test_who_made_it_is_found_by_an_index(database, cast, crowd):
    with database.read() as db:
        made = select(T.id).where(T.operator_id == 1007, T.assignee_id.is_(None), T.status == "created")
        assert "ix_inspections_made" in plan(db, made.order_by(T.expires_at, T.id).limit(12))
