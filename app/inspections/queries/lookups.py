"""Which record a file or a number belongs to: for those who check what they were given."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from app.inspections import numbers
from app.inspections.evidence.models import Evidence, EvidenceState, MadeFile
from app.inspections.models import Inspection
from app.kernel.db.engine import Db

MOST = 5
"""Records that are named for one file; the same photo may be in several."""


class Part(StrEnum):
    """What of a record somebody has in hand."""

    NUMBER = "number"
    ORIGINAL = "original"
    COPY = "copy"
    ERASED = "erased"
    """An original that was in the record and was erased."""
    BUNDLE = "bundle"
    REPORT = "report"


class Found(NamedTuple):
    """A record, and what of it was asked about."""

    inspection_id: uuid.UUID
    part: Part
    credentials: bool = False
    """Whether it is a copy that carries Content Credentials."""


def by_number(db: Db, number: str) -> list[Found]:
    """The session of this number; by the primary key, of which the number is the beginning."""
    least, greatest = numbers.ids(number)
    rows = db.scalars(select(Inspection.id).where(Inspection.id.between(least, greatest)).limit(MOST))
    return [Found(id, Part.NUMBER) for id in rows if numbers.number_of(id) == number]


def by_hash(db: Db, sha256: str) -> list[Found]:
    """The records that name a file of this SHA-256, or from which it was made, the oldest first."""
    columns = select(Evidence.inspection_id, Evidence.sha256, EvidenceState.erased_at, EvidenceState.credentials)
    joined = columns.join(EvidenceState, EvidenceState.evidence_id == Evidence.id)
    made = db.execute(select(MadeFile.inspection_id, MadeFile.kind).where(MadeFile.sha256 == sha256))
    found = {row.inspection_id: Found(row.inspection_id, Part(row.kind)) for row in made}
    for mine in (Evidence.sha256 == sha256, EvidenceState.copy_sha256 == sha256):
        for row in db.execute(joined.where(mine).order_by(Evidence.received_at, Evidence.id).limit(MOST)):
            part = Part.ERASED if row.erased_at else Part.ORIGINAL if row.sha256 == sha256 else Part.COPY
            signed = part == Part.COPY and row.credentials
            found.setdefault(row.inspection_id, Found(row.inspection_id, part, signed))
    return list(found.values())[:MOST]
