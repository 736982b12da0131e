"""The demonstration: every state is there, the document's examples are, and nothing of it leaves the house."""

from app import demo
from app.depositions.models import State
from app.depositions.queries import listing
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.outbox.outbox import QUEUED


def test_every_state_and_nothing_to_send(database, outbox, monkeypatch):
    monkeypatch.setattr(demo, "ROOMS", ("depositions",))
    demo.load(database, now())
    with database.read() as db:
        rows = db.execute(listing.select(listing.T.state, listing.T.case_name)).all()
        assert {row.state for row in rows} == {state.value for state in State}
        assert len(rows) > 100
        assert {"567-case-id-name", "456-case"} <= {row.case_name for row in rows}
        counts = listing.view_counts(db, listing.Filters(), now())
        assert all(counts.values())
        assert differences(db) == []
    assert [row for row in outbox.rows() if row.subject_type == "deposition" and row.state == QUEUED] == []
