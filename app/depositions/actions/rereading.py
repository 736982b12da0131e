"""Reads rows anew that another version of the zone rules placed, or an earlier program wrote, some at a time.

The upgrade orders it, and the worker goes on with it: rules change with a new `tzdata`, and a program that was not
stopped yet writes rows without what is kept beside them. A row bears the version by which it was read, so that the work
is resumed where it was.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, select, text, update

from app.depositions.actions import overlaps
from app.depositions.models import NOT_PROMISED, UNFINISHED, Deposition, State
from app.depositions.queries import promises
from app.depositions.rules import zone_rules
from app.kernel import clock
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.columns import Attribute
from app.kernel.db.engine import Database, Db
from app.kernel.text import time_zones

AT_ONCE = 200
"""Rows of one transaction of the worker."""
EVERY = 600.0
"""Seconds until the worker looks again, once all rows were read."""

_COLUMNS = (
    Deposition.id,
    Deposition.organization_id,
    Deposition.state,
    Deposition.start_date,
    Deposition.start_time,
    Deposition.zone,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.created_at,
    Deposition.promised_by,
)
_OUTDATED = (
    select(*_COLUMNS)
    # Not those of newer rules: a worker that was not updated yet would undo the work of one that was.
    .where(text(UNFINISHED), Deposition.zone_version < bindparam("version"))
    .order_by(Deposition.zone_version, Deposition.id)
    .limit(bindparam("most"))
)
_LOCKED = (
    select(*_COLUMNS)
    .where(Deposition.id.in_(bindparam("ids", expanding=True)))
    .order_by(Deposition.id)
    .with_for_update()
)


def anything_outdated(db: Db) -> bool:
    """Whether there is an unfinished deposition that older zone rules placed."""
    return db.execute(_OUTDATED, {"version": time_zones.VERSION, "most": 1}).first() is not None


def outdated(db: Db, most: int) -> Sequence[Deposition]:
    """The first unfinished depositions that older zone rules placed, locked in the order of their ids."""
    values = {"version": time_zones.VERSION, "most": most}
    found = db.execute(_OUTDATED, values).all()
    if not found:
        return []
    hours = {row.id: (row.starts_at, row.ends_at) for row in found}
    overlaps.take_turns(db, *hours.values())
    rows = db.execute(_LOCKED, {"ids": list(hours)})
    # Not those that were moved meanwhile, to days whose turns were not taken: a later look finds them.
    return [cast(Deposition, row) for row in rows if (row.starts_at, row.ends_at) == hours[row.id]]


def read_anew(db: Db, rows: Sequence[Deposition], now: datetime) -> None:
    """Reads these rows by the rules of today, and keeps beside them what an earlier program did not.

    Only the moment of what lies ahead and has not begun is compared: what happened, happened when it did.
    """
    for row in rows:
        values: dict[Attribute, object] = {Deposition.zone_version: time_zones.VERSION}
        if row.starts_at > now and row.state != State.ACTIVE:
            values[Deposition.hour_moved] = zone_rules.moved(row)
        if row.promised_by == NOT_PROMISED and row.state == State.INITIAL:
            values[Deposition.promised_by] = promises.promised_by(db, row.organization_id, row.created_at)
        values |= overlaps.restored(db, row.id)
        db.execute(update(Deposition).where(Deposition.id == row.id).values(values))


class Rereading:
    """A sweep of the worker: reads what older rules placed, some rows at a time, and then looks again now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() < self._next:
            return False
        with database.read() as db:
            found = anything_outdated(db)
        if not found:
            self._next = time.monotonic() + EVERY
            return False
        with database.write() as db:
            read_anew(db, outdated(db, AT_ONCE), now)
        return True


def _portion(db: Db, _position: str | None, size: int) -> Portion:
    rows = outdated(db, size)
    read_anew(db, rows, clock.now())
    return Portion(len(rows), "on" if len(rows) == size else None)


BACKFILLS = (Backfill("zones.depositions", _portion, ordered=True),)
