"""Switching a measure of an organization's decisions on or off."""

from datetime import datetime

from sqlalchemy import update

from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.prescreens import events
from app.prescreens.measures import Measure, MeasureSwitch


def switch_measure(db: Db, organization_id: int, measure: Measure, on: bool, *, by: Actor, now: datetime) -> bool:
    """Switches it, and returns whether that changed anything. A repeat does not, nor is it an event."""
    of = {"organization_id": organization_id, "measure": measure.value}
    db.execute(insert_or_ignore(db, MeasureSwitch).values(**of, is_on=False, changed_at=now, changed_by=""))
    switched = db.execute(
        update(MeasureSwitch)
        .where(
            MeasureSwitch.organization_id == organization_id,
            MeasureSwitch.measure == measure.value,
            MeasureSwitch.is_on.is_not(on),
        )
        .values(is_on=on, changed_at=now, changed_by=by.name)
        .returning(MeasureSwitch.measure)
        .execution_options(synchronize_session=False)
    )
    if switched.first() is None:
        return False
    record(
        db,
        events.MEASURE_ON if on else events.MEASURE_OFF,
        subject_type=events.MEASURES,
        subject_id=organization_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"measure": measure.label, "before": not on, "after": on},
    )
    return True
