"""What the team does with a deposition: one POST a verb, back to the page with 303."""

from dataclasses import asdict

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.dashboard import confirmation_pages, redirects
from app.depositions import actions, emails
from app.depositions.forms import ButtonForm, CancelForm, NoticeForm, RoomForm, ScheduleForm
from app.depositions.queries import managers
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize


@pages.post("/<int:id>/schedule")
@allow(*READERS)
def schedule(id: int) -> Response:
    """Books the session and notifies every participant, once the user has seen what they are sent."""
    deposition, team, form = actable(id), managers.managers(reading()), ScheduleForm()
    form.offer(team)
    form.check()
    booking, by, now = form.booking(team), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.schedule(db, deposition.id, booking, by=by, now=now, version=version),
        "schedule",
        deposition.id,
        asdict(booking),
    )
    recipients = len(emails.participants(deposition))
    people = pluralize(recipients, "person", "people")
    if preview:
        return _show(deposition.id, preview, f"Schedule and notify {people}" if recipients else "Schedule", "schedule")
    flash(f"Scheduled. {people} will be notified by e-mail." if recipients else "Scheduled.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/cancel")
@allow(*READERS)
def cancel(id: int) -> Response:
    """Cancels the session, with or without notifying every participant, once the user has seen what they are sent."""
    deposition, form = actable(id), CancelForm()
    form.check()
    notify, by, now = bool(form.notify.data), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.cancel(db, deposition.id, by=by, now=now, notify=notify, version=version),
        "cancel",
        deposition.id,
        notify,
    )
    if preview:
        thing = "session" if deposition.booked_at else "request"
        people = pluralize(len(emails.participants(deposition)), "person", "people")
        label = f"Cancel the {thing} and notify {people}" if notify else f"Cancel the {thing}, notify no one"
        return _show(deposition.id, preview, label, "cancel", "calendar-x", "danger")
    flash("Canceled. The participants will be notified by e-mail." if notify else "Canceled. No e-mail was sent.")
    return redirects.back(QUEUE, deposition.id)


def _show(
    id: int, preview: confirmation.Preview, confirm: str, edit: str, icon: str = "send", tone: str = "primary"
) -> Response:
    url = url_for(".detail", id=id, **QUEUE.choose().args)
    return confirmation_pages.show(
        preview, confirm, back=url, back_label="Back to the request", edit=edit, icon=icon, tone=tone
    )


@pages.post("/<int:id>/write_notice")
@allow(*READERS)
def write_notice(id: int) -> Response:
    """Writes the note that the organization reads."""
    deposition, form = actable(id), NoticeForm()
    form.check()
    notice, by, now = form.notice.data or "", me().actor(), clock.now()
    actions.write_notice(db(), deposition.id, notice, by=by, now=now, version=form.seen_version)
    flash("Saved. The organization reads it through the API." if notice else "Notice removed.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/change_room")
@allow(*READERS)
def change_room(id: int) -> Response:
    """Gives the session another video room."""
    deposition, form = actable(id), RoomForm()
    form.check()
    by, now = me().actor(), clock.now()
    actions.change_room(db(), deposition.id, form.room_url.data, by=by, now=now, version=form.seen_version)
    flash("Saved. The links that were sent lead to this room once the session begins.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/start")
@allow(*READERS)
def start(id: int) -> Response:
    """Opens the room."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.start(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Started. The links that were sent lead into the room now.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/end")
@allow(*READERS)
def end(id: int) -> Response:
    """Closes the room."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.end(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Ended. The links no longer lead into the room.")
    return redirects.back(QUEUE, deposition.id)
