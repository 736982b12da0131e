"""Deciding on a page: a pending decision that can be undone, or a final one for users without an undo window."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.dashboard.undo import actions as undo
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound, Outdated
from app.kernel.json_types import JsonObject
from app.prescreens.actions._review import (
    STALE,
    check_explanation,
    check_review,
    decision_fingerprint,
    write_review,
)
from app.prescreens.actions.look import check_looked
from app.prescreens.events import SUBJECT
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.reasons import Grounds


def decide(
    db: Db,
    prescreen_id: UUID,
    verb: str,
    notes: str | None,
    grounds: Grounds,
    *,
    person_id: int,
    seconds: int,
    version: int,
    preview: str,
    name: str,
    url: str,
    reach: Reach,
    by: Actor,
    now: datetime,
) -> Prescreen:
    """Makes a decision (`approve`, `deny`) pending for `seconds`, or writes it at once when that is 0.

    `grounds` are the reasons that the user gives, `preview` is the fingerprint of the e-mails that they saw. Returns
    the prescreen, whose `review_status` stays pending as long as the decision does. Raises NotFound, Conflict (decided,
    pending or changed), Invalid (also without a reason).
    """
    # Locked, so that a review by API comes before this one (and is seen) or after it (and overtakes it).
    row = db.execute(
        select(*COLUMNS).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such session.")
    prescreen = cast(Prescreen, row)
    check_review(db, prescreen, by, now)
    check_looked(db, prescreen, person_id, now)
    if prescreen.version != version:
        raise Outdated(STALE)
    if decision_fingerprint(db, prescreen, verb) != preview:
        raise Outdated(
            "What would be sent is not what this page showed any more, so nothing was decided. Read it once more.",
            code="preview.changed",
        )
    explanation = check_explanation(db, prescreen, verb, grounds)
    if not seconds:
        undo.check_not_pending(db, SUBJECT, prescreen_id, person_id, now)
        return write_review(
            db, prescreen_id, verb, notes, reach=reach, by=by, now=now, version=version, explanation=explanation
        )
    undo.decide(
        db,
        undo.Subject(SUBJECT, prescreen_id, prescreen.organization_id, name, url),
        verb,
        person_id=person_id,
        seconds=seconds,
        payload={"notes": notes, **explanation.stored()},
        typed=_typed,
        version=version,
        digest=preview,
        by=by,
        now=now,
    )
    return prescreen


def _typed(payload: JsonObject) -> object:
    """What the user gives with a decision; not when they saw the page, nor how alike ones were decided by then."""
    grounds = payload.get("grounds") or {}
    return payload["notes"], grounds.get("reasons"), grounds.get("why")
