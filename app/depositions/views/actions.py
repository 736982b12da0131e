"""What the team does with a deposition: one POST a verb, back to the page with 303."""

from dataclasses import asdict, replace

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions, emails
from app.depositions.forms import ButtonForm, CancelForm, NoticeForm, RoomForm, ScheduleForm, StartForm
from app.depositions.models import Deposition
from app.depositions.queries import managers
from app.depositions.rules import transitions
from app.depositions.views import confirmations
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages

ASKED = "…"
"""Stands for the reason over an overlap, while it is asked for."""


@pages.post("/<int:id>/schedule")
@allow(*READERS)
def schedule(id: int) -> Response:
    """Books the session and notifies every participant, once the user has seen what they are sent."""
    deposition, team, form = actable(id), managers.managers(reading()), ScheduleForm()
    form.offer(team)
    form.check()
    booking, by, now = form.booking(team), me().actor(), clock.now()
    # The reason over an overlap is typed in the confirmation: until then any text lets the dry run pass.
    tried = replace(booking, reason=booking.reason or ASKED) if confirmation.only_shows() else booking
    booked: list[Deposition] = []

    def act(db: Db, version: int | None) -> None:
        booked.append(actions.schedule(db, deposition.id, tried, by=by, now=now, version=version))

    _, preview = confirmation.confirm(act, "schedule", deposition.id, asdict(replace(booking, reason="")))
    recipients = len(emails.everybody(booked[-1]))
    if preview:
        # As the dry run left it: whom the roster did not know has no other session.
        made = booked[-1]
        manager = managers.by_email(reading(), made.manager_email or "")
        begins, ends = deposition.starts_at, deposition.ends_at
        overlaps = managers.overlaps(reading(), manager, begins, ends, besides=made.id) if manager else []
        asked = confirmations.scheduling(deposition, made, overlaps, form.reason, now)
        return confirmation_pages.show(preview, asked)
    flash(f"Scheduled. {pluralize(recipients, 'person', 'people')} will be notified by e-mail.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/cancel")
@allow(*READERS)
def cancel(id: int) -> Response:
    """Cancels the session, with or without notifying every participant, once the user has seen what they are sent."""
    deposition, form = actable(id), CancelForm()
    form.check()
    recipients = len(emails.everybody(deposition)) if form.notify.data else 0
    notify, by, now = recipients > 0, me().actor(), clock.now()
    asked = confirmations.canceling(deposition, notify, form.reason, now)
    reason = (form.reason.data or "").strip() if asked.field else ""
    if not confirmation.only_shows() and asked.field:
        transitions.check_silence(reason)
    _, preview = confirmation.confirm(
        lambda db, version: actions.cancel(
            db, deposition.id, by=by, now=now, notify=notify, reason=reason, version=version
        ),
        "cancel",
        deposition.id,
        notify,
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    flash("Canceled. The participants will be notified by e-mail." if notify else "Canceled. Nobody is notified of it.")
    return redirects.back(QUEUE, deposition.id)


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
    """Gives the session another video room, once the user has seen what its manager is sent."""
    deposition, form = actable(id), RoomForm()
    form.check()
    room_url, by, now = form.room_url.data, me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.change_room(db, deposition.id, room_url, by=by, now=now, version=version),
        "change_room",
        deposition.id,
        room_url,
        always=False,
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.changing_room(deposition, room_url))
    flash("Saved. The session’s links lead to this room once it begins.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/start")
@allow(*READERS)
def start(id: int) -> Response:
    """Opens the room; long before the planned start, once the user has read how long that is, and with a reason."""
    deposition, form = actable(id), StartForm()
    form.check()
    by, now, reason = me().actor(), clock.now(), form.reason.data or ""
    if not transitions.starts_early(deposition.starts_at, now):
        actions.start(db(), deposition.id, by=by, now=now, version=form.seen_version)
    else:
        # The reason is typed in the confirmation: until then any text lets the dry run pass.
        tried = reason or ASKED if confirmation.only_shows() else reason
        _, preview = confirmation.confirm(
            lambda db, version: actions.start(db, deposition.id, by=by, now=now, reason=tried, version=version),
            "start",
            deposition.id,
            deposition.starts_at,
        )
        if preview:
            return confirmation_pages.show(preview, confirmations.starting_early(deposition, form.reason, now))
    flash("Started. The session’s links lead into the room now.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/take_back_start")
@allow(*READERS)
def take_back_start(id: int) -> Response:
    """Closes the room again, as long as nobody has entered."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    by, now = me().actor(), clock.now()
    actions.take_back_start(db(), deposition.id, by=by, now=now, version=form.seen_version)
    flash("The start was taken back. The session’s links do not lead into the room.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/end")
@allow(*READERS)
def end(id: int) -> Response:
    """Closes the room, once the user has read that it is final."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    by, now = me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.end(db, deposition.id, by=by, now=now, version=version), "end", deposition.id
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.ending(deposition))
    flash("Ended. The links no longer lead into the room.")
    return redirects.back(QUEUE, deposition.id)
