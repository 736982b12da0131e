"""The case file of a prescreen: having it made, and who may."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.roles import CASE_FILES
from app.dashboard.documents import actions as documents
from app.dashboard.documents.kinds import Kind
from app.dashboard.documents.models import Document
from app.kernel import clock, pdf
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict
from app.kernel.web.htmx import see_other
from app.prescreens import actions, case_files, events
from app.prescreens.forms.personal import CaseFileForm, language_of
from app.prescreens.queries.contact_history import home
from app.prescreens.views.filters import READERS, known, pages, visible
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/case_file")
@allow(*READERS)
def make_case_file(id: UUID) -> Response:
    """Has the case file made. The page shows how far it is."""
    prescreen = known(visible(id))
    me().check(CASE_FILES, prescreen.organization_id)
    form = CaseFileForm(language=language_of(home(db(), prescreen.organization_id).locale))
    form.check()
    if prescreen.erased_at:
        raise Conflict("What was personal in it was erased, so no case file can be made of it.")
    options = {"language": form.language.data, **({"notes": True} if form.notes.data else {})}
    documents.request(db(), KIND, id, prescreen.organization_id, options, by=me().actor(), now=clock.now())
    flash("The case file is being made. You can leave this page.")
    return see_other(QUEUE.ask(clock.now()).url(".detail", id=id))


def _record(
    db: Db, event_type: EventType, document: Document, *, by: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    id, organization_id = UUID(document.subject_id), document.organization_id
    actions.note_case_file(db, event_type, id, organization_id, by=by, now=now, data=data)


KIND = Kind(
    name="prescreen.case_file",
    title="Case file",
    subject_type=events.SUBJECT,
    make=case_files.make,
    basis=case_files.basis,
    needs=CASE_FILES,
    url=lambda document: url_for("prescreens.detail", id=document.subject_id),
    record=_record,
    requested=events.CASE_FILE_REQUESTED,
    downloaded=events.CASE_FILE_DOWNLOADED,
    members={case_files.PDF: pdf.MIME},
)
