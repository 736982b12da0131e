"""What a deposition is found by."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.depositions.events import SUBJECT
from app.depositions.models import Deposition
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.search import SearchDocument

T: Any = Deposition.__table__.c


def search_document(d: Any) -> SearchDocument:
    """The person questioned and the case; then numbers, title and addresses."""
    return SearchDocument(
        SUBJECT,
        str(d.id),
        d.organization_id,
        (d.deponent_name, d.case_name),
        (str(d.id), d.file_number, d.title, d.deponent_email, *(invite["email"] for invite in d.invites)),
    )


def keys(db: Db) -> Sequence[int]:
    """Every deposition, the oldest first."""
    return db.execute(select(T.id).order_by(T.id)).scalars().all()


def texts(db: Db, ids: Sequence[int]) -> list[SearchDocument]:
    """What these are found by."""
    columns = (
        T.id,
        T.organization_id,
        T.deponent_name,
        T.case_name,
        T.file_number,
        T.title,
        T.deponent_email,
        T.invites,
    )
    return [search_document(row) for row in db.execute(select(*columns).where(T.id.in_(ids)).order_by(T.id))]


SOURCE = search.Source(keys, texts)
