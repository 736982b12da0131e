"""Decided prescreens with the same verdicts, to compare a decision with."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen, ReviewStatus, Status, Submission
from app.prescreens.rules.questions import Question

COMPARED = 100
"""Prescreens that are compared, those started last."""

_DECIDED = (
    select(
        Prescreen.id,
        Prescreen.template_version,
        Prescreen.review_status,
        Prescreen.submission,
        Prescreen.expires_at,
    )
    .where(
        Prescreen.organization_id == bindparam("organization_id"),
        Prescreen.workflow_template_id == bindparam("questionnaire"),
        Prescreen.status == Status.COMPLETED.value,
        Prescreen.review_status == bindparam("decision"),
    )
    .order_by(Prescreen.expires_at.desc(), Prescreen.id.desc())
    .limit(COMPARED)
)


class Mirror(NamedTuple):
    """How others with the same verdicts were decided."""

    decided: int
    approved: int
    denied: int


def mirror(db: Db, prescreen: Prescreen, questions: Sequence[Question]) -> Mirror | None:
    """How those who meet and miss the same criteria of the same version were decided, among the latest decided ones.

    None where no criterion is computed: then nothing says that two are alike.
    """
    mine = [question.met(prescreen.submission) for question in questions]
    if all(met is None for met in mine):
        return None
    found = Counter(
        row.review_status
        for row in _latest(db, prescreen)
        if row.template_version == prescreen.template_version
        and row.id != prescreen.id
        and [question.met(row.submission) for question in questions] == mine
    )
    return Mirror(found.total(), found[ReviewStatus.APPROVED.value], found[ReviewStatus.DENIED.value])


def _latest(db: Db, prescreen: Prescreen) -> Sequence[Row[UUID, int, str, Submission, datetime]]:
    """The latest decided prescreens of the questionnaire."""
    values = {"organization_id": prescreen.organization_id, "questionnaire": prescreen.workflow_template_id}
    rows = [
        row
        for decision in (ReviewStatus.APPROVED, ReviewStatus.DENIED)
        for row in db.execute(_DECIDED, {**values, "decision": decision.value})
    ]
    return sorted(rows, key=lambda row: (row.expires_at, row.id), reverse=True)[:COMPARED]
