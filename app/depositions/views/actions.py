"""What the team does with a deposition: one POST a verb, back to the page with 303."""

from dataclasses import asdict
from datetime import datetime

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.dashboard import confirmation_pages, redirects
from app.depositions import actions, emails, presentation
from app.depositions.forms import ButtonForm, CancelForm, NoticeForm, RoomForm, ScheduleForm
from app.depositions.queries import detail, managers
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules import transitions
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.text import datetimes
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
    recipients = len(emails.participants(deposition)) if form.notify.data else 0
    notify, by, now = recipients > 0, me().actor(), clock.now()
    informed = presentation.informed(detail.informed(reading(), deposition.id))
    _, preview = confirmation.confirm(
        lambda db, version: actions.cancel(db, deposition.id, by=by, now=now, notify=notify, version=version),
        "cancel",
        deposition.id,
        notify,
    )
    if preview:
        thing = "session" if deposition.booked_at else "request"
        people = pluralize(recipients, "person", "people")
        label = f"Cancel the {thing} and notify {people}" if notify else f"Cancel the {thing}, notify no one"
        note = "" if notify else informed
        return _show(deposition.id, preview, label, "cancel", "calendar-x", "danger", note=note)
    flash("Canceled. The participants will be notified by e-mail." if notify else "Canceled. Nobody is notified of it.")
    return redirects.back(QUEUE, deposition.id)


def _show(
    id: int,
    preview: confirmation.Preview,
    confirm: str,
    edit: str,
    icon: str = "send",
    tone: str = "primary",
    note: str = "",
) -> Response:
    url = url_for(".detail", id=id, **QUEUE.choose().args)
    return confirmation_pages.show(
        preview, confirm, back=url, back_label="Back to the request", edit=edit, icon=icon, tone=tone, note=note
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
    flash("Saved. The session’s links lead to this room once it begins.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/start")
@allow(*READERS)
def start(id: int) -> Response:
    """Opens the room; long before the planned start, once the user has read how long that is."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    by, now = me().actor(), clock.now()
    if not transitions.starts_early(deposition.starts_at, now):
        actions.start(db(), deposition.id, by=by, now=now, version=form.seen_version)
    else:
        _, preview = confirmation.confirm(
            lambda db, version: actions.start(db, deposition.id, by=by, now=now, version=version),
            "start",
            deposition.id,
            deposition.starts_at,
        )
        if preview:
            return _show_early_start(deposition, preview, now)
    flash("Started. The session’s links lead into the room now.")
    return redirects.back(QUEUE, deposition.id)


def _show_early_start(deposition: DepositionDetail, preview: confirmation.Preview, now: datetime) -> Response:
    early = datetimes.duration(deposition.starts_at - now)
    hours = presentation.hours(deposition)
    return confirmation_pages.show(
        preview,
        f"Start it {early} early",
        back=url_for(".detail", id=deposition.id, **QUEUE.choose().args),
        back_label="Back to the request",
        icon="play",
        title=f"The planned start is in {early}",
        note=f"It is planned for {hours}. Once it is started, everybody with its link can "
        "enter the room, which can no longer be changed. It cannot be ended before the planned start, only canceled.",
    )


@pages.post("/<int:id>/end")
@allow(*READERS)
def end(id: int) -> Response:
    """Closes the room."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.end(db(), deposition.id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Ended. The links no longer lead into the room.")
    return redirects.back(QUEUE, deposition.id)
