"""`desk db upgrade` and `check`, and processes that refuse to start on an empty database."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import NEWEST
from app.config import Config
from app.kernel.db import schema
from app.kernel.db.engine import Database
from tests.cli.running import Desk
from tests.databases import WorkerDatabases
from tests.processes import Loaded


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The command on an SQLite file that does not exist yet."""
    return Desk(Database(Config.for_tests(database_url=f"sqlite:///{tmp_path}/new.sqlite3")), monkeypatch)


@pytest.fixture
def newest(empty: Desk, worker_databases: WorkerDatabases, tmp_path: Path) -> Desk:
    """The command on an SQLite file that has been upgraded."""
    shutil.copyfile(worker_databases.template, tmp_path / "new.sqlite3")
    empty.json("db", "upgrade")
    return empty


def test_upgrade_check_and_again(empty: Desk) -> None:
    before = empty("db", "check", "--json")
    assert before.exit_code == 1
    assert json.loads(before.stdout)["current"] is False
    made = empty("db", "upgrade", "--json")
    first = json.loads(made.stdout)
    assert first["changed"] is True
    assert first["revision"] == NEWEST.read_text().strip(), "migrations/HEAD names the newest migration"
    assert made.stderr == "", "nothing is made anew where nothing was"
    assert empty.json("db", "upgrade") == {"revision": first["revision"], "changed": False}
    after = empty.json("db", "check")
    assert (after["current"], after["differences"]) == (True, [])
    assert empty("organization", "create", "--name", "X", "--slug", "x").exit_code == 0


@pytest.mark.slow
def test_an_unfinished_backfill_is_named_and_finished_by_the_next_upgrade(newest: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as db, db:
        db.execute("UPDATE backfills SET finished_at = NULL WHERE name = 'telephones.contacts'")
    refused = newest("db", "check", "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["differences"]) == (
        1,
        ["unfinished backfill telephones.contacts"],
    )
    assert newest.json("db", "upgrade")["changed"] is True
    assert newest.json("db", "check")["current"] is True


def test_what_is_left_to_the_worker_is_named_and_no_reason_to_refuse(newest: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as db, db:
        db.execute("INSERT INTO backfills (name) VALUES ('alike.prescreens')")
    again = newest("db", "upgrade", "--json")
    assert (json.loads(again.stdout)["changed"], again.stderr) == (False, "Left to the worker: alike.prescreens.\n")
    found = newest.json("db", "check")
    assert (found["current"], found["left"], found["differences"]) == (True, ["alike.prescreens"], [])
    assert "The worker has yet to make alike.prescreens." in newest("db", "check").output


def test_two_upgrades_at_once(tmp_path: Path) -> None:
    names = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}
    printed = [tmp_path / "one", tmp_path / "other"]
    both = [Loaded("app.cli", ["db", "upgrade", "--json"], names, each) for each in printed]
    assert [each.wait(60) for each in both] == [0, 0]
    assert len({json.loads(each.read_text())["revision"] for each in printed}) == 1


def test_an_upgrade_that_breaks_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the next one, or one that runs beside it, finds half of the tables made."""
    database = Database(Config.for_tests(database_url=f"sqlite:///{tmp_path}/new.sqlite3"))

    def breaks(*_: Any, **__: Any) -> None:
        raise OSError("The machine went away.")

    with monkeypatch.context() as broken:
        broken.setattr("alembic.op.create_index", breaks)
        with pytest.raises(OSError, match="went away"):
            schema.upgrade(database)
    with database.reader.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    schema.upgrade(database)
    now, newest = schema.revisions(database)
    assert now == newest
    database.dispose()


@pytest.mark.parametrize(
    "arguments",
    [("serve",), ("worker",), ("token", "--organization", "x"), ("organization", "set", "x"), ("demo", "load")],
)
def test_without_tables_every_command_says_what_to_do(empty: Desk, arguments: tuple[str, ...]) -> None:
    done = empty(*arguments)
    assert done.exit_code == 1
    assert done.stderr == "The database has no tables yet, or old ones. Run `desk db upgrade`, then repeat this.\n"


@pytest.mark.parametrize("arguments", [("serve",), ("worker",)])
def test_no_process_starts_on_the_tables_of_an_older_version(
    newest: Desk, tmp_path: Path, arguments: tuple[str]
) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    done = newest(*arguments)
    assert (done.exit_code, done.stderr.partition(".")[0]) == (1, "The database has no tables yet, or old ones")


def test_a_command_that_misses_a_column_says_what_to_do(newest: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as db, db:
        db.execute("ALTER TABLE organizations RENAME COLUMN prescreen_days TO days")
    done = newest("organization", "list")
    assert (done.exit_code, done.stderr.partition(".")[0]) == (1, "The database has no tables yet, or old ones")


def test_a_database_that_is_away_is_a_sentence(empty: Desk) -> None:
    done = empty("organization", "set", "x", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.exit_code == 1
    assert done.stderr.startswith("The database refused: ")
    assert "Traceback" not in done.output


def test_a_wrong_environment_is_a_sentence(empty: Desk) -> None:
    done = empty("organization", "set", "x", DATABASE_URL="mysql://x", LOG_LEVEL="loud")
    assert done.exit_code == 1
    assert "DATABASE_URL must start with" in done.stderr
    assert "LOG_LEVEL must be" in done.stderr


def test_help_names_every_command(empty: Desk) -> None:
    text = empty("--help").stdout
    for word in ("check", "db", "demo", "key", "organization", "person", "serve", "token", "worker"):
        assert f"\n  {word} " in text
