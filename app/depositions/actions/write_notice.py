"""Writing the notice that the organization reads."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.models import Deposition, State
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def write_notice(
    db: Db, deposition_id: int, notice: str, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Writes the note that the organization reads as `notice`; an empty one removes it."""
    deposition = write(
        db,
        deposition_id,
        lambda current: None,
        [state.value for state in State],
        {Deposition.notice: notice.strip() or None},
        by=by,
        now=now,
        version=version,
    )
    record(db, events.NOTICE_WRITTEN, deposition, by=by, now=now, data={"notice": deposition.notice})
    return deposition
