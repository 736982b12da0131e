"""The desk's pages: the queue, one deposition, and what the team does with it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy import Row

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS, Role
from app.depositions import display, emails
from app.depositions.actions import canceling, running, scheduling
from app.depositions.actions.moving import SUBJECT, T
from app.depositions.forms import OTHER, CancelForm, MoveForm, NoticeForm, RoomForm, ScheduleForm
from app.depositions.models import State
from app.depositions.queries import managers, queue, requests
from app.depositions.rules import moves, oddities
from app.kernel import clock, events, times
from app.kernel.errors import Invalid
from app.kernel.htmx import respond, see_other
from app.kernel.outbox import deliveries_of
from app.kernel.transaction import db, reading
from app.kernel.words import number_of

pages = Blueprint("depositions", __name__, url_prefix="/depositions")
READERS = (Role.SCHEDULER, Role.ADMIN, Role.AUDITOR)
LONGEST_QUERY = 200

TITLES = {
    queue.NEEDS: "Requests that need scheduling",
    queue.STARTING: "Requests that start within 24 hours",
    queue.CANCELLATION: "Sessions to be canceled",
    queue.SCHEDULED: "Scheduled sessions",
    queue.EVERYTHING: "All requests and sessions",
}


@pages.get("", endpoint="list")
@allow(*READERS)
def list_depositions() -> Response:
    """The queue: tabs, filters, urgency groups, one page at a time."""
    now, f, viewer = clock.now(), _filters(), me()
    after = request.args.get("after")
    found = queue.page(db(), f, now, after)
    keys = {key for key, _ in found.rows}
    sizes = queue.group_counts(db(), f, now, keys)
    counts = queue.view_counts(db(), f, now)
    shown = [
        (display.GROUPS[key], sizes[key], [display.row(d, key, viewer, now) for group, d in found.rows if group == key])
        for key in dict.fromkeys(group for group, _ in found.rows)
    ]
    total = queue.total(db(), f, now) if f.filtered else counts[f.view]
    return respond(
        "depositions/list.html",
        "depositions/_queue.html",
        title=TITLES[f.view],
        f=f,
        args=_args(f),
        stretches=shown,
        shown=len(found.rows),
        first=found.first,
        total=total,
        counts=counts,
        tabs=_tabs(f, counts),
        organizations=queue.organizations(db(), f.reach),
        states=[(state.value, display.STATES[state].word) for state in queue.STATES_OF[f.view]],
        most=queue.MOST_COUNTED,
        next_url=url_for(".list", **_args(f), after=found.next_cursor) if found.next_cursor else "",
        why_not=me().why_not(DEPOSITIONS),
    )


def _filters() -> queue.Filters:
    """The list that the address asks for. Raises Invalid for a filter that cannot be read."""
    view, state = request.args.get("view", queue.NEEDS), request.args.get("state") or None
    if view not in queue.VIEWS:
        raise Invalid("There is no such list. Choose one of the tabs.", code="filter.view")
    if state is not None and state not in {known.value for known in State}:
        raise Invalid("There is no such state. Choose one from the filter.", code="filter.state")
    scope = me().scope(DEPOSITIONS)
    return queue.Filters(
        view=view,
        state=state if state in queue.STATES_OF[view] else None,
        organization_id=_number(request.args.get("organization")),
        first=_day(request.args.get("from")),
        last=_day(request.args.get("to")),
        q="".join(c for c in request.args.get("q", "")[:LONGEST_QUERY] if c.isprintable()).strip(),
        reach=None if scope.everything else scope.organization_ids,
        zone=me().time_zone,
    )


def _number(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid("There is no such organization. Choose one from the filter.", code="filter.organization")
    return int(text)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2199:
        raise Invalid("Write the day as YYYY-MM-DD, for example 2026-11-24.", code="filter.day")
    return day


def _args(f: queue.Filters) -> dict[str, Any]:
    """The address of a list, without what goes without saying."""
    args: dict[str, Any] = {
        "view": f.view if f.view != queue.NEEDS else None,
        "state": f.state,
        "organization": f.organization_id,
        "from": f.first.isoformat() if f.first else None,
        "to": f.last.isoformat() if f.last else None,
        "q": f.q or None,
    }
    return {name: value for name, value in args.items() if value is not None}


def _tabs(f: queue.Filters, counts: dict[str, int]) -> list[dict[str, Any]]:
    urgent = (queue.STARTING, queue.CANCELLATION)
    return [
        {
            "label": label,
            "url": url_for(".list", view=view if view != queue.NEEDS else None),
            "count": counts[view],
            "tone": "danger" if view in urgent and counts[view] else "",
            "current": view == f.view,
        }
        for view, label in queue.VIEWS.items()
    ]


@pages.get("/<int:id>")
@allow(*READERS)
def detail(id: int) -> Response:
    """One deposition: facts, story, and what can be done."""
    now, f = clock.now(), _filters()
    d = _visible(id)
    odd = oddities.of(d, now)
    denied = me().why_not(DEPOSITIONS, d.organization_id)
    near = queue.neighbours(db(), f, d.id, now)
    told = emails.participants(d)
    return respond(
        "depositions/detail.html",
        d=d,
        args=_args(f),
        tab=queue.VIEWS[f.view],
        near=near,
        state=display.STATES[State(d.state)],
        odd=[(oddity, display.badge(oddity)) for oddity in odd],
        hours=display.hours(d),
        yours=times.yours(d.starts_at, d.zone, me().time_zone),
        length=display.length(d),
        relative=times.relative(d.starts_at, now) if d.state not in (State.ENDED, State.CANCELED) else "",
        day=display.day(d, me().time_zone, odd),
        story=display.story(events.story(db(), SUBJECT, d.id), deliveries_of(db(), SUBJECT, d.id)),
        told=told,
        tell=number_of(len(told), "person", "people"),
        reasons=_reasons(d, denied),
        schedule=_schedule_form(d),
        room=RoomForm(formdata=None, version=d.version, room_url=d.room_url),
        cancel=CancelForm(formdata=None, version=d.version, tell=True),
        notice=NoticeForm(formdata=None, version=d.version, notice=d.notice),
        base_url=request.host_url.rstrip("/"),
    )


def _visible(id: int) -> Row:
    return requests.get(reading(), id, me().scope(DEPOSITIONS).where(T.organization_id))


def _reasons(d: Any, denied: str | None) -> dict[str, str | None]:
    """Why each button cannot be pressed, in the rules' own words; None where it can."""
    reasons = {
        "schedule": moves.why_not_schedule(d.state),
        "cancel": moves.why_not_cancel(d.state),
        "start": moves.why_not_start(d.state, d.room_url is not None),
        "end": moves.why_not_end(d.state),
        "change_room": moves.why_not_change_room(d.state),
        "write_notice": None,
        "assign": None,
    }
    return {verb: denied or reason for verb, reason in reasons.items()}


