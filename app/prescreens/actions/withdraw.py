"""Withdrawing answers that wait for their decision, by the prospect."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update

from app.dashboard.undo import actions as undo
from app.dashboard.undo import queries as undo_queries
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.prescreens import events
from app.prescreens.actions._write import record
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.rules import review


def withdraw(db: Db, prescreen_id: UUID, *, by: Actor, now: datetime) -> None:
    """Ends the prescreen now, so that it reads `expired` everywhere, and drops a decision that is not final yet.

    A second call changes nothing. Raises NotFound, Conflict (not sent yet, or decided), Gone (expired).
    """
    # Locked before the pending decision, as everywhere (docs/decisions/0016-undo.md).
    row = db.execute(select(*COLUMNS).where(Prescreen.id == prescreen_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("This link leads nowhere any more. Start again from the first page.")
    prescreen = cast(Prescreen, row)
    if prescreen.withdrawn_at:
        return
    pending = undo_queries.pending(db, SUBJECT, prescreen_id)
    review.check_withdraw(prescreen, now, is_final=pending is not None and pending.final_at <= now)
    written = db.execute(
        update(Prescreen)
        # PostgreSQL has locked the row; SQLite has one writer, who may have come between.
        .where(Prescreen.id == prescreen_id, Prescreen.version == prescreen.version)
        .values(
            withdrawn_at=now,
            expires_at=now,
            expires_on=now.astimezone(UTC).date(),
            updated_at=now,
            version=Prescreen.version + 1,
        )
        .returning(Prescreen.id)
        .execution_options(synchronize_session=False)
    ).first()
    if written is None:
        raise Conflict("This changed at the same moment. Nothing was withdrawn. Reload the page.")
    name = prescreen.name or "The prospect"
    undo.overtake(db, SUBJECT, prescreen_id, f"{name} has withdrawn their answers meanwhile.", by=by, now=now)
    data = {
        "before": {"expiresAt": prescreen.expires_at.isoformat()},
        "after": {"expiresAt": now.isoformat()},
    }
    record(db, events.WITHDRAWN, prescreen_id, prescreen.organization_id, by=by, now=now, data=data)
