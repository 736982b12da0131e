"""The demonstration: every state is there, its day is full, the document's examples are, and nothing of it is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.depositions.demo import day
from app.depositions.models import Absence, Deposition, State
from app.depositions.queries import board, counts, managers, planning
from app.depositions.rules import availability
from app.depositions.rules.board import day_span, overlapping
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.outbox.outbox import QUEUED
from app.kernel.text import datetimes
from tests import demo_data

pytestmark = pytest.mark.slow


@pytest.mark.filled(by=(demo_data.load,))
def test_every_state_and_nothing_to_send(database, outbox):
    with database.read() as db:
        rows = db.execute(select(Deposition.state, Deposition.case_name)).all()
        assert {row.state for row in rows} == {state.value for state in State}
        assert len(rows) > 100
        assert {"567-case-id-name", "456-case"} <= {row.case_name for row in rows}
        numbers = counts.view_counts(db, None, now())
        assert [view for view, count in numbers.items() if not count] == []
        assert differences(db) == []
        the_board_is_full(db)
        away = db.execute(select(Absence.manager_id).distinct()).scalars().all()
        replaced = [len(planning.managed_while_away(db, managers.get(db, id), now())) for id in away]
        assert max(replaced) > 1, "somebody who is away has sessions then"
    assert [row for row in outbox.rows() if row.subject_type == "deposition" and row.state == QUEUED] == []


def the_board_is_full(db):
    """On the day on which it was loaded, whatever day of the week that is."""
    of_the_day = Deposition.deponent_email.like("today%@example.com")
    today = datetimes.local(db.execute(select(func.min(Deposition.starts_at)).where(of_the_day)).scalar(), day.VIEWER)
    span = day_span(today.date(), day.VIEWER)
    rows, team = board.sessions(db, span), board.team(db, span)
    of = [[row for row in rows if row.manager_id == one.id] for one in team.managers]
    assert sum(len(theirs) > 1 for theirs in of) > 2
    assert max(map(len, of)) * 2 < sum(map(len, of))
    assert any(overlapping(theirs, timedelta()) for theirs in of)
    assert State.ACTIVE in {row.state for row in rows}
    assert team.absences
    at_work = [availability.at_work(one.zone, team.hours.get(one.id, ()), span) for one in team.managers]
    assert sum(bool(each) for each in at_work) > 2
