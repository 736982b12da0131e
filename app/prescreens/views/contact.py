"""The page of a contact: everything that is filed under it, by what, and the contacts that share with it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PERSONAL_DATA, PRESCREENS
from app.dashboard.documents import presentation as documents
from app.dashboard.live import live_item
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import reading
from app.kernel.errors import NotFound
from app.kernel.text import normalization
from app.kernel.web.htmx import respond
from app.prescreens import presentation
from app.prescreens.events import CONTACT, EVENTS
from app.prescreens.forms.personal import ExportForm, PersonalForm, language_of
from app.prescreens.models import Contact
from app.prescreens.queries import contact_history
from app.prescreens.queries.counts import reach_of
from app.prescreens.rules import matching
from app.prescreens.views.export import KIND as EXPORT
from app.prescreens.views.filters import READERS, looker, pages


def visible_contact(id: UUID) -> Contact:
    """A contact that the user may know of. Raises NotFound."""
    found = contact_history.one(reading(), id, reach_of(me().scope(PRESCREENS)), looker(), clock.now())
    if found is None:
        raise NotFound("There is no such contact, or it belongs to an organization that is not yours.")
    return found


@pages.get("/contacts/<uuid:id>")
@allow(*READERS)
def contact(id: UUID) -> Response:
    """Who a contact is, with all their prescreens. Contacts are never merged."""
    now = clock.now()
    live = live_item(CONTACT, id, me().scope(PRESCREENS), now, every=2)
    if live.unchanged:
        return live.not_modified()
    db, found = reading(), visible_contact(id)
    viewer, home = looker(), contact_history.home(db, found.organization_id)
    filed, older = contact_history.filed(db, found, viewer, now, _before())
    also = contact_history.also_fits(db, found, viewer, now)
    return respond(
        "prescreens/contact.html",
        live=live,
        contact=found,
        name=name_of(found),
        home=home,
        filed=[presentation.earlier_row(each, found.name, found, home.region, now) for each in filed],
        also_fits=[presentation.earlier_row(each, found.name, found, home.region, now) for each in also],
        sharing=[
            (other, name_of(other), matching.shared(found, other))
            for other in contact_history.sharing(db, found, viewer, now)
        ],
        older_url=url_for(".contact", id=id, before=filed[-1].id) if older else "",
        first_url=url_for(".contact", id=id) if _before() else "",
        denied=me().why_not(PERSONAL_DATA, found.organization_id),
        erasing=PersonalForm(formdata=None),
        exporting=ExportForm(formdata=None, language=language_of(home.locale)),
        export=documents.latest(db, EXPORT, id),
        activity=EVENTS.timeline(events.timeline(db, CONTACT, id, 50)),
        several=me().scope(PRESCREENS).everything or len(me().scope(PRESCREENS).organization_ids) > 1,
        zone=me().time_zone,
        now=now,
    )


class Named(Protocol):
    """A contact as far as it says what it is called."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def erased_at(self) -> datetime | None: ...


def name_of(contact: Named) -> str:
    """What a contact is called."""
    if contact.erased_at:
        return "An erased contact"
    return normalization.shown(contact.name, contact.email, contact.phone, "A contact without a name")


def _before() -> UUID | None:
    """The prescreen after which the page begins."""
    try:
        return UUID(request.args.get("before", ""))
    except ValueError:
        return None
