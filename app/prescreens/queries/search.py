"""Search documents of prescreens."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.kernel.db.engine import Db
from app.kernel.text import search
from app.kernel.text.search import SearchDocument
from app.prescreens.events import SUBJECT
from app.prescreens.models import Prescreen
from app.prescreens.rules.answers import Person


def search_document(id: UUID, organization_id: int, person: Person) -> SearchDocument:
    """The search document of a prescreen: the prospect's name, then e-mail, phone and id."""
    return SearchDocument(SUBJECT, str(id), organization_id, (person.name,), (person.email, person.phone, id.hex))


def keys(db: Db) -> Sequence[UUID]:
    """The ids of all prescreens, the oldest first."""
    return db.execute(select(Prescreen.id).order_by(Prescreen.created_at, Prescreen.id)).scalars().all()


def texts(db: Db, ids: Sequence[UUID]) -> list[SearchDocument]:
    """The search documents of these prescreens."""
    columns = (Prescreen.id, Prescreen.organization_id, Prescreen.name, Prescreen.email, Prescreen.phone)
    rows = db.execute(select(*columns).where(Prescreen.id.in_(ids)).order_by(Prescreen.created_at, Prescreen.id))
    return [search_document(row.id, row.organization_id, Person(row.name, row.email, row.phone)) for row in rows]


SOURCE = search.Source(keys, texts)
