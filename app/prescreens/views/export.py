"""What is kept of a contact, with case files, as a document that the worker makes: for administrators."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from flask import url_for

from app.accounts.roles import PERSONAL_DATA
from app.dashboard.documents.kinds import Kind
from app.dashboard.documents.models import Document
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import actions, events, personal_files


def _record(
    db: Db, event_type: EventType, document: Document, *, by: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    id, organization_id = UUID(document.subject_id), document.organization_id
    actions.note_export(db, event_type, id, organization_id, by=by, now=now, data=data)


KIND = Kind(
    name="contact.export",
    title="Export with case files",
    subject_type=events.CONTACT,
    make=personal_files.make,
    basis=personal_files.basis,
    needs=PERSONAL_DATA,
    url=lambda document: url_for("prescreens.contact", id=document.subject_id),
    record=_record,
    requested=events.CONTACT_FILES_REQUESTED,
    downloaded=events.CONTACT_FILES_DOWNLOADED,
    members={personal_files.KEPT: "application/json"},
    lifetime=timedelta(days=7),
)
