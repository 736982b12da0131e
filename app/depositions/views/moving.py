"""Moving a booked session, and giving it another manager."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Protocol

from flask import Response, flash

from app.accounts.access import allow, me
from app.dashboard import redirects
from app.depositions import actions, presentation
from app.depositions.forms import KeepHourForm, ManagerForm, MoveForm
from app.depositions.models import Deposition
from app.depositions.queries import managers
from app.depositions.rules import transitions
from app.depositions.views import confirmations, returns
from app.depositions.views.actions import ASKED
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages


@pages.post("/<int:id>/move")
@allow(*READERS)
def move(id: int) -> Response:
    """Moves the session, with or without telling anybody, once the user has seen what they are sent."""
    confirmation_pages.comes_back_as("move")
    deposition, form = actable(id), MoveForm()
    form.offer(managers.managers(reading()), deposition)
    form.check()
    to, notify, by, now = form.move, bool(form.notify.data), me().actor(), clock.now()
    # The reason is typed in the confirmation: until then any text lets the dry run pass.
    tried = replace(to, reason=to.reason or ASKED) if confirmation.only_shows() else to
    run = confirmations.DryRun()
    act = run.by(lambda db, version: actions.move(db, id, tried, by=by, now=now, notify=notify, version=version), now)

    def with_reason(db: Db, version: int | None) -> Deposition:
        made = act(db, version)
        if run.behind and not notify:
            transitions.check_silence(tried.reason)
        return made

    _, preview = confirmation.confirm(
        with_reason,
        "move",
        id,
        asdict(replace(to, reason="")),
        notify,
        run.findings,
    )
    if preview:
        asked = confirmations.moving(deposition, run, notify, form.reason, now)
        return confirmation_pages.show(preview, asked)
    people = pluralize(run.notified, "person", "people") if notify else f"Only {pluralize(run.notified, 'manager')}"
    notified = f"{people} will be notified by e-mail." if run.notified else "Nobody is notified of it."
    flash(f"Moved to {presentation.hours(run.deposition)}. {notified}")
    return redirects.back(QUEUE, id)


@pages.post("/<int:id>/change_manager")
@allow(*READERS)
def change_manager(id: int) -> Response:
    """Gives the session another manager, or none, once the user has seen what the former and the new one are sent."""
    confirmation_pages.comes_back_as("change_manager")
    deposition, team, form = actable(id), managers.managers(reading()), ManagerForm()
    form.offer(team)
    form.check()
    booking, by, now = None if form.nobody else form.booking(team), me().actor(), clock.now()
    # The reason over an overlap is typed in the confirmation: until then any text lets the dry run pass.
    tried = replace(booking, reason=booking.reason or ASKED) if booking and confirmation.only_shows() else booking
    run = confirmations.DryRun()
    _, preview = confirmation.confirm(
        run.by(lambda db, version: actions.change_manager(db, id, tried, by=by, now=now, version=version), now),
        "change_manager",
        id,
        asdict(replace(booking, reason="")) if booking else None,
        run.findings,
    )
    if preview:
        asked = confirmations.changing_manager(deposition, run, form.reason, now)
        return confirmation_pages.show(preview, asked)
    name = run.deposition.manager_name
    flash(f"{name} manages the session now." if name else "Nobody manages the session now.")
    return returns.back(id)


@pages.post("/<int:id>/keep_clock_time")
@allow(*READERS)
def keep_clock_time(id: int) -> Response:
    """Leaves the time on the clock as it was written, after zone rules have changed."""
    return _keep(id, "keep_clock_time", actions.keep_clock_time)


@pages.post("/<int:id>/keep_moment")
@allow(*READERS)
def keep_moment(id: int) -> Response:
    """Leaves the moment as it is, after zone rules have changed."""
    return _keep(id, "keep_moment", actions.keep_moment)


class _Keep(Protocol):
    """Either verb."""

    def __call__(
        self, db: Db, deposition_id: int, *, by: Actor, now: datetime, reason: str, version: int | None
    ) -> Deposition: ...


def _keep(id: int, verb: str, act: _Keep) -> Response:
    """Acts once the user has seen what hour that is, and what everybody is sent."""
    deposition, form = actable(id), KeepHourForm()
    form.check()
    by, now, reason = me().actor(), clock.now(), form.reason.data or ""
    tried = reason or (ASKED if confirmation.only_shows() else "")
    run = confirmations.DryRun()
    _, preview = confirmation.confirm(
        run.by(lambda db, version: act(db, id, by=by, now=now, reason=tried, version=version), now),
        verb,
        id,
        run.findings,
    )
    if preview:
        return confirmation_pages.show(preview, confirmations.keeping_hour(deposition, run, verb, form.reason, now))
    flash(f"Decided: {presentation.hours(run.deposition)}.")
    return redirects.back(QUEUE, id)
