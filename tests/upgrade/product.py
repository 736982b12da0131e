"""All that these tests know of the application by its Python names; everything else they know by its addresses."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as Alembic
from sqlalchemy import select, text

from app.accounts.models import Organization
from app.config import Config
from app.depositions import actions
from app.depositions.rules.settings import SettingsFields
from app.desks import BACKFILLS
from app.kernel.changes.events import Actor
from app.kernel.db import backfills
from app.kernel.db.engine import Database
from app.wiring import wire
from app.worker import Worker

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

OUTBOX = "outbox"
PENDING_DECISIONS = "holds"
LAST_LOOKS = "view_looks"
SAVED_VIEWS = "saved_views"
"""Tables that these tests read after the upgrade, by their names of today."""


def open_database(url: str, **settings: Any) -> Database:
    """The database at an address, with the settings that the snapshot was made with."""
    return Database(Config.for_tests(database_url=url, **settings))


def migrate(database: Database, revision: str) -> None:
    """Brings the tables to a migration."""
    found = Alembic(attributes={"database": database})
    found.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    found.set_main_option("path_separator", "newline")
    command.upgrade(found, revision)


def finish(database: Database, now: datetime) -> None:
    """Makes values of existing rows anew, as `desk db upgrade` does after the migrations."""
    backfills.run(database, BACKFILLS, now)


def connect_to(database: Database, *, smtp_url: str, sms_url: str) -> None:
    """Lets the database's worker send to these servers, and webhooks to this machine."""
    database.config = replace(
        database.config,
        smtp_url=smtp_url,
        sms_url=sms_url,
        webhook_allowed_networks=(ip_network("127.0.0.0/8"),),
    )


def work(database: Database, now: datetime, rounds: int = 100) -> None:
    """Lets a worker do what is due at a moment, until nothing is."""
    worker = Worker(wire(database.config, database))
    for _ in range(rounds):
        if not worker.run_once(now):
            return
    raise AssertionError(f"The worker still found work after {rounds} rounds.")


def switch_everything_on(database: Database, now: datetime) -> None:
    """Switches on, for every organization, what is sent by itself about depositions."""
    chosen: SettingsFields = {"reminders": True, "reconfirmation": True, "reconfirm_deponent": True}
    by = Actor("cli", None, "Administrator", None, "cli")
    with database.write() as db:
        for id in db.scalars(select(Organization.id)).all():
            actions.change_settings(db, id, chosen, by=by, now=now)


def decrypt(database: Database, payload: str) -> str:
    """The text of an encrypted payload."""
    return database.vault.decrypt(payload)


def reencrypt(database: Database, payload: str, change: Callable[[str], str]) -> str:
    """An encrypted payload with its text changed."""
    return database.vault.encrypt(change(database.vault.decrypt(payload)))


def command_environment(database: Database) -> Mapping[str, str]:
    """The environment in which the command `desk` works on this database."""
    return {"DATABASE_URL": database.url.render_as_string(hide_password=False)}


def rows(database: Database, statement: str) -> list[Any]:
    """What a plain SQL statement finds."""
    with database.reader.connect() as connection:
        return list(connection.exec_driver_sql(statement).all())


def write(database: Database, statement: str, **values: Any) -> None:
    """Changes something by plain SQL, as `:name` takes its values."""
    with database.writer.begin() as connection:
        connection.execute(text(statement), values)
