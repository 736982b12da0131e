"""What an upgrade writes into rows that were there: in portions, no table locked meanwhile, where it is owed."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from app.desks import BACKFILLS
from app.inspections.models import Inspection
from app.inspections.queries import consents
from app.inspections.rules import SUBJECTS, worst_answers
from app.kernel.db import backfills, schema
from app.kernel.db.engine import Database
from tests.upgrade import copies, product
from tests.upgrade.copies import Copies
from tests.upgrade.snapshot import snapshot

NOW = datetime.fromisoformat(snapshot().moment)
BEFORE_ASSIGNEES = "0009"
PEOPLE = (
    "INSERT INTO organizations (id, slug, name, plan, billing, self_service, locale, time_zone, contact_email, "
    "decision_emails, version, created_at) VALUES (1, 'x', 'X', 'free', 'active', false, 'en', 'UTC', '', false, 1, "
    "'2026-11-01 00:00:00.000000')",
    "INSERT INTO people (id, email, name, time_zone, locale, theme, single_keys, session_epoch, version, created_at) "
    "VALUES (7, 'ana@example.com', 'Ana', 'UTC', 'en', 'system', true, 0, 1, '2026-11-01 00:00:00.000000')",
)
INSPECTION = text(
    "INSERT INTO inspections (id, organization_id, status, operator_email, operator_name, expires_at, expires_on, "
    "notes, locale, consent_state, anchoring, chain_length, chain_head, version, created_at, updated_at) VALUES (:id, "
    "1, :status, :email, 'Ana', '2026-12-01 00:00:00.000000', '2026-12-01', '', 'en', '{}', 'not_ended', 0, '', 1, "
    "'2026-11-01 00:00:00.000000', '2026-11-01 00:00:00.000000')"
)
INSPECTIONS = [
    {"id": "1" * 32, "status": "created", "email": "ana@example.com"},
    {"id": "2" * 32, "status": "open", "email": "ana@example.com"},
    {"id": "3" * 32, "status": "open", "email": "someone.else@example.com"},
    {"id": "4" * 32, "status": "recording", "email": "ana@example.com"},
    {"id": "5" * 32, "status": "closed", "email": "ana@example.com"},
]
TEAM = (
    "SELECT name, id FROM people WHERE disabled_at IS NULL AND id IN (SELECT person_id FROM memberships "
    "WHERE role = 'scheduler' AND organization_id IS NULL) ORDER BY id"
)
"""Who could be chosen as a manager before there was a roster."""
ASSIGNED = [(7, "Ana"), (7, "Ana"), (None, None), (7, "Ana"), (None, None)]
"""Who made an inspection that is not over has it; one that is over keeps the name it shows."""

Hook = Callable[[str, Any], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, upgraded: Copies) -> Iterator[Database]:
    """A database into which the functions of the marker `filled` wrote."""
    fills = request.node.get_closest_marker("filled").kwargs["by"]
    url = upgraded.sqlite(fills) if request.param == "sqlite" else upgraded.postgresql(fills)
    opened = product.open_database(url)
    yield opened
    opened.dispose()
    upgraded.remove(url)


def inspections_of_old(database: Database) -> None:
    """Inspections that nobody could be assigned to yet."""
    product.migrate(database, BEFORE_ASSIGNEES)
    with database.writer.begin() as connection:
        for statement in PEOPLE:
            connection.exec_driver_sql(statement)
        connection.execute(INSPECTION, INSPECTIONS)


OF_INSPECTIONS = pytest.mark.filled(by=(inspections_of_old, copies.tables))
OF_SNAPSHOT = pytest.mark.filled(by=(copies.old, copies.tables))
"""An old database of which the tables were upgraded, but no row."""


def assignees(database: Database) -> list[tuple[Any, ...]]:
    """To whom the inspections are assigned."""
    return [
        tuple(row) for row in product.rows(database, "SELECT assignee_id, assignee_name FROM inspections ORDER BY id")
    ]


def names_at_prescreens(database: Database) -> list[tuple[Any, ...]]:
    """The names at assigned prescreens, beside those of the people."""
    found = product.rows(
        database,
        "SELECT assignee_name, people.name FROM prescreens JOIN people ON people.id = assignee_id",
    )
    return [tuple(row) for row in found]


def after_statements(database: Database, hook: Hook) -> None:
    """Calls the hook with each statement that the upgrade has executed, and its cursor."""

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        hook(" ".join(statement.split()), cursor)

    event.listen(database.writer, "after_cursor_execute", note)


@OF_INSPECTIONS
def test_inspections_are_assigned_to_who_made_them(database: Database) -> None:
    assert assignees(database) == [(None, None)] * 5, "a migration writes no row"
    assert backfills.run(database, BACKFILLS, NOW)["assignees.inspections"] == 3
    assert assignees(database) == ASSIGNED
    assert schema.differences(database) == []
    assert backfills.run(database, BACKFILLS, NOW) == {}


@OF_INSPECTIONS
def test_inspections_stay_with_whose_address_they_had(database: Database) -> None:
    assert backfills.run(database, BACKFILLS, NOW)["operators.inspections"] == 4
    made = product.rows(database, "SELECT operator_id FROM inspections ORDER BY id")
    assert [id for (id,) in made] == [7, 7, None, 7, 7]


@OF_SNAPSHOT
def test_prescreens_get_the_names_of_their_assignees(database: Database) -> None:
    assigned = len(names_at_prescreens(database))
    assert backfills.run(database, BACKFILLS, NOW)["assignees.prescreens"] == assigned >= 3
    assert all(stored == name for stored, name in names_at_prescreens(database))


@OF_SNAPSHOT
def test_what_the_chains_say_of_consents_is_kept_by_field_user(database: Database) -> None:
    given = product.rows(database, "SELECT COUNT(*) FROM chain_events WHERE kind = 'consent.given'")[0][0]
    assert backfills.run(database, BACKFILLS, NOW)["consents.inspections"] == given >= 10
    assert product.rows(database, "SELECT COUNT(*) FROM consents WHERE wording_sha256 IS NOT NULL") == [(0,)]
    with database.read() as db:
        joined = db.scalars(select(Inspection).where(Inspection.started_at.is_not(None))).all()
        assert len(joined) >= 10
        for inspection in joined:
            assert worst_answers(consents(db, inspection.id).values()) == inspection.consent_state


@OF_SNAPSHOT
def test_sessions_from_before_ask_for_everything(database: Database) -> None:
    with database.read() as db:
        found = db.scalars(select(Inspection)).all()
    assert len(found) >= 10
    assert {tuple(each.subjects) for each in found} == {SUBJECTS}


@OF_SNAPSHOT
def test_the_team_and_everybody_who_manages_a_session_get_one_row_of_the_roster(database: Database) -> None:
    team = [tuple(row) for row in product.rows(database, "SELECT name, person_id FROM managers ORDER BY person_id")]
    assert team == [tuple(row) for row in product.rows(database, TEAM)]
    assert team, "the scheduling team is in the roster at once"
    booked = "SELECT count(*) FROM depositions WHERE manager_email IS NOT NULL"
    made = backfills.run(database, BACKFILLS, NOW, size=7)["managers.depositions"]
    assert made == product.rows(database, booked)[0][0] > 7
    paired = (
        "SELECT count(*), count(DISTINCT d.manager_email), count(DISTINCT d.manager_id) FROM depositions d "
        "JOIN managers m ON m.id = d.manager_id AND m.email = d.manager_email"
    )
    rows, addresses, managers = product.rows(database, paired)[0]
    assert (rows, addresses) == (made, managers), "same address, same row"
    assert schema.differences(database) == []


@pytest.mark.parametrize("portions", [0, 1, 3])
@OF_INSPECTIONS
def test_interrupted_it_goes_on_where_it_was(database: Database, portions: int) -> None:
    left = portions

    def interrupt(statement: str, _cursor: Any) -> None:
        nonlocal left
        if statement.startswith("UPDATE inspections SET assignee_id"):
            left -= 1
            if left < 0:
                raise OSError("The machine went away.")

    after_statements(database, interrupt)
    with pytest.raises(OSError, match="went away"):
        backfills.run(database, BACKFILLS, NOW, size=1)
    assert assignees(database) == [*ASSIGNED[:portions], *[(None, None)] * (5 - portions)]
    with database.read() as db:
        assert "assignees.inspections" in backfills.unfinished(db, BACKFILLS)
    left = 100
    schema.upgrade(database)
    backfills.run(database, BACKFILLS, NOW, size=1)
    assert assignees(database) == ASSIGNED
    assert left > 100 - 5 - 1, "what was made before is not made again"


@OF_SNAPSHOT
def test_what_former_migrations_filled_is_left_alone(database: Database) -> None:
    """They ran without ordering a backfill; since then people have given work back."""
    backfills.run(database, BACKFILLS, NOW)
    with database.writer.begin() as connection:
        connection.execute(text("DELETE FROM backfills WHERE name LIKE 'assignees.%'"))
        connection.execute(text("UPDATE inspections SET assignee_id = NULL, assignee_name = NULL"))
        connection.execute(text("UPDATE prescreens SET assignee_name = 'as it was called'"))
    schema.upgrade(database)
    assert not {name for name in backfills.run(database, BACKFILLS, NOW) if name.startswith("assignees")}
    assert set(assignees(database)) == {(None, None)}
    assert {stored for stored, _ in names_at_prescreens(database)} == {"as it was called"}
    with database.read() as db:
        assert backfills.unfinished(db, BACKFILLS) == []


SMALL = {"organizations", "alembic_version", "backfills"}
"""Tables that never have many rows."""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("fill", [inspections_of_old, copies.old])
@pytest.mark.filled(by=())
def test_nobody_waits_for_a_table_whose_rows_are_read_or_written(
    database: Database, fill: Callable[[Database], None]
) -> None:
    """A lock that changes a table is kept until its transaction ends, so many rows must not be touched under one."""
    fill(database)
    tables = {
        name
        for (name,) in product.rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        if name not in SMALL and product.rows(database, f"SELECT 1 FROM {name} LIMIT 1")
    }
    touched = []

    def probe(statement: str, cursor: Any) -> None:
        named = {name for name in tables if re.search(rf"\b(FROM|JOIN|UPDATE|INTO) {name}\b", statement)}
        if named and cursor.rowcount > 1:
            touched.append(statement)
            with database.reader.connect().execution_options(isolation_level="READ COMMITTED") as writer:
                writer.exec_driver_sql("SET TRANSACTION READ WRITE")
                for table in tables & set(product_tables(database)):
                    try:
                        writer.exec_driver_sql(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE NOWAIT")
                    except OperationalError:
                        raise AssertionError(f"{table} is locked by: {statement}") from None

    after_statements(database, probe)
    schema.upgrade(database)
    backfills.run(database, BACKFILLS, NOW)
    assert touched


def product_tables(database: Database) -> list[str]:
    """The tables that are there now, as others see it."""
    return [name for (name,) in product.rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
