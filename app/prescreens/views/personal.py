"""Erasing what is kept of a contact, or of a prospect who is none, and exporting it, with a reason."""

from uuid import UUID

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PERSONAL_DATA, PRESCREENS
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.htmx import personal, see_other
from app.prescreens import actions, presentation
from app.prescreens.forms.personal import PersonalForm
from app.prescreens.models import Contact
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.personal import prescreens_of, prescreens_of_nobody
from app.prescreens.views.contact import name_of, visible_contact
from app.prescreens.views.filters import READERS, known, pages, visible

GONE = (
    "Name, addresses, answers, notes, what was asked again, the content of e-mails, case files and what the history "
    "says of them are gone for good, for your team too. That there were prescreens, when, how they were decided and by "
    "whom stays, with the hashes of the answers. What waits for a decision expires. E-mails and files that left are "
    "not called back, and backups keep it until they are deleted."
)


@pages.post("/contacts/<uuid:id>/erase")
@allow(*READERS)
def erase_contact(id: UUID) -> Response:
    """Erases a contact with their prescreens, once an administrator has read what that means."""
    found, form, now = _administered(id), PersonalForm(), clock.now()
    form.check()
    reason, by, reach = str(form.reason.data), me().actor(), reach_of(me().scope(PRESCREENS))
    n, preview = confirmation.confirm(
        lambda db, _: actions.erase_contact(db, id, reach=reach, reason=reason, by=by, now=now),
        "erase",
        str(id),
        reason,
    )
    back = url_for(".contact", id=id)
    if preview:
        name = name_of(found)
        asked = Confirmation(
            title="Review and erase",
            confirm="Erase for good",
            back=back,
            back_label="Back to the contact",
            subject=[name, pluralize(len(prescreens_of(db(), found)), "prescreen"), reason],
            icon="trash-2",
            tone="danger",
            note=GONE,
        )
        return confirmation_pages.show(preview, asked)
    flash(f"Erased, with {pluralize(n or 0, 'prescreen')}.", "good")
    return see_other(back)


@pages.post("/<uuid:id>/erase")
@allow(*READERS)
def erase_prospect(id: UUID) -> Response:
    """Erases a prospect who is no contact, once an administrator has read what that means."""
    found, now = known(visible(id)), clock.now()
    me().check(PERSONAL_DATA, found.organization_id)
    form = PersonalForm()
    form.check()
    reason, by, reach = str(form.reason.data), me().actor(), reach_of(me().scope(PRESCREENS))
    n, preview = confirmation.confirm(
        lambda db, _: actions.erase_prospect(db, id, reach=reach, reason=reason, by=by, now=now),
        "erase",
        str(id),
        reason,
    )
    back = url_for(".detail", id=id)
    if preview:
        theirs = pluralize(len(prescreens_of_nobody(db(), found)), "prescreen")
        asked = Confirmation(
            title="Review and erase",
            confirm="Erase for good",
            back=back,
            back_label="Back to the prescreen",
            subject=[presentation.name_of(found), theirs, reason],
            icon="trash-2",
            tone="danger",
            note=GONE,
        )
        return confirmation_pages.show(preview, asked)
    flash(f"Erased: {pluralize(n or 0, 'prescreen')}.", "good")
    return see_other(back)


@pages.post("/contacts/<uuid:id>/export")
@allow(*READERS)
def export_contact(id: UUID) -> Response:
    """Everything that is kept of a contact, as one JSON file."""
    _administered(id)
    form = PersonalForm()
    form.check()
    reach = reach_of(me().scope(PRESCREENS))
    file = actions.export_contact(db(), id, reach=reach, reason=str(form.reason.data), by=me().actor(), now=clock.now())
    response = personal(Response(file.content, content_type="application/json"))
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _administered(id: UUID) -> Contact:
    found = visible_contact(id)
    me().check(PERSONAL_DATA, found.organization_id)
    return found
