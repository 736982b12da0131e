"""Writing a pending decision whose undo window is over, by the worker."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.dashboard.undo.actions import Ending, decided_by
from app.dashboard.undo.models import Decision, State
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.prescreens.actions._review import PENDING, Explanation, decision_fingerprint, write_review
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.queries.stages import Reach

CHANGED = "What would be sent changed before this was final. Nothing was decided: read it and decide again."


def finalize(db: Db, pending: Decision, now: datetime) -> Ending:
    """Writes the decision in the name of the user who made it, as of the moment at which it became final.

    A decision whose e-mails would differ from those that the user saw is returned to them instead.
    """
    prescreen_id = UUID(pending.subject_id)
    # The prescreen is locked before the pending decision, as everywhere (docs/decisions/0016-undo.md).
    row = db.execute(select(*COLUMNS).where(Prescreen.id == prescreen_id).with_for_update()).one()
    prescreen = cast(Prescreen, row)
    if prescreen.review_status == PENDING:
        if decision_fingerprint(db, prescreen, pending.kind, pending.digest) != pending.digest:
            return Ending(State.RETURNED, CHANGED)
    try:
        write_review(
            db,
            prescreen_id,
            pending.kind,
            pending.payload["notes"],
            reach=Reach((pending.organization_id,)),
            by=decided_by(pending),
            now=now,
            version=pending.version,
            pending=pending,
            explanation=Explanation.read(pending.payload),
        )
    except Conflict as refusal:
        if refusal.code == "session.already_reviewed":
            return Ending(State.OVERTAKEN, refusal.detail)
        return Ending(State.RETURNED, CHANGED)
    return Ending(State.FINAL)
