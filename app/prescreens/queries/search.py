"""What a prescreen is found by."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.search import SearchDocument
from app.prescreens.events import SUBJECT
from app.prescreens.models import Prescreen

P: Any = Prescreen.__table__.c


def search_document(id: UUID, organization_id: int, person: Mapping[str, str | None]) -> SearchDocument:
    """The prospect's name; then address, number and id."""
    return SearchDocument(
        SUBJECT, str(id), organization_id, (person["name"],), (person["email"], person["phone"], id.hex)
    )


def keys(db: Db) -> Sequence[UUID]:
    """Every prescreen, the oldest first."""
    return db.execute(select(P.id).order_by(P.created_at, P.id)).scalars().all()


def texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """What these are found by."""
    columns = (P.id, P.organization_id, P.name, P.email, P.phone)
    rows = db.execute(select(*columns).where(P.id.in_(ids)).order_by(P.created_at, P.id)).mappings()
    return [
        search_document(row["id"], row["organization_id"], {k: row[k] for k in ("name", "email", "phone")})
        for row in rows
    ]


SOURCE = search.Source(keys, texts)
