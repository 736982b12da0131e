"""How long an organization usually takes to decide, from its own latest decisions."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen
from app.prescreens.rules.review import usual_days as of_waits

LATEST = 50
RECENT = timedelta(days=90)

_DECIDED = (
    select(Prescreen.completed_at, Prescreen.reviewed_at)
    .where(
        Prescreen.organization_id == bindparam("organization_id"),
        Prescreen.reviewed_at.is_not(None),
        Prescreen.reviewed_at > bindparam("since", type_=Prescreen.reviewed_at.type),
    )
    .order_by(Prescreen.reviewed_at.desc(), Prescreen.id.desc())
    .limit(LATEST)
)


def usual_days(db: Db, organization_id: int, now: datetime) -> int | None:
    """Within how many days most of the latest decisions were made; None when there are too few to say."""
    rows = db.execute(_DECIDED, {"organization_id": organization_id, "since": now - RECENT})
    return of_waits([row.reviewed_at - row.completed_at for row in rows if row.completed_at])
