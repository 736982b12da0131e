"""What the paths of the bench ask the database: always through an index, on both databases."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.kernel import clock
from app.kernel.db.engine import Database
from bench import data, paths, rows, world

LARGE = ("prescreens", "depositions", "inspections", "events", "api_keys")
Asked = list[tuple[str, Any]]


def fill(database: Database) -> None:
    # So many that requests of the newest weeks wait to be scheduled (rows.depositions).
    data.fill(database, 4180, clock.now())


pytestmark = pytest.mark.filled(by=(fill,))


def _asking(database: Database, do: Callable[[], Any]) -> Asked:
    """The statements that `do` sends to the reading engine, with their parameters."""
    found: Asked = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        found.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(database.reader, "before_cursor_execute", note)
    return found


def _scans(database: Database, statement: str, parameters: Any) -> tuple[list[str], str]:
    """Tables that the plan reads from one end to the other, and the plan."""
    explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    with database.reader.connect() as connection:
        plan = connection.exec_driver_sql(explain + statement, parameters).all()
    lines = [str(row[-1] if database.sqlite else row[0]) for row in plan]
    whole = r"SCAN (\w+)(?! USING)" if database.sqlite else r"Seq Scan on (\w+)"
    return [table for line in lines for table in re.findall(whole, line) if table in LARGE], "\n".join(lines)


def _check(database: Database, asked: Asked, *indexes: str) -> None:
    assert asked
    plans = []
    for statement, parameters in asked:
        scans, plan = _scans(database, statement, parameters)
        assert not scans, f"{scans} read whole by\n{statement}\n{plan}"
        plans.append(plan)
    for index in indexes:
        assert index in "\n".join(plans), f"{index} is not used:\n" + "\n".join(plans)


API = [
    ("inspections", f"{paths.INSPECTIONS}?limit=25", ["ix_inspections_list"]),
    ("prescreens", f"{paths.SESSIONS}?status=completed&reviewStatus=pending_review&limit=25", ["ix_prescreens_stage"]),
    ("prescreens", f"{paths.SESSIONS}?limit=25&page=2", ["ix_prescreens_newest"]),
    ("prescreens", f"{paths.SESSIONS}/{rows.uuid_of('prescreen', 10)}", []),
    ("depositions", f"{paths.REQUESTS}?items=25", ["ix_depositions_organization"]),
]
QUEUE: dict[str, dict[str, str]] = {"page": {}, "fragment": {"HX-Request": "true", "HX-Target": "div#queue"}}


def test_all_reads_through_indexes(database: Database, client: FlaskClient, subtests: pytest.Subtests) -> None:
    """One database for all of it: filling one takes ten times as long as all of this."""
    for product, path, indexes in API:
        with subtests.test(path):
            bearer = dict(world.bearers(product, clock.now()))[rows.organization_of(10)]
            headers = {"Authorization": f"Bearer {bearer}"}
            _check(database, _asking(database, partial(_get, client, path, headers)), *indexes)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = world.sign_in_token("scheduler@bench.example"), True
    for kind, headers in QUEUE.items():
        with subtests.test(kind):
            asked = _asking(database, partial(_get, client, "/depositions", headers))
            _check(database, asked, "ix_depositions_starts", "ix_depositions_promised")


def _get(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
