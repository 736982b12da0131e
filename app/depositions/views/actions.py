"""What the team does with a deposition: one POST a verb, back to the page with 303."""

from dataclasses import asdict, replace

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions, emails
from app.depositions.forms import (
    ButtonForm,
    CancelForm,
    DeclineForm,
    NoticeForm,
    RoomForm,
    ScheduleForm,
    StartForm,
)
from app.depositions.models import Deposition
from app.depositions.queries import managers, people
from app.depositions.queries.people import Knowledge
from app.depositions.rules import transitions
from app.depositions.views import confirmations, returns
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages

NOBODY_NOTIFIED = "Canceled. Nobody is notified of it by e-mail."
ASKED = "…"
"""Stands for the reason over an overlap, while it is asked for."""


@pages.post("/<int:id>/schedule")
@allow(*READERS)
def schedule(id: int) -> Response:
    """Books the session and notifies every participant, once the user has seen what they are sent."""
    confirmation_pages.comes_back_as("schedule")
    deposition, team, form = actable(id), managers.managers(reading()), ScheduleForm()
    form.offer(team)
    form.check()
    booking, by, now = form.booking(team), me().actor(), clock.now()
    # The reason over an overlap is typed in the confirmation: until then any text lets the dry run pass.
    tried = replace(booking, reason=booking.reason or ASKED) if confirmation.only_shows() else booking
    run = confirmations.DryRun()
    _, preview = confirmation.confirm(
        run.by(lambda db, version: actions.schedule(db, deposition.id, tried, by=by, now=now, version=version), now),
        "schedule",
        deposition.id,
        asdict(replace(booking, reason="")),
        run.findings,
    )
    recipients = len(emails.everybody(run.deposition))
    if preview:
        asked = confirmations.scheduling(deposition, run, form.reason, now)
        return confirmation_pages.show(preview, asked)
    flash(f"Scheduled. {pluralize(recipients, 'person', 'people')} will be notified by e-mail.")
    return returns.back(deposition.id)


@pages.post("/<int:id>/cancel")
@allow(*READERS)
def cancel(id: int) -> Response:
    """Cancels the session, with or without notifying every participant, once the user has seen what they are sent."""
    deposition, form = actable(id), CancelForm()
    form.check()
    recipients = len(emails.everybody(deposition)) if form.notify.data else 0
    notify, by, now = recipients > 0, me().actor(), clock.now()
    reason = (form.reason.data or "").strip()
    behind: list[Knowledge] = []

    def act(db: Db, version: int | None) -> Deposition:
        done = actions.cancel(db, deposition.id, by=by, now=now, notify=notify, reason=reason, version=version)
        behind[:] = people.outdated(db, deposition.id)
        if not confirmation.only_shows() and confirmations.is_silent(notify, behind):
            transitions.check_silence(reason)
        return done

    _, preview = confirmation.confirm(act, "cancel", deposition.id, notify)
    if preview:
        return confirmation_pages.show(preview, confirmations.canceling(deposition, notify, behind, form.reason, now))
    flash("Canceled. The participants will be notified by e-mail." if notify else NOBODY_NOTIFIED)
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/decline_cancellation")
@allow(*READERS)
def decline_cancellation(id: int) -> Response:
    """Declines the organization’s request to cancel, once the user has read what the organization will read."""
    confirmation_pages.comes_back_as("decline_cancellation")
    deposition, form = actable(id), DeclineForm()
    form.check()
    notice, by, now = form.notice.data or "", me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.decline_cancellation(db, deposition.id, notice, by=by, now=now, version=version),
        "decline_cancellation",
        deposition.id,
        notice,
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.declining(deposition, notice, now))
    flash("Declined. The organization reads the notice through the API.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/tell")
@allow(*READERS)
def tell(id: int) -> Response:
    """Tells those who do not know yet how the session stands, once the user has seen what they are sent."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    by, now = me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.tell(db, deposition.id, by=by, now=now, version=version), "tell", deposition.id
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.informing(deposition, now))
    flash("Those who did not know will be notified.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/write_notice")
@allow(*READERS)
def write_notice(id: int) -> Response:
    """Writes the note that the organization reads."""
    confirmation_pages.comes_back_as("write_notice")
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
    confirmation_pages.comes_back_as("change_room")
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
    return returns.back(deposition.id)


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
    return returns.back(deposition.id)
