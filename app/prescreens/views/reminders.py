"""Writing once to a prospect who has stopped answering, or whose answers expired. The user sees the e-mail first."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from flask import Response, flash

from app.accounts.access import allow, me
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.changes.confirmation import Preview
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.forms import VersionedForm
from app.kernel.web.htmx import see_other
from app.prescreens import actions, presentation
from app.prescreens.models import Prescreen
from app.prescreens.queries import detail, first_looks
from app.prescreens.views.filters import READERS, actable, pages, writable
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/remind")
@allow(*READERS)
def remind(id: UUID) -> Response:
    """Reminds a prospect who has stopped answering, once the user has seen the e-mail."""
    return _write(id, actions.remind, "remind", "The reminder", "They are reminded once, and this is it.")


@pages.post("/<uuid:id>/renew")
@allow(*READERS)
def renew(id: UUID) -> Response:
    """Sends a fresh link with the old answers, once the user has seen the e-mail."""
    note = "The link is good for 30 days. They look through their old answers and send them as a new prescreen."
    return _write(id, actions.renew, "renew", "A fresh link", note)


def _write(id: UUID, act: Callable[..., None], verb: str, what: str, note: str) -> Response:
    prescreen, now, form = actable(id), clock.now(), VersionedForm()
    form.check()
    reach, by, back = writable(), me().actor(), QUEUE.ask(now).url(".detail", id=id)

    def write(db: Db, _version: int | None) -> None:
        act(db, id, reach=reach, by=by, now=now)

    _, preview = confirmation.confirm(write, verb, str(id))
    if preview:
        name = presentation.name_of(prescreen)
        asked = Confirmation(
            title=f"Review and {'remind' if verb == 'remind' else 'send the link'}",
            confirm=f"Write to {name[:40]}",
            back=back,
            back_label="Back to the answers",
            subject=[name],
            note=note,
        )
        return confirmation_pages.show(_for_viewer(preview, prescreen), asked)
    flash(f"{what} is on its way{'' if first_looks.is_veiled(prescreen) else f' to {prescreen.email}'}.", "good")
    return see_other(back)


def _for_viewer(preview: Preview, prescreen: Prescreen) -> Preview:
    """The preview without the address, for a user who has not looked at the prescreen yet."""
    if not first_looks.is_veiled(prescreen):
        return preview
    known = detail.get(reading(), prescreen.id)
    address = (known and known.email) or ""

    def hidden(text: str) -> str:
        return text.replace(address, "the address that was given") if address else text

    return replace(
        preview,
        messages=[
            replace(
                each,
                title=hidden(each.title),
                note=hidden(each.note),
                facts=[(name, hidden(value)) for name, value in each.facts],
                text=hidden(each.text),
                html=hidden(each.html),
            )
            for each in preview.messages
        ],
        recipients=[hidden(each) for each in preview.recipients],
    )
