"""Demonstration data: every state, chains that verify, counters that agree, nothing past left to send."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import demo
from app.inspections import chain, queries, rules
from app.inspections.demo import PRINTED
from app.inspections.models import Inspection
from app.kernel.clock import now
from app.kernel.db import recounts
from tests import demo_data

pytestmark = [pytest.mark.filled(by=(demo_data.load,)), pytest.mark.slow]


def test_every_state_is_there_and_every_chain_verifies(database, outbox) -> None:
    with database.read() as db:
        found = db.scalars(select(Inspection)).all()
        for inspection in found:
            links = queries.links(db, inspection.id)
            chain.verify(links, length=inspection.chain_length, head=inspection.chain_head)
            assert inspection.created_at <= now()
        assert recounts.differences(db) == []
        states = Counter(rules.status_of(inspection, now()) for inspection in found)
        printed = queries.get(db, PRINTED)
    assert states.keys() == {"created", "open", "recording", "closed", "expired"}
    assert 70 <= len(found) <= 90
    assert (printed.notes, printed.status) == ("Vehicle damage — claim CL-2026-0042", "open")
    assert printed.consent_state == {"camera": "granted", "gps": "granted"}
    due = [row for row in outbox.rows(state="queued") if row.subject_type == "inspection"]
    # An hour, because the data may have been loaded at the beginning of a long run.
    assert all(row.due_at > now() - timedelta(hours=1) for row in due)
    assert outbox.rows("email", "queued") == []
    assert outbox.rows("email", "dropped") == [], "who came had the link before"
    assert all(row.payload == {} for row in outbox.rows("email") if row.secret)


def test_loading_again_changes_nothing(database) -> None:
    assert demo.load(database, now())[1] is False
