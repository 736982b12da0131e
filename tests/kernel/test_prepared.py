"""Statements that are built once: the same rows on every way, on a connection that a thread keeps and gets back."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import bindparam, event, insert, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError

from app.accounts.models import Organization
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database, Db
from app.kernel.db.faults import FULL, fault_of
from app.kernel.db.prepared import Prepared
from app.prescreens.models import Contact, Prescreen

AT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
_ALL = select(Event.id, Event.kind, Event.organization_id, Event.data, Event.created_at).order_by(Event.id)
EVENTS: Prepared[Any] = Prepared(_ALL)
LATER: Prepared[Any] = Prepared(_ALL.where(Event.created_at > bindparam("since", type_=Event.created_at.type)))
OF: Prepared[Any] = Prepared(_ALL.where(Event.kind.in_(bindparam("kinds", expanding=True))).limit(bindparam("most")))
PAIRS: Prepared[Any] = Prepared(_ALL.where(tuple_(Event.kind, Event.via).in_(bindparam("pairs", expanding=True))))
NAMED: Prepared[Any] = Prepared(_ALL.where(Event.kind.in_(("one", "two", "three"))))
FIXED: Prepared[Any] = Prepared(_ALL.where(Event.kind == "one"))


def driver_of(db: Db) -> Any:
    """The connection of a reader that its thread keeps, as the driver has it."""
    assert db.connected is not None
    return db.connected.connection.dbapi_connection


@pytest.fixture
def three(database: Database) -> Database:
    common = {"subject_type": "x", "subject_id": "1", "actor_kind": "worker", "actor_name": "W", "via": "worker"}
    rows = [
        {"kind": kind, "data": {"of": [kind, None, 1.5, "é"]}, "created_at": AT + timedelta(days=day), **common}
        for day, kind in enumerate(("one", "two", "three"))
    ]
    with database.write() as db:
        db.execute(insert(Event), rows)
    return database


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (EVENTS, {}),
        (LATER, {"since": AT}),
        (LATER, {"since": AT + timedelta(days=9)}),
        (OF, {"kinds": ["one", "three"], "most": 1}),
        (OF, {"kinds": [], "most": 5}),
        (OF, {"kinds": {"one", "two", "three"}, "most": 5}),
        (NAMED, {}),
        (PAIRS, {"pairs": [("one", "worker"), ("two", "api"), ("three", "worker")]}),
        (FIXED, {}),
    ],
)
def test_every_way_gives_the_same_rows(three: Database, statement: Prepared[Any], values: dict[str, Any]) -> None:
    with three.read(keep=True) as db:
        expected = [tuple(row) for row in db.execute(statement.statement, values)]
        kept = statement.all(db, values)
        assert statement.first(db, values) == (expected[0] if expected else None)
        assert statement.scalar(db, values) == (expected[0][0] if expected else None)
    with three.write() as db:
        own = statement.all(db, values)
    assert kept == own == expected
    assert all(row.created_at.tzinfo is UTC and row.data["of"][0] == row.kind for row in kept)


def test_ids_are_uuids_and_find_their_row(database: Database) -> None:
    by_id: Prepared[Any] = Prepared(select(Prescreen.id, bindparam("id", type_=Prescreen.id.type).label("asked")))
    asked = uuid4()
    echo: Prepared[tuple[UUID]] = Prepared(select(bindparam("id", type_=Prescreen.id.type)))
    with database.read(keep=True) as db:
        assert echo.all(db, {"id": asked}) == [(asked,)]
        assert by_id.all(db, {"id": asked}) == []


def test_whoever_listens_to_the_engine_hears_of_it(three: Database) -> None:
    asked: list[str] = []

    def hear(*given: Any) -> None:
        asked.append(given[2])

    with three.read(keep=True) as db:
        event.listen(three.reader, "before_cursor_execute", hear)
        heard = EVENTS.all(db)
        event.remove(three.reader, "before_cursor_execute", hear)
        assert EVENTS.all(db) == heard
    assert len(asked) == 1


def test_a_connection_that_broke_is_replaced(three: Database) -> None:
    with three.read(keep=True) as db:
        before = EVENTS.all(db)
        broken = driver_of(db)
        broken.close()
        assert EVENTS.all(db) == before
        assert driver_of(db) is not broken
        assert EVENTS.all(db) == before


def test_a_fault_is_named_as_sqlalchemy_names_it(three: Database) -> None:
    with three.read(keep=True) as db:
        with pytest.raises(DBAPIError) as ordinary:
            db.execute(text("SELECT no_such_column FROM events"))
        with pytest.raises(DBAPIError) as prepared:
            Prepared(select(text("no_such_column")).select_from(Event.__table__)).all(db)
        assert type(prepared.value) is type(ordinary.value)
        assert fault_of(prepared.value) == fault_of(ordinary.value)
        assert len(EVENTS.all(db)) == 3, "the connection goes on"


def test_threads_do_not_share_a_connection_and_give_it_back(three: Database) -> None:
    found: list[object] = []
    all_there = threading.Barrier(4)

    def read() -> None:
        with three.read(keep=True) as db:
            for _ in range(20):
                assert len(EVENTS.all(db)) == 3
            all_there.wait(20)
            found.append(driver_of(db))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == len(found) == 4
    with three.read(keep=True) as db:
        assert len(EVENTS.all(db)) == 3
        for finish in three.closing:
            finish()
        assert len(EVENTS.all(db)) == 3, "it is opened anew"


def test_threads_that_wait_keep_no_connection(three: Database) -> None:
    """A worker has more threads than the pool has connections, and each may wait for a slow receiver."""
    before = three.reader.pool.checkedout()  # type: ignore[attr-defined]  # of a QueuePool
    read, go_on = threading.Barrier(5), threading.Event()

    def deliver() -> None:
        with three.read() as db:
            EVENTS.all(db)
        read.wait(20)
        go_on.wait(20)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    read.wait(20)
    kept = three.reader.pool.checkedout() - before  # type: ignore[attr-defined]
    go_on.set()
    for thread in threads:
        thread.join()
    assert kept == 0


def test_a_reading_connection_cannot_write(three: Database) -> None:
    with three.read(keep=True) as db, pytest.raises(Exception, match=r"readonly|read-only"):
        driver_of(db).execute("DELETE FROM events")


def test_a_thread_reads_beside_its_session_with_another(three: Database) -> None:
    with three.read(keep=True) as db, three.read(keep=True) as beside:
        assert beside is not db
        assert beside.connected is None, "its thread's connection is lent already"
        assert EVENTS.all(db) == EVENTS.all(beside)
    with three.read(keep=True) as again:
        assert again is db, "given back"


def test_what_one_reader_read_is_read_anew_by_the_next(three: Database) -> None:
    with three.read(keep=True) as db:
        (one,) = db.scalars(select(Event).where(Event.kind == "one"))
        shown = one.actor_name
    with three.read(keep=True) as db:
        assert one not in db
        (again,) = db.scalars(select(Event).where(Event.kind == "one"))
        assert again is not one
        assert again.actor_name == shown


def test_one_broken_connection_renews_all(three: Database) -> None:
    """A server that was restarted has ended every connection, also those that wait for their next request."""
    before: list[object] = []
    ready, go_on = threading.Event(), threading.Event()

    def read() -> None:
        for _ in range(2):
            with three.read(keep=True) as db:
                assert len(EVENTS.all(db)) == 3
                before.append(driver_of(db))
            ready.set()
            go_on.wait(20)

    thread = threading.Thread(target=read)
    thread.start()
    ready.wait(20)
    with three.read(keep=True) as db:
        driver_of(db).close()
        assert len(EVENTS.all(db)) == 3
    go_on.set()
    thread.join()
    assert len({id(each) for each in before}) == len(before) == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_ended_is_never_lent(three: Database) -> None:
    """The first that is asked of it is not always a statement that is built once, which would be asked again."""
    with three.read(keep=True) as db:
        mine = db.scalar(text("SELECT pg_backend_pid()"))
    with three.writer.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
    with three.read(keep=True) as db:
        assert db.scalar(text("SELECT pg_backend_pid()")) != mine


def test_what_was_lent_while_all_were_closed_is_closed_when_it_is_given_back(three: Database) -> None:
    with three.read(keep=True) as db:
        for finish in three.closing:
            finish()
        db.scalar(text("SELECT 1"))
    assert db.connected is not None
    assert db.connected.closed


WRITTEN: Prepared[Any] = Prepared(insert(Event.__table__).returning(Event.id, Event.data, Event.created_at))
QUIET: Prepared[Any] = Prepared(insert(Event.__table__).inline())
RENAMED: Prepared[Any] = Prepared(
    update(Event.__table__)
    .where(Event.kind.in_(bindparam("kinds", expanding=True)))
    .values(actor_name=bindparam("name"), data=bindparam("facts"), created_at=bindparam("at"))
    .returning(Event.kind, Event.actor_name, Event.data, Event.created_at)
)


def an_event(kind: str) -> dict[str, object]:
    facts = {"actor_kind": "worker", "actor_name": "W", "via": "worker", "data": {"é": [1.5, None]}, "created_at": AT}
    return {"kind": kind, "subject_type": "x", "subject_id": "1", **facts}


def test_what_is_written_is_in_the_transaction(three: Database) -> None:
    with three.write() as db:
        [row] = WRITTEN.all(db, an_event("four"))
        assert (row.data, row.created_at) == ({"é": [1.5, None]}, AT)
        assert QUIET.run(db, an_event("five")) == 1
        with three.read() as outside:
            assert len(EVENTS.all(outside)) == 3
        assert len(EVENTS.all(db)) == 5
    with three.write() as db:
        QUIET.run(db, an_event("six"))
        db.rollback()
    with three.read() as db:
        assert [row.kind for row in EVENTS.all(db)][3:] == ["four", "five"]


def test_a_savepoint_takes_back_what_was_written_in_it(three: Database) -> None:
    with three.write() as db:
        with db.begin_nested() as inner:
            QUIET.run(db, an_event("four"))
            inner.rollback()
        QUIET.run(db, an_event("five"))
    with three.read() as db:
        assert [row.kind for row in EVENTS.all(db)][3:] == ["five"]


def test_columns_that_are_not_given_have_their_defaults(database: Database) -> None:
    made: Prepared[Any] = Prepared(insert(Contact.__table__).returning(Contact.name, Contact.is_counted))
    values = {"id": uuid4(), "organization_id": 1, "created_at": AT}
    columns = {column.name for column in Contact.__table__.c if not column.nullable} - {"name", "is_counted"}
    assert columns <= {*values, "updated_at"}, columns
    with database.write() as db:
        organization = {"slug": "o", "name": "O", "plan": "free", "contact_email": "o@o.example", "created_at": AT}
        db.execute(insert(Organization), {"id": 1, **organization})
        assert made.all(db, values) == [("", True)]
        with pytest.raises(TypeError, match=r"contacts\.id must be given"):
            made.all(db, {name: values[name] for name in ("organization_id", "created_at")})


def test_whoever_listens_hears_of_writes_too(three: Database) -> None:
    asked: list[str] = []

    def hear(*given: Any) -> None:
        asked.append(given[2])

    with three.write() as db:
        event.listen(three.writer, "before_cursor_execute", hear)
        [heard] = WRITTEN.all(db, an_event("four"))
        event.remove(three.writer, "before_cursor_execute", hear)
        [unheard] = WRITTEN.all(db, an_event("four"))
        assert heard._replace(id=0) == unheard._replace(id=0)
    assert sum(sql.startswith("INSERT") for sql in asked) == 1


@pytest.mark.parametrize("way", ["all", "run"])
def test_a_write_that_the_database_refuses_is_named(three: Database, way: str) -> None:
    """Rows of the history are only added: a trigger refuses to change one, and the transaction can go on or end."""
    values = {"kinds": ["one"], "name": "Somebody else", "facts": {}, "at": AT}
    with three.write() as db:
        with pytest.raises(DBAPIError) as ordinary, db.begin_nested():
            db.execute(RENAMED.statement, values)
        with pytest.raises(DBAPIError) as prepared, db.begin_nested():
            getattr(RENAMED, way)(db, values)
        assert type(prepared.value) is type(ordinary.value)
        assert "Somebody else" not in str(prepared.value), "values are not repeated"
        QUIET.run(db, an_event("four"))
    with three.read() as db:
        assert [row.kind for row in EVENTS.all(db)] == ["one", "two", "three", "four"]


def test_a_full_disk_is_noticed_by_whoever_asks_whether_it_can_be_written(three: Database) -> None:
    with three.write() as db:
        full = type("Full", (three.writer.dialect.loaded_dbapi.OperationalError,), {"sqlstate": "53100"})("full")
        full.sqlite_errorcode = 13
        connection = db.connection()
        raw = connection.connection.dbapi_connection

        class Full:
            def __getattr__(self, name: str) -> Any:
                return getattr(raw, name)

            def execute(self, *_: Any) -> Any:
                raise full

            execute_numbered = execute

        connection.connection.dbapi_connection = Full()  # type: ignore[misc]  # stands in for the driver's
        try:
            with pytest.raises(DBAPIError):
                QUIET.run(db, an_event("four"))
        finally:
            connection.connection.dbapi_connection = raw  # type: ignore[misc]  # as it was
        assert three.write_fault is FULL
    assert three.write_fault is None


def test_a_connection_that_breaks_in_a_transaction_ends_it(three: Database) -> None:
    """Nothing is asked again there: what was written before is lost with the connection."""

    def write() -> None:
        with three.write() as db:
            QUIET.run(db, an_event("four"))
            raw: Any = db.connection().connection.dbapi_connection
            raw.close()
            QUIET.run(db, an_event("five"))

    with pytest.raises(DBAPIError) as lost:
        write()
    assert fault_of(lost.value) is not None
    with three.write() as db:
        assert len(EVENTS.all(db)) == 3
        assert QUIET.run(db, an_event("six")) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_driver_describes_the_columns_once(three: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes the description anew for each who asks: an object a column."""
    with three.read() as db:
        rows = EVENTS.all(db)

        def describe(_cursor: object) -> None:
            raise AssertionError("asked again")

        monkeypatch.setattr(psycopg.Cursor, "description", property(describe))
        assert EVENTS.all(db) == rows
        assert len(rows) == 3
