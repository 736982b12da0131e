"""Sessions about whose hour something is to be decided, for `desk check zones`."""

from datetime import datetime

from sqlalchemy import func, select, text

from app.depositions.models import UNFINISHED, Deposition
from app.kernel.db.engine import Db
from app.kernel.text import time_zones

LISTED = 50


def undecided(db: Db, now: datetime) -> list[str]:
    """A sentence for each version of the rules but the present one, with how many unfinished depositions it placed; and
    for the first sessions ahead whose hour moved."""
    versions = db.execute(
        select(Deposition.zone_version, func.count())
        .where(text(UNFINISHED), Deposition.zone_version != time_zones.VERSION)
        .group_by(Deposition.zone_version)
        .order_by(Deposition.zone_version)
    )
    found = [
        f"The rules of {version or 'an earlier program'} placed {n} of what lies ahead." for version, n in versions
    ]
    moved = select(Deposition.id, Deposition.start_date, Deposition.start_time, Deposition.time_zone).where(
        Deposition.hour_moved, Deposition.starts_at >= now
    )
    rows = db.execute(moved.order_by(Deposition.starts_at, Deposition.id).limit(LISTED))
    return [
        *found,
        *(f"The hour of deposition {id} moved: it was written {day}, {hour}, {zone}." for id, day, hour, zone in rows),
    ]
