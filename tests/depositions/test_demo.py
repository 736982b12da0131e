"""The demonstration: every state is there, the document's examples are, and nothing of it is sent."""

import pytest
from sqlalchemy import select

from app.depositions.models import Deposition, State
from app.depositions.queries import listing
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.outbox.outbox import QUEUED
from tests import demo_data

pytestmark = pytest.mark.slow


@pytest.mark.filled(by=(demo_data.load,))
def test_every_state_and_nothing_to_send(database, outbox):
    with database.read() as db:
        rows = db.execute(select(Deposition.state, Deposition.case_name)).all()
        assert {row.state for row in rows} == {state.value for state in State}
        assert len(rows) > 100
        assert {"567-case-id-name", "456-case"} <= {row.case_name for row in rows}
        counts = listing.view_counts(db, None, now())
        assert all(counts.values())
        assert differences(db) == []
    assert [row for row in outbox.rows() if row.subject_type == "deposition" and row.state == QUEUED] == []
