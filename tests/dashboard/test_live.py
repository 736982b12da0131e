"""Revisions: what changes them, what does not, what they cost; and who is said to be looking."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import bindparam, event, text

from app.dashboard import presence
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, record
from app.kernel.clock import now
from app.kernel.db.engine import Database, Instant
from app.kernel.outbox import claims
from app.kernel.outbox.outbox import Message
from tests.clocks import Clock
from tests.depositions import factories
from tests.planner import count_rows
from tests.prescreens import factories as prescreens

QUEUE = "/depositions"
POLL = {"X-Desk-Poll": "1"}


@pytest.fixture
def ines(app: Any, cast: Any) -> Any:
    return cast.sign_in(app.test_client(), "ines")


@pytest.fixture
def still() -> Iterator[Clock]:
    """Time stands, so that no minute ends by itself."""
    with time_machine.travel(now(), tick=False) as traveller:
        yield Clock(traveller)


def tag(client: Any, url: str = QUEUE) -> str:
    """The revision on somebody's screen."""
    answer = client.get(url, headers=POLL)
    assert answer.status_code == 200
    return str(answer.headers["ETag"])


def poll(client: Any, seen: str, url: str = QUEUE) -> int:
    return int(client.get(url, headers={**POLL, "If-None-Match": seen}).status_code)


def happen(database: Database, subject: str, id: object, organization_id: int, **more: Any) -> None:
    with database.write() as db:
        record(
            db,
            EventType(f"{subject}.touched", "Touched"),
            subject_type=subject,
            subject_id=id,
            organization_id=organization_id,
            by=WORKER,
            now=now(),
            **more,
        )


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    for engine in (database.reader, database.writer):
        event.listen(engine, "before_cursor_execute", keep)
    yield seen
    for engine in (database.reader, database.writer):
        event.remove(engine, "before_cursor_execute", keep)


def test_a_poll_that_finds_nothing_new_asks_twice(ines: Any, database: Database, cast: Any, still: Clock) -> None:
    d = factories.request(database, cast)
    for url in (QUEUE, f"/depositions/{d.id}", "/messages"):
        seen = tag(ines, url)
        with statements(database) as asked:
            answer = ines.get(url, headers={**POLL, "If-None-Match": seen})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", seen)
        assert len(asked) == 2, asked


def test_only_a_poll_is_told_that_nothing_changed(ines: Any, still: Clock) -> None:
    assert ines.get(QUEUE, headers={"If-None-Match": tag(ines)}).status_code == 200


def test_signed_out_people_learn_nothing(ines: Any, client: Any, still: Clock) -> None:
    assert poll(client, tag(ines)) == 303


CHANGES: dict[str, Callable[[Database, Any, Any], None]] = {
    "a request": lambda database, cast, d: factories.request(database, cast),
    "a booking": lambda database, cast, d: factories.schedule(database, cast, d.id),
    "an event": lambda database, cast, d: happen(database, "deposition", d.id, d.organization_id),
    "a try that failed": lambda database, cast, d: attempt(database, d, claims.Outcome("queued", "503")),
    "a message that left": lambda database, cast, d: attempt(database, d, claims.Outcome("sent", "")),
    "a message that died": lambda database, cast, d: attempt(database, d, claims.Outcome("dead", "No.")),
    "somebody looking": lambda database, cast, d: look(database, cast, "hugo", d),
}


def attempt(database: Database, d: Any, outcome: claims.Outcome) -> None:
    with database.write() as db:
        (row,) = [row for row in claims.claim(db, now(), limit=10) if row.subject_id == str(d.id)]
    with database.write() as db:
        assert claims.finish(db, row, outcome, now(), now())


def look(database: Database, cast: Any, who: str, d: Any, at: datetime | None = None) -> None:
    with database.write() as db:
        presence.touch(db, "deposition", d.id, d.organization_id, person_id=cast.people[who].id, now=at or now())


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_page_shows_changes_its_revision(
    ines: Any, database: Database, cast: Any, still: Clock, change: str
) -> None:
    d = factories.request(database, cast)
    happen(database, "deposition", d.id, d.organization_id, messages=[Message("webhook", {"url": "https://x.example"})])
    seen, item = tag(ines), tag(ines, f"/depositions/{d.id}")
    assert poll(ines, seen) == poll(ines, item, f"/depositions/{d.id}") == 304
    CHANGES[change](database, cast, d)
    assert poll(ines, seen) == 200
    assert poll(ines, item, f"/depositions/{d.id}") == (304 if change == "a request" else 200)


def test_the_minute_changes_it_too(ines: Any, still: Clock) -> None:
    seen = tag(ines)
    still.move(seconds=61)
    assert poll(ines, seen) == 200


def test_others_change_nothing_of_ours(app: Any, database: Database, cast: Any, still: Clock) -> None:
    lena = cast.sign_in(app.test_client(), "lena")
    seen = tag(lena, "/prescreens")
    happen(database, "prescreen", "x", cast.harbor.id, messages=[Message("webhook", {"url": "https://x.example"})])
    happen(database, "deposition", 1, cast.marston.id)
    with database.write() as db:
        (row,) = claims.claim(db, now(), limit=10)
        claims.finish(db, row, claims.Outcome("sent", ""), now(), now())
        presence.touch(db, "prescreen", "x", cast.harbor.id, person_id=cast.people["lars"].id, now=now())
    assert poll(lena, seen, "/prescreens") == 304
    happen(database, "prescreen", "x", cast.marston.id)
    assert poll(lena, seen, "/prescreens") == 200


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_commits_late_is_seen(ines: Any, database: Database, cast: Any, still: Clock) -> None:
    """Two transactions: the one that took its id first commits last, after somebody has seen the younger."""
    facts: dict[str, Any] = {"subject_type": "deposition", "organization_id": cast.marston.id, "by": WORKER}
    early = database.open_writer()
    first = record(early, EventType("deposition.early", "Early"), subject_id=1, now=now(), **facts)
    with database.write() as late:
        assert record(late, EventType("deposition.late", "Late"), subject_id=2, now=now(), **facts) > first
    seen = tag(ines)
    assert poll(ines, seen) == 304
    early.commit()
    early.close()
    assert poll(ines, seen) == 200


