"""The page of one deposition: facts, story, and what can be done."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.depositions import display, emails, twins
from app.depositions.actions.moving import SUBJECT
from app.depositions.forms import OTHER, CancelForm, NoticeForm, RoomForm, ScheduleForm
from app.depositions.models import State
from app.depositions.queries import managers, queue
from app.depositions.rules import moves, oddities
from app.depositions.views.queue import ROOM
from app.depositions.views.shared import READERS, args, filters, pages, visible
from app.desk import tagging
from app.desk.live import live_item, look
from app.desk.returning import place_in_list
from app.kernel import clock, events, times
from app.kernel.htmx import respond
from app.kernel.live import Live
from app.kernel.outbox import deliveries_of
from app.kernel.transaction import db, reading
from app.kernel.words import number_of


@pages.get("/<int:id>")
@allow(*READERS)
def detail(id: int) -> Response:
    """One deposition: facts, story, and what can be done."""
    live = live_item(SUBJECT, id, me().scope(DEPOSITIONS), clock.now(), every=2)
    return live.not_modified() if live.unchanged else page(visible(id), live)


def page(d: Row, live: Live | None = None, **typed: Any) -> Response:
    """The page of a deposition, live or the answer to a form. `typed` are forms that keep what was typed, by verb."""
    now, f = clock.now(), filters()
    odd = oddities.of(d, now)
    denied = me().why_not(DEPOSITIONS, d.organization_id)
    asked = ROOM.ask(now)
    near = asked.listing.near(db(), d.id)
    told = emails.participants(d)
    return respond(
        "depositions/detail.html",
        d=d,
        live=live,
        presence=look(DEPOSITIONS, SUBJECT, d.id, d.organization_id, now) if live else [],
        args=args(f),
        tab=queue.VIEWS[f.view],
        near=near,
        place=place_in_list(asked.listing, db(), near),
        tagged=tagging.shown(ROOM, db(), d),
        state=display.STATES[State(d.state)],
        odd=[(oddity, display.badge(oddity)) for oddity in odd],
        hours=display.hours(d),
        yours=times.yours(d.starts_at, d.zone, me().time_zone),
        length=display.length(d),
        relative=times.relative(d.starts_at, now) if d.state not in (State.ENDED, State.CANCELED) else "",
        day=display.day(d, me().time_zone, odd),
        story=display.story(events.story(db(), SUBJECT, d.id)),
        deliveries=deliveries_of(db(), SUBJECT, d.id),
        denied=denied,
        now=now,
        told=told,
        tell=number_of(len(told), "person", "people"),
        reasons=_reasons(d, denied),
        schedule=typed.get("schedule") or schedule_form(d),
        room=RoomForm(formdata=None, version=d.version, room_url=d.room_url),
        cancel=typed.get("cancel") or CancelForm(formdata=None, version=d.version, tell=True),
        notice=NoticeForm(formdata=None, version=d.version, notice=d.notice),
        canceling="cancel" in typed,
        twins=twins.of(d),
        no_twin=twins.NONE,
    )


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


def schedule_form(d: Any, typed: bool = False) -> ScheduleForm:
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
    busy = managers.overlaps_of(reading(), [one.email for one in people], d.starts_at, d.ends_at, besides=d.id)
    form.manager.choices = [(str(one.id), f"{one.name}, {_standing(busy.get(one.email))}") for one in people]
    form.manager.choices.append((OTHER, f"{wished}, as they wished" if wished and not chosen else "Somebody else"))
    return form


def _standing(found: Sequence[Any] | None) -> str:
    if not found:
        return "free"
    return "overlaps " + ", ".join(display.hours_only(row) for row in found[:2]) + (" …" if len(found) > 2 else "")
