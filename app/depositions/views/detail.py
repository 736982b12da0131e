"""The page of one deposition: facts, story, and what can be done."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import tagging
from app.dashboard.live import live_item, look
from app.dashboard.redirects import place_in_list
from app.depositions import api_examples, emails, presentation
from app.depositions.events import EVENTS, SUBJECT
from app.depositions.forms import OTHER, CancelForm, NoticeForm, RoomForm, ScheduleForm
from app.depositions.models import State
from app.depositions.queries import listing, managers
from app.depositions.rules import flags, transitions
from app.depositions.views.filters import READERS, args, filters, pages, visible
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading
from app.kernel.outbox.outbox import messages_about
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.htmx import respond
from app.kernel.web.live import Live


@pages.get("/<int:id>")
@allow(*READERS)
def detail(id: int) -> Response:
    """One deposition: facts, story, and what can be done."""
    live = live_item(SUBJECT, id, me().scope(DEPOSITIONS), clock.now(), every=2)
    return live.not_modified() if live.unchanged else page(visible(id), live)


def page(d: Row, live: Live | None = None, **typed: Any) -> Response:
    """The page of a deposition, live or the answer to a form. `typed` are forms that keep what was typed, by verb."""
    now, f = clock.now(), filters()
    odd = flags.flags_of(d, now)
    denied = me().why_not(DEPOSITIONS, d.organization_id)
    asked = QUEUE.ask(now)
    near = asked.listing.near(db(), d.id)
    told = emails.participants(d)
    return respond(
        "depositions/detail.html",
        d=d,
        live=live,
        presence=look(DEPOSITIONS, SUBJECT, d.id, d.organization_id, now) if live else [],
        args=args(f),
        tab=listing.VIEWS[f.view],
        near=near,
        place=place_in_list(asked.listing, db(), near),
        tagged=tagging.shown(QUEUE, db(), d),
        state=presentation.STATES[State(d.state)],
        odd=[(oddity, presentation.badge(oddity)) for oddity in odd],
        hours=presentation.hours(d),
        yours=datetimes.viewer_time(d.starts_at, d.zone, me().time_zone),
        length=presentation.length(d),
        relative=datetimes.relative(d.starts_at, now) if d.state not in (State.ENDED, State.CANCELED) else "",
        day=presentation.day(d, me().time_zone, odd),
        story=EVENTS.timeline(events.timeline(db(), SUBJECT, d.id)),
        deliveries=messages_about(db(), SUBJECT, d.id),
        denied=denied,
        now=now,
        told=told,
        tell=pluralize(len(told), "person", "people"),
        reasons=_reasons(d, denied),
        schedule=typed.get("schedule") or schedule_form(d),
        room=RoomForm(formdata=None, version=d.version, room_url=d.room_url),
        cancel=typed.get("cancel") or CancelForm(formdata=None, version=d.version, tell=True),
        notice=NoticeForm(formdata=None, version=d.version, notice=d.notice),
        canceling="cancel" in typed,
        twins=api_examples.of(d),
        no_twin=api_examples.NONE,
    )


def _reasons(d: Any, denied: str | None) -> dict[str, str | None]:
    """Why each button cannot be pressed, in the rules' own words; None where it can."""
    reasons = {
        "schedule": transitions.why_not_schedule(d.state),
        "cancel": transitions.why_not_cancel(d.state),
        "start": transitions.why_not_start(d.state, d.room_url is not None),
        "end": transitions.why_not_end(d.state),
        "change_room": transitions.why_not_change_room(d.state),
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
    return "overlaps " + ", ".join(presentation.hours_only(row) for row in found[:2]) + (" …" if len(found) > 2 else "")