def test_the_revision_walks_indexes(ines: Any, app: Any, database: Database, cast: Any, still: Clock) -> None:
    """EXPLAIN: no table is read whole, for the house and for one organization, on both databases."""
    with database.write() as db:
        numbers = {
            True: "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000) ",
            False: "WITH s AS (SELECT generate_series(1, 20000) AS n) ",
        }[database.sqlite]
        places = (
            "100 + n % 50, CASE WHEN n % 2 = 0 THEN 'deposition' ELSE 'prescreen' END, CAST(n % 900 AS VARCHAR(40))"
        )
        rows = f"SELECT {places}, 'x.y', 'worker', 'w', 'worker', '{{}}', :at FROM s"
        into = "organization_id, subject_type, subject_id, kind, actor_kind, actor_name, via, data, created_at"
        filled = text(f"INSERT INTO events ({into}) {numbers}{rows}").bindparams(bindparam("at", type_=Instant))
        db.execute(filled, {"at": now()})
    count_rows(database)
    lena = cast.sign_in(app.test_client(), "lena")
    d = factories.request(database, cast)
    for client, url in ((ines, QUEUE), (lena, "/prescreens"), (ines, f"/depositions/{d.id}")):
        seen = tag(client, url)
        with statements(database) as asked:
            assert poll(client, seen, url) == 304
        statement, parameters = asked[-1]
        explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        with database.read() as db:
            plans = db.connection().exec_driver_sql(explain + statement, parameters).all()
        plan = "\n".join(str(row[-1]) for row in plans)
        assert "ix_events_" in plan, plan
        assert not [word for word in ("SCAN events", "Seq Scan on events", "TEMP B-TREE") if word in plan], plan


def test_people_are_told_who_else_is_looking(app: Any, ines: Any, database: Database, cast: Any, still: Clock) -> None:
    d = factories.request(database, cast)
    assert "looking" not in ines.get(f"/depositions/{d.id}").text
    assert "looking" not in ines.get(QUEUE).text, "nobody is told about themselves"
    hugo = cast.sign_in(app.test_client(), "hugo")
    assert "Ines Okafor is looking at this" in hugo.get(f"/depositions/{d.id}").text
    assert "looking" not in ines.get(f"/depositions/{d.id}").text, "who may only look is not announced"
    still.move(seconds=91)
    assert "looking" not in hugo.get(f"/depositions/{d.id}").text


def test_an_open_page_says_so_twice_a_minute(ines: Any, database: Database, cast: Any, still: Clock) -> None:
    d = factories.request(database, cast)
    url = f"/depositions/{d.id}"
    written = []
    for seconds in range(0, 120, 5):
        with statements(database) as asked:
            poll(ines, "", url) if seconds % 10 else poll(ines, tag(ines, url), url)
        written.append(sum("presences" in s and not s.lstrip().startswith("SELECT") for s, _ in asked))
        still.move(seconds=5)
    assert (sum(written), max(written)) == (4, 1), written


def test_disabled_people_are_not_shown(app: Any, database: Database, cast: Any, still: Clock) -> None:
    d = factories.request(database, cast)
    look(database, cast, "ines", d)
    hugo = cast.sign_in(app.test_client(), "hugo")
    assert "Ines Okafor is looking" in hugo.get(f"/depositions/{d.id}").text
    with database.write() as db:
        db.execute(text("UPDATE people SET disabled_at = created_at WHERE id = :id"), {"id": cast.people["ines"].id})
    assert "Ines Okafor is looking" not in hugo.get(f"/depositions/{d.id}").text


def test_presence_stays_within_its_organization(app: Any, database: Database, cast: Any, still: Clock) -> None:
    """Who may not see the row is not noted as looking, and sees nobody who is."""
    id = prescreens.prescreen(database, cast.marston.id)
    url = f"/prescreens/{id}"
    lars, lena, mira = (cast.sign_in(app.test_client(), who) for who in ("lars", "lena", "mira"))
    assert lars.get(url).status_code == 404
    seen = tag(lena, url)
    assert "is looking" not in lena.get(url).text
    assert "Lena Ortiz is looking at this" in mira.get(url).text
    assert "Lena Ortiz is looking" in mira.get("/prescreens").text
    assert "is looking" not in lars.get("/prescreens").text
    assert poll(lars, seen, url) == 404


def test_the_worker_forgets_old_looks(database: Database, cast: Any) -> None:
    d = factories.request(database, cast)
    look(database, cast, "ines", d, now() - timedelta(hours=1))
    look(database, cast, "hugo", d)
    with database.write() as db:
        presence.forget_old(db, now())
    with database.read() as db:
        assert db.execute(text("SELECT person_id FROM presences")).scalars().all() == [cast.people["hugo"].id]
