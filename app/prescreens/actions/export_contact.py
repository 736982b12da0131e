"""Handing out everything that is kept of a contact, which is an event with the SHA-256 of the file."""

import json
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.kernel.changes import events as history
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.store import digest
from app.prescreens import events
from app.prescreens.events import CONTACT
from app.prescreens.queries import contacts
from app.prescreens.queries.export import exported
from app.prescreens.queries.personal import prescreens_of
from app.prescreens.queries.stages import Reach


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
    found = exported(db, contact, prescreens_of(db, contact), now)
    content = json.dumps(found, ensure_ascii=False, indent=1).encode()
    file = ExportedFile(f"contact-{contact_id.hex[:8]}.json", content, digest(content))
    history.record(
        db,
        events.CONTACT_EXPORTED,
        subject_type=CONTACT,
        subject_id=contact_id,
        organization_id=contact.organization_id,
        by=by,
        now=now,
        data={"reason": reason, "sha256": file.sha256},
    )
    return file