def _schedule_form(d: Any, typed: bool = False) -> ScheduleForm:
    """The form with everybody who can manage, each with whether they are free; the wished for one chosen."""
    people = managers.managers(reading())
    wished = d.details.get("preferred_manager", "")
    chosen = next((str(one.id) for one in people if one.name.casefold() == wished.casefold()), None)
    defaults = {
        "version": d.version,
        "provider": d.details.get("video_provider", ""),
        "manager": chosen or (OTHER if wished or not people else str(people[0].id)),
        "manager_name": "" if chosen else wished,
    }
    form = ScheduleForm() if typed else ScheduleForm(formdata=None, data=defaults)
    form.manager.choices = [(str(one.id), f"{one.name}, {_standing(d, one)}") for one in people]
    form.manager.choices.append((OTHER, f"{wished}, as they wished" if wished and not chosen else "Somebody else"))
    return form


def _standing(d: Any, manager: managers.Manager) -> str:
    found = managers.overlaps(reading(), manager.email, d.starts_at, d.ends_at, besides=d.id)
    if not found:
        return "free"
    return "overlaps " + ", ".join(display.hours_only(row) for row in found[:2]) + (" …" if len(found) > 2 else "")


@pages.post("/<int:id>/schedule")
@allow(*READERS)
def schedule(id: int) -> Response:
    """Books the session and tells everybody."""
    d = _actable(id)
    form = _schedule_form(d, typed=True)
    form.check()
    person = next((one for one in managers.managers(reading()) if str(one.id) == form.manager.data), None)
    booking = scheduling.Booking(
        manager_name=person.name if person else form.manager_name.data,
        manager_email=person.email if person else form.manager_email.data,
        room_url=form.room_url.data,
        provider=form.provider.data or "",
        reason=form.reason.data or "",
    )
    scheduling.schedule(db(), d.id, booking, by=me().actor(), now=clock.now(), version=form.seen_version)
    told = len(emails.participants(d))
    flash(f"Scheduled. {number_of(told, 'person', 'people')} will be told by e-mail." if told else "Scheduled.")
    return _back(d)


