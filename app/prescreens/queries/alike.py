"""Decided prescreens with the same key answers, to compare a decision with."""

from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.kernel.db import backfills
from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen, ReviewStatus
from app.prescreens.queries.backfills import ALIKE
from app.prescreens.rules.reasons import Mirror

_COUNTED = (
    select(Prescreen.review_status, func.count())
    .where(
        Prescreen.alike_key == bindparam("key"),
        Prescreen.review_status.in_((ReviewStatus.APPROVED.value, ReviewStatus.DENIED.value)),
    )
    .group_by(Prescreen.review_status)
)


def mirror(db: Db, prescreen: Prescreen) -> Mirror | None:
    """How those of the same version with the same key answers were decided; one count in an index.

    None where no key answer can be compared: then nothing says that two are alike.
    """
    if prescreen.alike_key is None:
        return None
    found = {decision: int(number) for decision, number in db.execute(_COUNTED, {"key": prescreen.alike_key})}
    return Mirror(found.get(ReviewStatus.APPROVED.value, 0), found.get(ReviewStatus.DENIED.value, 0))


def mirror_then(db: Db, prescreen: Prescreen) -> Mirror | None:
    """The same as of the decision of this prescreen, of which none was kept: by program, or by an earlier version.
    Decisions are final, so that those made before it are still the same."""
    if prescreen.alike_key is None or prescreen.reviewed_at is None:
        return None
    earlier = _COUNTED.where(Prescreen.reviewed_at < prescreen.reviewed_at)
    found = {decision: int(number) for decision, number in db.execute(earlier, {"key": prescreen.alike_key})}
    return Mirror(found.get(ReviewStatus.APPROVED.value, 0), found.get(ReviewStatus.DENIED.value, 0))


def compared(db: Db) -> int | None:
    """How many per cent of earlier prescreens are compared while the worker does so: counts are too low then. None once
    all of them are."""
    if not backfills.unfinished(db, (ALIKE,)):
        return None
    position = backfills.position(db, ALIKE)
    # Ids are random, so that the place of one among all possible ones is its place among those that there are.
    return UUID(position).int * 100 >> 128 if position else 0
