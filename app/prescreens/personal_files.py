"""What is kept of a contact as a ZIP, with the case file of each prescreen that was decided.

Each case file is whole and can be checked by itself; SHA256SUMS is of all files. The files that answers name lie in
`files`, whether a decision was made or not. The team's notes about decisions are
in kept.json, as in the export without case files, and in no case file.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.dashboard.documents.kinds import CannotMake, File, Making
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database, Db
from app.kernel.json_types import JsonObject
from app.prescreens import case_files
from app.prescreens.actions.export import as_file
from app.prescreens.events import CONTACT, CONTACT_FILES_DOWNLOADED, CONTACT_FILES_REQUESTED
from app.prescreens.models import Prescreen, ReviewStatus
from app.prescreens.queries import contacts
from app.prescreens.queries.export import exported
from app.prescreens.queries.personal import prescreens_of

KEPT = "kept.json"


def basis(db: Db, subject_id: str, _options: JsonObject) -> str:
    """What the content depends on: the contact's newest event that is not about the file itself, and each prescreen."""
    own = (*CONTACT_FILES_REQUESTED.stored_kinds, *CONTACT_FILES_DOWNLOADED.stored_kinds)
    mine = (Event.subject_type == CONTACT, Event.subject_id == subject_id, Event.kind.not_in(own))
    newest = [f"{db.scalar(select(func.max(Event.id)).where(*mine))}"]
    contact = contacts.get(db, UUID(subject_id))
    ids = prescreens_of(db, contact) if contact else []
    return ", ".join(newest + [f"{id} {case_files.basis(db, str(id), {})}" for id in ids])


def make(making: Making) -> File:
    """The ZIP, in the worker."""
    at, by, language = making.document.requested_at, making.document.requested_name, making.options.get("language")
    content = written(making.database, making.id, at, by, language, making.progress)
    return File(f"contact-{making.id.hex[:8]}.zip", "application/zip", content)


def written(
    database: Database,
    contact_id: UUID,
    at: datetime,
    by: str,
    language: str | None,
    progress: Callable[[str], None] = lambda _: None,
) -> bytes:
    """The ZIP, as of a moment, for somebody; in the organization's language unless one is chosen. Raises CannotMake and
    pdf.Failed."""
    progress("Reading what is kept")
    kept, ids, decided = read(database, contact_id, at)
    files = {KEPT: kept, **dict(case_files.originals(database, ids))}
    for number, id in enumerate(decided, start=1):
        progress(f"Writing case file {number} of {len(decided)}")
        made = case_files.written(case_files.read(database, id, notes=False), at, by, language)
        files[f"case-files/{id}.zip"] = made.content
    return case_files.packed(files)


def read(database: Database, contact_id: UUID, at: datetime) -> tuple[bytes, Sequence[UUID], Sequence[UUID]]:
    """The export of a contact, their prescreens, and which of those were decided. Raises CannotMake."""
    with database.read() as db:
        contact = contacts.get(db, contact_id)
        if contact is None or contact.erased_at:
            raise CannotMake("What was personal of this contact was erased.")
        ids = prescreens_of(db, contact)
        decided = (Prescreen.id.in_(ids), Prescreen.review_status != ReviewStatus.PENDING.value)
        rows = db.scalars(select(Prescreen.id).where(*decided, Prescreen.erased_at.is_(None)).order_by(Prescreen.id))
        return as_file(exported(db, contact, ids, at)), ids, rows.all()