@pages.post("/<int:id>/cancel")
@allow(*READERS)
def cancel(id: int) -> Response:
    """Takes the session back, with or without telling everybody."""
    d, form = _actable(id), CancelForm()
    form.check()
    tell = bool(form.tell.data)
    canceling.cancel(db(), d.id, by=me().actor(), now=clock.now(), tell=tell, version=form.seen_version)
    flash("Canceled. Everybody invited will be told by e-mail." if tell else "Canceled. Nobody was told by e-mail.")
    return _back(d)


@pages.post("/<int:id>/write_notice")
@allow(*READERS)
def write_notice(id: int) -> Response:
    """Writes the note the organization reads."""
    d, form = _actable(id), NoticeForm()
    form.check()
    scheduling.write_notice(
        db(), d.id, form.notice.data or "", by=me().actor(), now=clock.now(), version=form.seen_version
    )
    flash("Saved. The organization reads it through the API." if form.notice.data else "Taken back.")
    return _back(d)


@pages.post("/<int:id>/change_room")
@allow(*READERS)
def change_room(id: int) -> Response:
    """Gives the session another room."""
    d, form = _actable(id), RoomForm()
    form.check()
    scheduling.change_room(db(), d.id, form.room_url.data, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Saved. The links that were mailed lead to this room once the session begins.")
    return _back(d)


@pages.post("/<int:id>/assign")
@allow(*READERS)
def assign(id: int) -> Response:
    """The one who presses takes it. From the list one stays in the list."""
    d = _press(id, lambda d, facts: scheduling.assign(db(), d.id, person_id=me().id, **facts))
    flash(f"It is yours: {d.deponent_name or d.title}.")
    return see_other(url_for(".list", **_args(_filters()))) if "in_list" in request.form else _back(d)


@pages.post("/<int:id>/start")
@allow(*READERS)
def start(id: int) -> Response:
    """Opens the room."""
    d = _press(id, lambda d, facts: running.start(db(), d.id, **facts))
    flash("Started. The links that were mailed lead into the room now.")
    return _back(d)


@pages.post("/<int:id>/end")
@allow(*READERS)
def end(id: int) -> Response:
    """Closes the room."""
    d = _press(id, lambda d, facts: running.end(db(), d.id, **facts))
    flash("Ended. The links no longer lead into the room.")
    return _back(d)


def _press(id: int, act: Callable[[Row, dict[str, Any]], Any]) -> Row:
    """A form of one button: who may, which version, and then the act."""
    d, form = _actable(id), MoveForm()
    form.check()
    act(d, {"by": me().actor(), "now": clock.now(), "version": form.seen_version})
    return d


def _actable(id: int) -> Row:
    """The deposition, for somebody who may change it. Raises NotFound, Denied."""
    d = _visible(id)
    me().check(DEPOSITIONS, d.organization_id)
    return d


def _back(d: Row) -> Response:
    return see_other(url_for(".detail", id=d.id, **_args(_filters())))
