"""Forgetting drafts: a chat that was started and never answered holds nothing, and anyone may start many."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from app.dashboard import tags
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.prescreens.events import SUBJECT
from app.prescreens.models import TIME_TO_LIVE, Note, Prescreen, ReviewStatus, Status

FORGOTTEN_AFTER = timedelta(days=7)
PORTION = 500


def forget_drafts(db: Db, now: datetime) -> int:
    """Deletes drafts that were started a week ago and not answered since, a portion at a time; returns their number.
    One that somebody of the team was assigned or wrote about stays: what they wrote is not forgotten."""
    empty = (
        Prescreen.status == Status.DRAFT.value,
        Prescreen.review_status == ReviewStatus.PENDING.value,
        Prescreen.expires_at <= now - FORGOTTEN_AFTER + TIME_TO_LIVE,
        Prescreen.assignee_id.is_(None),
        ~exists().where(Note.prescreen_id == Prescreen.id),
    )
    oldest = select(Prescreen.id).where(*empty).order_by(Prescreen.expires_at, Prescreen.id).limit(PORTION)
    # The conditions are repeated, since one of them may be answered at this very moment.
    ids = db.scalars(delete(Prescreen).where(Prescreen.id.in_(oldest), *empty).returning(Prescreen.id)).all()
    for id in ids:
        search.remove(db, SUBJECT, str(id))
        tags.erase(db, SUBJECT, id)
    return len(ids)
