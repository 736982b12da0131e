"""`desk db upgrade` of a PostgreSQL database that others use meanwhile."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

import app.models  # noqa: F401  # fills the metadata
from app.kernel.db import indexes, schema
from app.kernel.db.engine import Database
from app.kernel.errors import Unavailable
from tests.processes import Loaded
from tests.servers import environment
from tests.upgrade import copies, product
from tests.upgrade.copies import Copies

VERSIONS = product.MIGRATIONS / "versions"

Copy = Callable[[], Database]


@pytest.fixture
def old(upgraded: Copies) -> Iterator[Copy]:
    """Opens one copy of an old PostgreSQL database with rows in every table, as often as called."""
    url, opened = upgraded.postgresql((copies.old,)), []

    def make() -> Database:
        opened.append(product.open_database(url))
        return opened[-1]

    yield make
    for database in opened:
        database.dispose()
    upgraded.remove(url)


def test_a_table_with_rows_gets_its_indexes_while_it_is_used(old: Copy) -> None:
    database, statements = old(), []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(database.writer, "before_cursor_execute", note)
    assert schema.upgrade(database)
    assert schema.differences(database) == []
    new = {found[1] for each in statements if (found := re.match(r"CREATE TABLE (\w+)", each))}
    plain, concurrent = set(), set()
    for statement in statements:
        if found := re.match(r"CREATE (UNIQUE )?INDEX (CONCURRENTLY )?\w+ ON (\w+)", statement):
            (concurrent if found[2] else plain).add(found[3])
    assert {"depositions", "inspections"} <= concurrent
    with database.reader.connect() as connection:
        # A plain one is for a table that was made in the same upgrade, or has no row.
        for table in plain - new:
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    assert not schema.upgrade(database)


def test_an_index_that_broke_off_is_noticed_and_built_again(old: Copy) -> None:
    database = old()
    schema.upgrade(database)
    with database.writer.begin() as connection:
        broken = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_depositions_assignee'::regclass"
        connection.execute(text(broken))
    assert schema.differences(database) == [("broken_index", "ix_depositions_assignee")]
    assert schema.upgrade(database)
    assert schema.differences(database) == []


def test_a_table_that_others_hold_is_given_up_in_words_and_the_upgrade_goes_on_later(
    old: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(schema, "PAUSES", (0.1,))
    database = old()
    with old().writer.connect() as backup:
        backup.execute(text("LOCK TABLE depositions IN ACCESS SHARE MODE"))
        with pytest.raises(Unavailable, match="holds a table"):
            schema.upgrade(database)
        reached, newest = schema.revisions(database)
        assert reached == "0012", "what came before is kept"
    assert schema.upgrade(database)
    assert schema.revisions(database) == (newest, newest)
    assert schema.differences(database) == []


def test_two_at_once_take_turns(old: Copy, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "other"]
    both = [Loaded("app.cli", ["db", "upgrade", "--json"], environment(old().config), each) for each in files]
    assert [each.wait() for each in both] == [0, 0]
    printed = [json.loads(each.read_text()) for each in files]
    assert {one["revision"] for one in printed} == {schema.revisions(old())[1]}
    assert any(one["changed"] for one in printed)
    assert schema.differences(old()) == []


def test_migrations_leave_indexes_to_what_builds_them_concurrently() -> None:
    """`op.create_index` is safe; an index in plain SQL is not. 0001 has no rows yet, 0003 fills the table it makes."""
    plain = re.compile(r"CREATE\s+(UNIQUE\s+)?INDEX", re.I)
    found = {path.name[:4] for path in VERSIONS.glob("*.py") if plain.search(path.read_text())}
    assert found - {"0001"} == {"0003"}


LOCKING = r"create_unique_constraint|create_check_constraint|create_foreign_key|create_exclude_constraint"


def test_migrations_add_no_constraint_that_reads_a_table_under_its_lock() -> None:
    """In a table that is made by the same migration a constraint stands in `op.create_table`."""
    found = [path.name for path in VERSIONS.glob("*.py") if re.search(LOCKING, path.read_text())]
    assert found == []
