"""The checklist of a request."""

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions
from app.depositions.forms.checklist import ChecklistForm
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import db


@pages.post("/<int:id>/change_checklist")
@allow(*READERS)
def change_checklist(id: int) -> Response:
    """Writes how far each item is."""
    deposition, form = actable(id), ChecklistForm()
    form.check()
    by, now = me().actor(), clock.now()
    actions.change_checklist(db(), deposition.id, form.checklist(), by=by, now=now, version=form.seen_version)
    flash("The checklist is saved.")
    return redirects.back(QUEUE, deposition.id)
