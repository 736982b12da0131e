"""Documents as pages read them."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import func, select

from app.dashboard.documents.models import Document, State
from app.kernel.db.engine import Db

COLUMNS = tuple(Document.__table__.c)


def get(db: Db, id: UUID) -> Document | None:
    """A document that has not expired."""
    rows = select(*COLUMNS).where(Document.id == id, Document.state != State.EXPIRED.value)
    return cast("Document | None", db.execute(rows).one_or_none())


def latest(db: Db, kind: str, subject_type: str, subject_id: object) -> Document | None:
    """The document of a kind that was requested last about an item."""
    mine = (Document.subject_type == subject_type, Document.subject_id == str(subject_id), Document.kind == kind)
    rows = select(*COLUMNS).where(*mine, Document.state != State.EXPIRED.value)
    newest = rows.order_by(Document.requested_at.desc(), Document.id).limit(1)
    return cast("Document | None", db.execute(newest).one_or_none())


def latest_made(db: Db, kind: str, subject_type: str, subject_id: object) -> Document | None:
    """The document of a kind that was made last about an item."""
    mine = (Document.subject_type == subject_type, Document.subject_id == str(subject_id), Document.kind == kind)
    rows = select(*COLUMNS).where(*mine, Document.state == State.READY.value)
    newest = rows.order_by(Document.requested_at.desc(), Document.id).limit(1)
    return cast("Document | None", db.execute(newest).one_or_none())


def measures(db: Db, now: datetime) -> Iterable[tuple[str, str, float]]:
    """What monitoring should know: name, description and value."""
    failed = select(func.count()).where(Document.state == State.FAILED.value)
    yield "desk_documents_failed", "Documents that could not be made", float(db.scalar(failed) or 0)
    unfinished = Document.state.in_((State.QUEUED.value, State.MAKING.value))
    oldest = db.scalar(select(func.min(Document.requested_at)).where(unfinished))
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield "desk_documents_oldest_seconds", "Age of the oldest document that is not made yet", age
