"""Decided prescreens with the same key answers, to compare a decision with."""

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


def still_comparing(db: Db) -> bool:
    """Whether the key answers of earlier prescreens are still being compared: counts are too low then."""
    return bool(backfills.unfinished(db, (ALIKE,)))
