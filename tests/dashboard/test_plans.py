"""What every list asks besides its rows is found through indexes, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text

from app.dashboard import presence, tags
from app.dashboard.undo import queries as pending
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db

IDS = [str(n) for n in range(1, 51)]
READS: dict[str, tuple[Callable[[Db], Any], str]] = {
    "the tags of a page": (lambda db: tags.tags_of(db, "deposition", IDS), "tags"),
    "who looks at a page": (lambda db: presence.viewers_of(db, "deposition", IDS, me=1, now=now()), "presences"),
    "somebody's bar of holds": (lambda db: pending.on_bar(db, 1), "holds"),
    "the hold of one thing": (lambda db: pending.pending(db, "prescreen", "7"), "holds"),
    "the holds of a page": (lambda db: pending.pending_of(db, "prescreen", IDS), "holds"),
    "the holds that are due": (lambda db: pending.due(db, now(), 10), "holds"),
}


@pytest.mark.parametrize("what", READS)
def test_it_walks_an_index(database: Database, what: str) -> None:
    read, table = READS[what]
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", note)
    with database.read() as db:
        read(db)
    event.remove(database.reader, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    with database.write() as db:
        if not database.sqlite:
            # The tables are empty here: whether an index can carry it, not whether it pays.
            db.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        rows = db.connection().exec_driver_sql(explain + statement, parameters).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    scans = (f"SCAN {table}", f"Seq Scan on {table}")
    assert not [scan for scan in scans if scan in plan.replace("USING", "")], plan
    assert "INDEX" in plan.upper() or "PRIMARY KEY" in plan, plan
