"""Noting that evidence was downloaded, and keeping the hash of a file that was made of a record."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from app.inspections import events, queries
from app.inspections.actions._write import record
from app.inspections.evidence.models import MadeFile
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore


def note_download(
    db: Db, inspection_id: uuid.UUID, part: str, *, by: Actor, now: datetime, data: Mapping[str, object] = {}
) -> None:
    """Records who took what; `part` is original, copy or bundle."""
    inspection = queries.get(db, inspection_id)
    record(db, events.EVIDENCE_DOWNLOADED, inspection, by=by, now=now, data={"part": part, **data})


def note_made(db: Db, inspection_id: uuid.UUID, kind: str, sha256: str, now: datetime) -> None:
    """Keeps the SHA-256 of a bundle or a report, so that it can be checked. One that is known changes nothing."""
    values = {"sha256": sha256, "inspection_id": inspection_id, "kind": kind, "made_at": now}
    db.execute(insert_or_ignore(db, MadeFile).values(values))
