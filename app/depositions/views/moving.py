"""Moving a booked session, and giving it another manager."""

from dataclasses import asdict, replace

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions, emails
from app.depositions.forms import MoveForm
from app.depositions.rules import transitions
from app.depositions.views import confirmations
from app.depositions.views.actions import ASKED
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages


@pages.post("/<int:id>/move")
@allow(*READERS)
def move(id: int) -> Response:
    """Moves the session, with or without telling anybody, once the user has seen what they are sent."""
    deposition, form = actable(id), MoveForm()
    form.check()
    to, notify, by, now = form.move, bool(form.notify.data), me().actor(), clock.now()
    starts_at, ends_at = to.start.starts_at, to.ends_at
    asked, left = confirmations.moving(deposition, to, notify, [], form.reason, now), confirmations.Left()
    # The reason is typed in the confirmation: until then any text lets the dry run pass.
    tried = replace(to, reason=to.reason or ASKED) if confirmation.only_shows() else to
    if not confirmation.only_shows() and asked.beliefs:
        transitions.check_silence(to.reason)
    _, preview = confirmation.confirm(
        left.by(
            lambda db, version: actions.move(db, deposition.id, tried, by=by, now=now, notify=notify, version=version),
            now,
        ),
        "move",
        deposition.id,
        asdict(replace(to, reason="")),
        notify,
        left.findings,
    )
    if preview:
        asked = confirmations.moving(deposition, to, notify, left.findings, form.reason, now)
        return confirmation_pages.show(preview, asked)
    recipients = len(emails.participants(deposition)) if notify else 0
    people = pluralize(recipients, "person", "people")
    notified = f"{people} will be notified by e-mail." if recipients else "Nobody is notified of it."
    flash(f"Moved to {datetimes.span(starts_at, ends_at, to.start.zone)}. {notified}")
    return redirects.back(QUEUE, deposition.id)
