"""A database that can only be read, or is away: sentences and Retry-After meanwhile, and back by itself."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event, select

from app.accounts.models import Person
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, sign_in
from tests.cast import Cast
from tests.inspections.conftest import SESSIONS, printed
from tests.pages import csrf


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """Lets the database refuse every write of connections that are made from now on."""

    def refuse_writes(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    name = database.url.database
    if database.sqlite:
        event.listen(database.writer, "connect", refuse_writes)
    else:
        administer(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    database.writer.dispose()
    yield
    if database.sqlite:
        event.remove(database.writer, "connect", refuse_writes)
    else:
        administer(database, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    database.writer.dispose()


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Ends every connection to a PostgreSQL database and takes no new ones."""
    name = database.url.database
    administer(database, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    administer(database, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    yield
    administer(database, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def administer(database: Database, statement: str) -> None:
    engine = create_engine(database.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_database_that_can_only_be_read(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    headers = cast.headers("inspections")
    form = {"csrf_token": csrf(client)}
    with read_only(database):
        for path in ("/prescreens", "/settings", "/health/ready"):
            assert client.get(path).status_code == 200, path
        assert client.get(SESSIONS, headers=headers).status_code == 200
        page = client.post("/sign-out", data=form)
        notice = client.post("/sign-out", data=form, headers=HTMX)
        call = client.post(SESSIONS, json=printed("create"), headers=headers)
        for answer in (page, notice, call):
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert "can only be read" in answer.text
        assert call.mimetype == "application/problem+json"
        assert notice.headers["HX-Retarget"] == "#refusal"
        assert client.get("/health/ready").json == {"status": "ready", "writes": "refused: read only"}
    assert client.post(SESSIONS, json=printed("create"), headers=headers).status_code == 201
    assert client.get("/health/ready").json == {"status": "ready"}
    assert client.post("/sign-out", data=form).status_code == 303


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_is_away(app: Flask, cast: Cast, database: Database) -> None:
    client = cast.sign_in(app.test_client(), "lena")
    headers = cast.headers("inspections")
    form = {"csrf_token": csrf(client)}
    assert client.get("/prescreens").status_code == 200
    asked: list[Callable[[], Any]] = [
        lambda: client.get("/prescreens"),
        lambda: client.get("/health/ready"),
        lambda: client.get(SESSIONS, headers=headers),
        lambda: client.post(SESSIONS, json=printed("create"), headers=headers),
        lambda: client.post("/sign-out", data=form),
        lambda: sign_in(app.test_client(), "otto@example.com"),
    ]
    with away(database):
        for _ in range(2):
            for ask in asked:
                answer = ask()
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) > 0
                assert "does not answer right now" in answer.text
        assert client.get("/health/live").status_code == 200
    assert [ask().status_code for ask in asked] == [200, 200, 200, 201, 303, 303]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_was_restarted(app: Flask, cast: Cast, database: Database) -> None:
    """The server ended every idle connection, of which there are several; nobody notices."""
    client = cast.sign_in(app.test_client(), "lena")
    with ExitStack() as open_at_once:
        for engine in (database.reader, database.writer) * 3:
            open_at_once.enter_context(engine.connect())
    name = database.url.database
    administer(database, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
    with database.read() as db:
        assert db.scalars(select(Person.id)).all()
    assert client.get("/prescreens").status_code == 200
    assert client.post("/sign-out", data={"csrf_token": csrf(client)}).status_code == 303
