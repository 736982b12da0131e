"""What agents say of a prescreen without deciding: their blind first look, and notes for the team."""

from uuid import UUID

from flask import Response

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.web.confirmation_pages import comes_back_as
from app.prescreens import actions
from app.prescreens.forms import LookForm, NoteForm
from app.prescreens.views.filters import READERS, actable, looked_at, pages, writable
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/first-look")
@allow(*READERS)
def look(id: UUID) -> Response:
    """Keeps what the user would decide at their blind first look, and shows everything."""
    actable(id)
    form = LookForm()
    form.check()
    actions.look(
        db(),
        id,
        str(form.choice.data or ""),
        person_id=me().id,
        reach=writable(),
        version=form.seen_version,
        by=me().actor(),
        now=clock.now(),
    )
    return redirects.stay(QUEUE, id)


@pages.post("/<uuid:id>/note")
@allow(*READERS)
def write_note(id: UUID) -> Response:
    """Adds a note for the team."""
    comes_back_as("note")
    looked_at(id)
    form = NoteForm()
    form.check()
    text = form.text.data or ""
    actions.write_note(db(), id, text, person_id=me().id, reach=writable(), by=me().actor(), now=clock.now())
    return redirects.stay(QUEUE, id)
