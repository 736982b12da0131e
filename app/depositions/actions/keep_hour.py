"""Deciding which counts after zone rules have changed: the time on the clock, or the moment.

Those who know of a booked session are told in both cases: either the moment is another one than their calendars have,
or its hour is another one than their e-mail says. So both are moves, with events of their own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import cast

import orjson
from sqlalchemy import select

from app.depositions import events
from app.depositions.actions._write import COLUMNS, record, write
from app.depositions.actions.move import Move, moment, move
from app.depositions.models import Deposition, State
from app.depositions.rules import transitions, zone_rules
from app.depositions.rules.new_request import Start
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound


def keep_clock_time(
    db: Db, deposition_id: int, *, by: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Deposition:
    """Leaves the hour on the clock as it was written: the session is at another moment then. Raises Invalid when the
    clocks skip that hour now."""
    return _keep(db, deposition_id, zone_rules.at_clock_time, events.CLOCK_TIME_KEPT, by, now, reason, version)


def keep_moment(
    db: Db, deposition_id: int, *, by: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Deposition:
    """Leaves the moment as it is: its hour on the clock is another one then. Raises Invalid when that hour comes twice
    and the moment is the second."""
    return _keep(db, deposition_id, zone_rules.at_moment, events.MOMENT_KEPT, by, now, reason, version)


def _keep(
    db: Db,
    deposition_id: int,
    start_of: Callable[[zone_rules.Written], Start],
    event: EventType,
    by: Actor,
    now: datetime,
    reason: str,
    version: int | None,
) -> Deposition:
    row = db.execute(select(*COLUMNS).where(Deposition.id == deposition_id)).first()
    if row is None:
        raise NotFound("There is no such session request.")
    before = cast(Deposition, row)
    transitions.check_keep_hour(before.state, before.hour_moved)
    hours = None if before.estimated_duration is None else orjson.loads(before.estimated_duration)
    to = Move(start_of(before), hours, reason=reason)
    if before.state != State.INITIAL:
        return move(db, deposition_id, to, by=by, now=now, version=version, event=event)
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_keep_hour(current.state, current.hour_moved),
        [State.INITIAL.value],
        moment(to),
        by=by,
        now=now,
        version=version,
        only=Deposition.hour_moved.is_(True),
    )
    record(db, event, deposition, by=by, now=now, data=events.moments(before, deposition))
    return deposition
