"""Attending: an operator is with the field user."""

import uuid
from datetime import datetime

from app.inspections import events, people, queries, rules
from app.inspections.actions._write import append_to_chain, record, write
from app.inspections.events import SUBJECT
from app.inspections.models import Inspection
from app.kernel.changes.events import Actor, is_own_act
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db


def attend(db: Db, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Marks that an operator is with the field user, and assigns the inspection to this operator.

    Raises Conflict when no field user has joined, or another operator was first.
    """
    values: Values = {Inspection.attended_at: now, Inspection.operator_name: by.name}
    if by.kind == "person" and by.id:
        values = {**values, Inspection.assignee_id: int(by.id), Inspection.assignee_name: by.name}
    inspection = write(
        db,
        inspection_id,
        lambda current: rules.check_attend(current, now, is_own_act(db, SUBJECT, inspection_id, [events.ATTENDED], by)),
        rules.JOINED_STATES,
        values,
        now=now,
        only=Inspection.attended_at.is_(None),
    )
    if by.kind != "person" or not queries.operator_is_in(db, inspection_id, by):
        append_to_chain(db, inspection, [("operator.joined", {"operator": people.named(by)})], now)
    record(db, events.ATTENDED, inspection, by=by, now=now)
    return queries.get(db, inspection_id)
