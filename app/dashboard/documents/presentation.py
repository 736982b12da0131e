"""A document as the page of its item shows it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.accounts.access import me
from app.dashboard.documents import queries
from app.dashboard.documents.kinds import Kind
from app.dashboard.documents.models import UNFINISHED, Document, State
from app.kernel.db.engine import Db
from app.kernel.text.template_filters import size


class DocumentRow(NamedTuple):
    """A document: how far it is, and what can be downloaded of it as (name, size). `may_have` and `may_make`
    are whether the current user may have it, and have it made again."""

    id: UUID
    title: str
    state: str
    unfinished: bool
    progress: str
    failure: str
    files: list[tuple[str, str]]
    sha256: str | None
    requested_by: str
    made_at: datetime | None
    expires_at: datetime
    may_have: bool
    may_make: bool


def latest(db: Db, kind: Kind, subject_id: object) -> DocumentRow | None:
    """The document of a kind that was requested last about an item; None when there is none."""
    document = queries.latest(db, kind.name, kind.subject_type, subject_id)
    return document_row(document, kind) if document else None


def document_row(document: Document, kind: Kind) -> DocumentRow:
    files: list[tuple[str, str]] = []
    if document.state == State.READY:
        files = [(document.name, size(document.bytes or 0)), *((member, "") for member in kind.members)]
    return DocumentRow(
        document.id,
        kind.title,
        document.state,
        document.state in UNFINISHED,
        document.progress,
        document.failure,
        files,
        document.sha256,
        document.requested_name,
        document.made_at,
        document.expires_at,
        me().may(kind.needs, False, document.organization_id),
        me().may(kind.needs, True, document.organization_id),
    )
