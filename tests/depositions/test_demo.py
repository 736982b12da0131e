"""The demonstration: every state is there, the document's examples are, and nothing of it leaves the house."""

import pytest

from app import demo
from app.depositions.models import State
from app.depositions.queries import queue
from app.kernel.clock import now
from app.kernel.counts import differences
from app.kernel.outbox import QUEUED

pytestmark = pytest.mark.slow


def test_every_state_and_nothing_to_send(database, outbox, monkeypatch):
    monkeypatch.setattr(demo, "ROOMS", ("depositions",))
    demo.load(database, now())
    with database.read() as db:
        rows = db.execute(queue.select(queue.T.state, queue.T.case_name)).all()
        assert {row.state for row in rows} == {state.value for state in State}
        assert len(rows) > 100
        assert {"567-case-id-name", "456-case"} <= {row.case_name for row in rows}
        counts = queue.view_counts(db, queue.Filters(), now())
        assert all(counts.values())
        assert differences(db) == []
    assert [row for row in outbox.rows() if row.subject_type == "deposition" and row.state == QUEUED] == []
