"""Changing the reasons that an organization's agents choose from."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update

from app.kernel.changes.events import Actor, record, stale_conflict
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.prescreens import events
from app.prescreens.models import ReasonList
from app.prescreens.queries import reasons
from app.prescreens.rules.reasons import STANDARD, checked_list


def change_reasons(
    db: Db, organization_id: int, lines: Iterable[str], *, revision: int | None, by: Actor, now: datetime
) -> bool:
    """Replaces the list, and returns whether anything differs. `revision` is the one that the user saw.

    What decisions have said stays as it was. Raises Invalid, Conflict (changed since).
    """
    after = list(checked_list(lines))
    # An organization that never changed its list has no row to lock yet.
    first = {"organization_id": organization_id, "reasons": list(STANDARD), "revision": 0}
    db.execute(insert_or_ignore(db, ReasonList).values(**first, changed_at=now, changed_by=""))
    before = reasons.offered(db, organization_id, lock=True)
    if revision is not None and before.revision != revision:
        raise stale_conflict(db, events.REASONS, organization_id, revision, before.revision, events.EVENTS, by)
    if after == list(before.reasons):
        return False
    db.execute(
        update(ReasonList)
        .where(ReasonList.organization_id == organization_id)
        .values(reasons=after, revision=before.revision + 1, changed_at=now, changed_by=by.name)
        .execution_options(synchronize_session=False)
    )
    record(
        db,
        events.REASONS_CHANGED,
        subject_type=events.REASONS,
        subject_id=organization_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"before": list(before.reasons), "after": after},
    )
    return True
