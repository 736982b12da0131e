"""Erasing what is kept of a contact, or of a prospect who is none, and exporting it, with a reason."""

from uuid import UUID

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PERSONAL_DATA, PRESCREENS
from app.dashboard.documents import actions as documents
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.htmx import personal, see_other
from app.prescreens import actions, presentation
from app.prescreens.actions.export import ExportedFile
from app.prescreens.forms.personal import ExportForm, PersonalForm, language_of
from app.prescreens.models import Contact
from app.prescreens.queries.contact_history import home
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.personal import prescreens_of, prescreens_of_nobody
from app.prescreens.views.contact import name_of, visible_contact
from app.prescreens.views.export import KIND as EXPORT
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
    """Everything that is kept of a contact, as one JSON file; with case files a ZIP that the worker makes."""
    found, now = _administered(id), clock.now()
    form = ExportForm(language=language_of(home(db(), found.organization_id).locale))
    form.check()
    reason, by = str(form.reason.data), me().actor()
    if not form.case_files.data:
        return _sent(
            actions.export_contact(db(), id, reach=reach_of(me().scope(PRESCREENS)), reason=reason, by=by, now=now)
        )
    if found.erased_at:
        raise Conflict("What was personal of this contact was erased. There is nothing to export.")
    options = {"reason": reason, "language": form.language.data}
    documents.request(db(), EXPORT, id, found.organization_id, options, by=by, now=now)
    flash("The export is being made. It appears on this page.")
    return see_other(url_for(".contact", id=id, _anchor="personal"))


@pages.post("/<uuid:id>/export")
@allow(*READERS)
def export_prospect(id: UUID) -> Response:
    """Everything that is kept of a prospect who is no contact, as one JSON file."""
    found = known(visible(id))
    me().check(PERSONAL_DATA, found.organization_id)
    form = PersonalForm()
    form.check()
    reason, reach = str(form.reason.data), reach_of(me().scope(PRESCREENS))
    return _sent(actions.export_prospect(db(), id, reach=reach, reason=reason, by=me().actor(), now=clock.now()))


def _sent(file: ExportedFile) -> Response:
    response = personal(Response(file.content, content_type="application/json"))
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _administered(id: UUID) -> Contact:
    found = visible_contact(id)
    me().check(PERSONAL_DATA, found.organization_id)
    return found
