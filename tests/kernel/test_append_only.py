"""History is only ever added to: the database refuses everything else, and a role may be denied it besides."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, make_url, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

import app.models  # noqa: F401  # fills the metadata
from app.config import Config
from app.inspections.models import ConsentWording
from app.kernel.changes.event_erasure import erase_events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, Event, record
from app.kernel.clock import now
from app.kernel.db import append_only, remains
from app.kernel.db.engine import Database
from app.kernel.errors import Denied
from tests.databases import WorkerDatabases
from tests.history import rewriting

TABLES = [
    "anchors",
    "chain_events",
    "consent_wordings",
    "consents",
    "device_keys",
    "events",
    "evidence",
    "made_files",
    "own_wordings",
]
KEYS = {"chain_events": "sequence", "consent_wordings": "sha256", "device_keys": "sha256", "made_files": "sha256"}
WORDS = {"sha256": "0" * 64, "locale": "en", "text": "May we?"}


def test_the_tables_of_history() -> None:
    assert append_only.declared() == TABLES
    page = Path(__file__).parents[2].joinpath("docs/operating.md").read_text()
    named = page.partition("**History cannot be rewritten.** Rows of ")[2].partition(" are only ever added")[0]
    assert sorted(re.findall(r"`(\w+)`", named)) == TABLES


@pytest.mark.parametrize("statement", ["UPDATE consent_wordings SET text = 'We may.'", "DELETE FROM consent_wordings"])
def test_no_row_is_changed_or_deleted(database: Database, statement: str) -> None:
    with database.write() as db:
        db.execute(insert(ConsentWording).values(**WORDS, created_at=now()))
    refused = pytest.raises(IntegrityError, match="rows of consent_wordings are only ever added")
    with refused, database.write() as db:
        db.execute(text(statement))
    with database.read() as db:
        assert db.scalar(select(ConsentWording.text)) == "May we?"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_of_history_has_its_triggers(database: Database, table: str) -> None:
    if database.sqlite:
        mine = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = :t AND sql LIKE '%RAISE(ABORT%'"
        with database.read() as db:
            found = sorted(sql.partition(" BEFORE ")[2].split()[0] for sql in db.scalars(text(mine), {"t": table}))
        assert found == ["DELETE", "UPDATE"]
        return
    for statement in (
        f"UPDATE {table} SET {KEYS.get(table, 'id')} = NULL",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(IntegrityError, match="are only ever added"), database.write() as db:
            db.execute(text(statement))


def test_the_owner_alone_can(database: Database) -> None:
    with database.write() as db:
        db.execute(insert(ConsentWording).values(**WORDS, created_at=now()))
    with rewriting(database) as db:
        db.execute(text("UPDATE consent_wordings SET text = 'We may.'"))
    with database.read() as db:
        assert db.scalar(select(ConsentWording.text)) == "We may."
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text("DELETE FROM consent_wordings"))


@pytest.fixture
def as_role(worker_databases: WorkerDatabases) -> Iterator[Database]:
    """The PostgreSQL database as a role sees it that `desk db grant` let in."""
    role, address = f"desk_app_{os.getpid()}", make_url(worker_databases.postgresql())
    owner = create_engine(address, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        append_only.grant(connection, role)
        append_only.grant(connection, role)  # it may be repeated
    opened = Database(
        Config.for_tests(database_url=address.set(username=role, password="x").render_as_string(hide_password=False))
    )
    yield opened
    opened.dispose()
    with owner.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    owner.dispose()


def test_the_role_of_the_program_adds_and_is_denied_the_rest(as_role: Database) -> None:
    with as_role.write() as db:
        db.execute(insert(ConsentWording).values(**WORDS, created_at=now()))
        db.execute(text("DELETE FROM outbox"))
    with as_role.write() as db:
        for kind in ("item.made", "item.erased"):
            by = Actor("prospect", None, "Jane", None, "page")
            record(
                db, EventType(kind, "", ""), subject_type="item", subject_id=1, organization_id=None, by=by, now=now()
            )
        erase_events(db, "item", 1)
        assert db.scalars(select(Event.actor_name).order_by(Event.id)).all() == ["Somebody", "Jane"]
    for change in ("kind = 'x'", "created_at = NULL"):
        with pytest.raises(ProgrammingError, match="permission denied"), as_role.write() as db:
            db.execute(text(f"UPDATE events SET {change}"))
    for table in TABLES:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE TRIGGER USER"):
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), as_role.write() as db:
                db.execute(text(statement))


def test_who_does_not_own_the_tables_does_not_write_them_anew(as_role: Database) -> None:
    """PostgreSQL leaves such tables out with a warning: nobody may take them for written anew."""
    with pytest.raises(Denied, match="owner of the tables"):
        remains.drop(as_role)


def test_an_owner_who_is_no_superuser_writes_the_tables_anew(as_role: Database) -> None:
    role = as_role.url.username
    administration = create_engine(as_role.url.set(username="postgres"), isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {role} OWNER {role}")
    own = Database(Config.for_tests(database_url=as_role.url.set(database=role).render_as_string(hide_password=False)))
    try:
        with own.write() as db:
            db.execute(text("CREATE TABLE notes (id integer)"))
        assert remains.drop(own)
    finally:
        own.dispose()
        with administration.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {role}")
        administration.dispose()
