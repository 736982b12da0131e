"""The search document of a deposition."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select

from app.depositions.events import SUBJECT
from app.depositions.models import Deposition
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.search import SearchDocument

_COLUMNS = (
    Deposition.id,
    Deposition.organization_id,
    Deposition.deponent_name,
    Deposition.case_name,
    Deposition.file_number,
    Deposition.title,
    Deposition.deponent_email,
    Deposition.invites,
)


def search_document(deposition: Deposition) -> SearchDocument:
    """Deponent and case first; then numbers, title and addresses."""
    return SearchDocument(
        SUBJECT,
        str(deposition.id),
        deposition.organization_id,
        (deposition.deponent_name, deposition.case_name),
        (
            str(deposition.id),
            deposition.file_number,
            deposition.title,
            deposition.deponent_email,
            *(invite["email"] for invite in deposition.invites),
        ),
    )


def keys(db: Db) -> Sequence[int]:
    """The id of every deposition, the oldest first."""
    return db.execute(select(Deposition.id).order_by(Deposition.id)).scalars().all()


def texts(db: Db, ids: Sequence[int]) -> list[SearchDocument]:
    """The search documents of these depositions."""
    rows = db.execute(select(*_COLUMNS).where(Deposition.id.in_(ids)).order_by(Deposition.id))
    return [search_document(cast(Deposition, row)) for row in rows]


SOURCE = search.Source(keys, texts, Deposition.id, SUBJECT)
