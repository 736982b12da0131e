"""Handing out everything that is kept of a contact, or of a prospect who is none: an event with the file's SHA-256."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.kernel.changes import events as history
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.json_types import JsonObject
from app.kernel.store import digest
from app.prescreens import events
from app.prescreens.actions._write import record
from app.prescreens.events import CONTACT
from app.prescreens.queries import contacts, personal
from app.prescreens.queries.export import exported
from app.prescreens.queries.stages import Reach

FILED = "This prescreen is filed under a contact. Export the contact, on their page, with everything that is theirs."


class ExportedFile(NamedTuple):
    """The file, its name and its SHA-256."""

    name: str
    content: bytes
    sha256: str


def export_contact(db: Db, contact_id: UUID, *, reach: Reach, reason: str, by: Actor, now: datetime) -> ExportedFile:
    """Everything that is kept of a contact, as JSON. Raises NotFound."""
    contact = contacts.get(db, contact_id, reach)
    if contact is None:
        raise NotFound("There is no such contact, or it belongs to an organization that is not yours.")
    found = exported(db, contact, personal.prescreens_of(db, contact), now)
    file = _file(f"contact-{contact_id.hex[:8]}.json", found)
    data = {"reason": reason, "sha256": file.sha256}
    note_export(db, events.CONTACT_EXPORTED, contact_id, contact.organization_id, by=by, now=now, data=data)
    return file


def export_prospect(db: Db, prescreen_id: UUID, *, reach: Reach, reason: str, by: Actor, now: datetime) -> ExportedFile:
    """The same of a prospect who is no contact, by a prescreen of theirs: it and the others that `erase_prospect` would
    erase. Raises NotFound, Conflict (there is a contact, or it was erased)."""
    erased = "What was personal in it was erased. There is nothing to export."
    prescreen = personal.prospect(db, prescreen_id, reach, erased=erased, filed=FILED)
    found = exported(db, None, personal.prescreens_of_nobody(db, prescreen), now)
    file = _file(f"prospect-{prescreen_id.hex[:8]}.json", found)
    data = {"reason": reason, "sha256": file.sha256}
    record(db, events.PRESCREEN_EXPORTED, prescreen_id, prescreen.organization_id, by=by, now=now, data=data)
    return file


def note_export(
    db: Db,
    event_type: EventType,
    contact_id: UUID,
    organization_id: int,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, object],
) -> None:
    """Records who had what is kept of a contact handed out; the contact does not change."""
    history.record(
        db,
        event_type,
        subject_type=CONTACT,
        subject_id=contact_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=dict(data),
    )


def as_file(found: JsonObject) -> bytes:
    """The bytes of an export."""
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _file(name: str, found: JsonObject) -> ExportedFile:
    content = as_file(found)
    return ExportedFile(name, content, digest(content))
