"""Migrations make what the models say, triggers included, on both databases; and can be taken back."""

from collections.abc import Callable, Iterator

import pytest
from alembic import command
from sqlalchemy import text

import app.models  # noqa: F401  # fills the metadata
from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Base, Database
from tests.databases import WorkerDatabases

pytestmark = pytest.mark.slow

Empty = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, worker_databases: WorkerDatabases) -> Iterator[Empty]:
    """Makes databases without a single table."""
    made: list[Database] = []

    def make() -> Database:
        name = f"empty_{worker_databases.worker}_{len(made)}"
        if request.param == "sqlite":
            url = f"sqlite:///{worker_databases.folder}/{name}.sqlite3"
        else:
            with worker_databases.server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            url = worker_databases.server.url.set(database=name).render_as_string(hide_password=False)
        made.append(Database(Config.for_tests(database_url=url)))
        return made[-1]

    yield make
    for database in made:
        database.dispose()
        worker_databases.remove(database.config.database_url)
        if not database.sqlite:
            with worker_databases.server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {database.url.database} WITH (FORCE)")


def shape(database: Database) -> set[str]:
    """Triggers and functions, with their text, which Alembic does not compare."""
    if database.sqlite:
        ask = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE type = 'trigger'"
    else:
        ask = (
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = 'public' AND p.prokind = 'f' "
            "UNION SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        )
    with database.reader.connect() as connection:
        return {" ".join(found.split()) for found in connection.execute(text(ask)).scalars()}


def test_migrations_make_what_the_models_say(empty: Empty) -> None:
    migrated, modelled = empty(), empty()
    schema.upgrade(migrated)
    Base.metadata.create_all(modelled.writer)
    assert schema.differences(migrated) == []
    assert shape(migrated) == shape(modelled)


def test_upgrading_again_changes_nothing(empty: Empty) -> None:
    database = empty()
    schema.upgrade(database)
    before = schema.revisions(database)
    schema.upgrade(database)
    assert schema.revisions(database) == before
    assert before[0] == before[1] is not None


def test_migrations_can_be_taken_back_and_made_again(empty: Empty) -> None:
    database = empty()
    schema.upgrade(database)
    command.downgrade(schema.alembic(database), "base")
    assert shape(database) == set()
    schema.upgrade(database)
    assert schema.differences(database) == []
