"""Hourly statistics change with their rows and equal a recount; days are those of the reader."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, text, update

from app.depositions.models import Deposition
from app.kernel.clock import now
from app.kernel.db import hourly_stats, recounts
from app.kernel.db.engine import Database
from app.kernel.db.hourly_stats import Days, HourlyStat
from app.kernel.outbox.outbox import Message, OutboxRow
from tests.cast import Cast
from tests.depositions import factories
from tests.messages.sending import promise
from tests.planner import count_rows

D, SENT = Deposition.__table__, OutboxRow.__table__
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.none() | st.integers(0, 60 * 24 * 400).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "created_at": MOMENTS.filter(bool),
        "booked_at": MOMENTS,
        "canceled_at": MOMENTS,
        "state": st.sampled_from(["initial", "scheduled", "active", "canceled"]),
        "start_time": st.sampled_from(["01:30 AM", "12:00 PM", "12:10 AM", "08:00 PM", "07:59 PM"]),
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, min_size=1, max_size=6), last=st.booleans())
def test_statistics_equal_a_recount_after_every_change(
    database: Database, made: list[Any], changes: list[dict[str, Any]], last: bool
) -> None:
    """Rows are inserted, changed and deleted by hand; all of it is rolled back."""
    with database.queue():
        db = database.open_writer()
        for n, values in enumerate(changes):
            if values:
                db.execute(update(D).where(D.c.id == made[n % len(made)]).values(**values))
            waiting = {"attempts": n % 3, "state": ("sent", "dead", "queued")[n % 3]}
            done = values.get("booked_at")
            db.execute(update(SENT).where(SENT.c.subject_type == "deposition").values(**waiting, finished_at=done))
        if last:
            row = dict(db.execute(select(D).where(D.c.id == made[0])).one()._mapping)
            db.execute(
                insert(D),
                {**row, "id": 10**6, "slug": "x", "remote_session_id": row["remote_session_id"].__class__(int=7)},
            )
            db.execute(delete(D).where(D.c.id == 10**6))
        found = hourly_stats.differences(db)
        db.rollback()
        db.close()
    assert found == []


@pytest.fixture
def made(database: Database, cast: Cast) -> list[Any]:
    """Three requests and what they owe."""
    for _ in range(3):
        factories.request(database, cast)
    promise(database, *(Message(channel, {}) for channel in ("email", "webhook", "job:tests.wait")))
    with database.read() as db:
        return list(db.execute(select(D.c.id)).scalars())


def test_a_wrong_statistic_is_found(database: Database) -> None:
    with database.write() as db:
        db.execute(
            HourlyStat.__table__.insert(),
            {"moment": "x", "organization_id": 1, "hour": 5, "word": "", "part": "", "wait": 0, "slot": 0, "n": 2},
        )
    with database.read() as db:
        assert [(d.table, d.stored, d.counted) for d in recounts.differences(db)] == [("tallies", 2, 0)]


def test_filling_an_existing_table_equals_a_recount(database: Database, made: list[Any]) -> None:
    """The migration writes the statistics of existing rows."""
    with database.write() as db:
        db.execute(text("DELETE FROM tallies"))
        for stats in hourly_stats.declared():
            db.execute(text(hourly_stats.fill(stats, db.dialect)))
        assert hourly_stats.differences(db) == []


ZONES = ("UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Dubai", "Pacific/Auckland", "America/Sao_Paulo")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("around", [date(2026, 3, 20), date(2026, 11, 1)])
def test_hours_fall_into_the_readers_days(database: Database, zone: str, around: date) -> None:
    """Every hour of seven weeks, the change to and from summer time among them."""
    days = Days(zone, around - timedelta(days=24), around + timedelta(days=24))
    edges = days.edges()
    row = {"moment": "m", "organization_id": 1, "word": "", "part": "", "wait": 0, "slot": 0, "n": 1}
    with database.write() as db:
        db.execute(
            HourlyStat.__table__.insert(), [{**row, "hour": hour} for hour in range(edges[0] - 30, edges[-1] + 30)]
        )
        found = hourly_stats.by_day(db, {1}, (("m",), days), ((), days))
        db.execute(text("DELETE FROM tallies"))
    lengths = {day: end - begin for day, begin, end in zip(days, edges, edges[1:], strict=False)}
    assert {stat.day: stat.n for stat in found} == lengths
    assert set(lengths.values()) <= {23, 24, 25}


def test_other_organizations_are_not_read(database: Database) -> None:
    today = now().date()
    days = Days("UTC", today, today)
    row = {"moment": "m", "hour": days.edges()[0], "word": "", "part": "", "wait": 0, "slot": 0}
    with database.write() as db:
        db.execute(HourlyStat.__table__.insert(), [{**row, "organization_id": id, "n": id} for id in (1, 2, 3)])
        assert [t.n for t in hourly_stats.by_day(db, {2}, (("m",), days), ((), days))] == [2]
        assert hourly_stats.by_day(db, set(), (("m",), days), (("m",), days)) == []
        db.execute(text("DELETE FROM tallies"))


def test_the_query_reads_a_few_ranges_of_the_key(database: Database) -> None:
    """EXPLAIN: neither database reads the whole table, however much others have."""
    today = now().date()
    days = Days("UTC", today - timedelta(days=60), today)
    first = days.edges()[0]
    row = {"word": "", "part": "", "wait": 0, "slot": 0, "n": 1}
    rows = [
        {**row, "moment": moment, "organization_id": id, "hour": first - 2000 + hour}
        for moment in ("deposition.asked", "deposition.booked")
        for id in range(1, 21)
        for hour in range(0, 2000, 8)
    ]
    seen: list[tuple[str, Any]] = []
    with database.write() as db:
        db.execute(HourlyStat.__table__.insert(), rows)
    count_rows(database, "tallies")
    with database.write() as db:

        def keep(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> None:
            seen.append((statement, parameters))

        event.listen(database.writer, "before_cursor_execute", keep)
        hourly_stats.by_day(db, {3}, (("deposition.asked", "deposition.booked"), days), (("deposition.starts",), days))
        event.remove(database.writer, "before_cursor_execute", keep)
        statement, parameters = seen[-1]
        prefix = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        plan = "\n".join(str(r[-1]) for r in db.connection().exec_driver_sql(prefix + statement, parameters))
        db.rollback()
    assert "SCAN tallies" not in plan
    assert "Seq Scan on tallies" not in plan
    assert ("USING PRIMARY KEY" if database.sqlite else "pk_tallies") in plan
