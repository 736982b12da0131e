"""What the team does with a deposition: each verb one POST, back to the page with 303."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Response, flash, url_for
from sqlalchemy import Row

from app.accounts.access import allow, me
from app.dashboard import confirmation_pages, redirects
from app.depositions import actions, emails
from app.depositions.forms import CancelForm, MoveForm, NoticeForm, RoomForm
from app.depositions.queries import managers
from app.depositions.views.detail import page, schedule_form
from app.depositions.views.filters import READERS, actable, args, filters, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize


@pages.post("/<int:id>/schedule")
@allow(*READERS)
def schedule(id: int) -> Response:
    """Books the session and tells everybody, once it was shown what they are told."""
    d = actable(id)
    form = schedule_form(d, typed=True)
    if confirmation_pages.editing():
        return page(d, schedule=form)
    form.check()
    person = next((one for one in managers.managers(reading()) if str(one.id) == form.manager.data), None)
    booking = actions.Booking(
        manager_name=person.name if person else form.manager_name.data,
        manager_email=person.email if person else form.manager_email.data,
        room_url=form.room_url.data,
        provider=form.provider.data or "",
        reason=form.reason.data or "",
    )
    by, now = me().actor(), clock.now()
    _, shown = confirmation.confirm(
        lambda db, version: actions.schedule(db, d.id, booking, by=by, now=now, version=version),
        "schedule",
        d.id,
        asdict(booking),
    )
    told = len(emails.participants(d))
    if shown:
        return _show(d, shown, f"Schedule and tell {pluralize(told, 'person', 'people')}" if told else "Schedule")
    flash(f"Scheduled. {pluralize(told, 'person', 'people')} will be told by e-mail." if told else "Scheduled.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/cancel")
@allow(*READERS)
def cancel(id: int) -> Response:
    """Takes the session back, with or without telling everybody, once it was shown what they are told."""
    d, form = actable(id), CancelForm()
    if confirmation_pages.editing():
        return page(d, cancel=form)
    form.check()
    tell = bool(form.tell.data)
    by, now = me().actor(), clock.now()
    _, shown = confirmation.confirm(
        lambda db, version: actions.cancel(db, d.id, by=by, now=now, tell=tell, version=version),
        "cancel",
        d.id,
        tell,
    )
    if shown:
        what = "Cancel the session" if d.booked_at else "Cancel the request"
        told = f" and tell {pluralize(len(emails.participants(d)), 'person', 'people')}" if tell else " and tell nobody"
        return _show(d, shown, what + told, "calendar-x", "danger")
    flash("Canceled. Everybody invited will be told by e-mail." if tell else "Canceled. Nobody was told by e-mail.")
    return redirects.back(QUEUE, d.id)


def _show(d: Row, shown: confirmation.Preview, confirm: str, icon: str = "send", tone: str = "primary") -> Response:
    url = url_for(".detail", id=d.id, **args(filters()))
    return confirmation_pages.show(shown, confirm, back=url, back_label="Back to the request", icon=icon, tone=tone)


@pages.post("/<int:id>/write_notice")
@allow(*READERS)
def write_notice(id: int) -> Response:
    """Writes the note the organization reads."""
    d, form = actable(id), NoticeForm()
    form.check()
    actions.write_notice(
        db(), d.id, form.notice.data or "", by=me().actor(), now=clock.now(), version=form.seen_version
    )
    flash("Saved. The organization reads it through the API." if form.notice.data else "Taken back.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/change_room")
@allow(*READERS)
def change_room(id: int) -> Response:
    """Gives the session another room."""
    d, form = actable(id), RoomForm()
    form.check()
    actions.change_room(db(), d.id, form.room_url.data, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Saved. The links that were mailed lead to this room once the session begins.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/start")
@allow(*READERS)
def start(id: int) -> Response:
    """Opens the room."""
    d = _press(id, lambda d, facts: actions.start(db(), d.id, **facts))
    flash("Started. The links that were mailed lead into the room now.")
    return redirects.back(QUEUE, d.id)


@pages.post("/<int:id>/end")
@allow(*READERS)
def end(id: int) -> Response:
    """Closes the room."""
    d = _press(id, lambda d, facts: actions.end(db(), d.id, **facts))
    flash("Ended. The links no longer lead into the room.")
    return redirects.back(QUEUE, d.id)


def _press(id: int, act: Callable[[Row, dict[str, Any]], Any]) -> Row:
    """A form of one button: who may, which version, and then the act."""
    d, form = actable(id), MoveForm()
    form.check()
    act(d, {"by": me().actor(), "now": clock.now(), "version": form.seen_version})
    return d
