"""Choosing who manages a session on a page of its own: where the board leads to, by key or by link."""

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.depositions import presentation
from app.depositions.models import State
from app.depositions.queries import managers
from app.depositions.queries.related import related, same_case
from app.depositions.rules import transitions
from app.depositions.views import returns
from app.depositions.views.choices import manager_choices, manager_form, schedule_form
from app.depositions.views.filters import READERS, pages, visible
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes
from app.kernel.web.htmx import respond


@pages.get("/<int:id>/manager")
@allow(*READERS)
def choose_manager(id: int) -> Response:
    """The managers to choose from, free people first, as a page, or as a dialog over the board; what is chosen is
    booked or changed by the usual verbs."""
    deposition = visible(id)
    waits = deposition.state == State.INITIAL
    denied = me().why_not(DEPOSITIONS, deposition.organization_id)
    reason = denied or (None if waits else transitions.why_not_change_manager(deposition.state))
    team = [] if reason else managers.managers(reading())
    others = [one for one in team if one.id != deposition.manager_id]
    sessions = managers.booked(reading(), [one.id for one in others], deposition.starts_at, deposition.ends_at)
    away = managers.away(reading(), others, deposition.starts_at, deposition.ends_at)
    of_the_case = {one.manager_id for one in related(reading(), deposition) if same_case(one, deposition)}
    choices = manager_choices(others, sessions, away, deposition, of_the_case)
    on = request.args.get("on", "")
    make = schedule_form if waits else manager_form
    return respond(
        "depositions/choose-manager.html",
        "depositions/_choose-manager.html",
        "preview",
        deposition=deposition,
        name=presentation.name_of(deposition),
        hours=presentation.hours(deposition),
        yours=datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone),
        reason=reason,
        waits=waits,
        form=make(deposition, team, choices, posted=False),
        choices=choices,
        nobody=bool(deposition.manager_id) and not waits,
        on=on if returns.url_of(on, id) else "",
        back=returns.url_of(on, id) or url_for(".detail", id=id),
    )
