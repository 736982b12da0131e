"""Originals of evidence on their way: in the store, and not yet in the record."""

from uuid import UUID

from app.files.arriving import Arrivals
from app.inspections import queries
from app.kernel.db.engine import Db


def _is_named(db: Db, inspection_id: UUID, sha256: str) -> bool:
    known = queries.evidence_by_hash(db, inspection_id, sha256)
    return known is not None and known.erased_at is None


ARRIVALS = Arrivals("inspections", _is_named)
