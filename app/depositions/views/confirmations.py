"""What the team confirms before it schedules, cancels, starts or ends, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from markupsafe import Markup
from wtforms import Field

from app.accounts.access import me
from app.depositions import emails, presentation
from app.depositions.events import SUBJECT
from app.depositions.models import Deposition
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.rules import flags
from app.depositions.views.list import QUEUE
from app.kernel.db.transaction import reading
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.outbox.outbox import QUEUED, SENT
from app.kernel.text import datetimes, normalization
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Belief, Confirmation, Flag

BACK = "Back to the request"
SYSTEM = "their system"


def scheduling(
    deposition: DepositionDetail, made: Deposition, overlaps: Sequence[BookedSession], reason: Field, now: datetime
) -> Confirmation:
    """Scheduling, as the dry run left the session: over an overlap only with a reason, which is typed here."""
    recipients = pluralize(len(emails.participants(deposition)), "person", "people")
    return Confirmation(
        title="Review and schedule",
        confirm=f"Schedule and notify {recipients}" if emails.participants(deposition) else "Schedule",
        back=_back(deposition),
        back_label=BACK,
        icon="calendar-check",
        subject=[*_subject(deposition), f"managed by {made.manager_name}", f"room {made.room_url}"],
        flags=[*(_overlap(other, now) for other in overlaps), *_flags(deposition, now)],
        field=reason if overlaps else None,
        note="The links lead to the room only once the session begins.",
        edit="schedule",
    )


def canceling(deposition: DepositionDetail, notify: bool, reason: Field, now: datetime) -> Confirmation:
    """Canceling, with or without notifying. When those who were informed are not told, the reason is typed here."""
    thing = "session" if deposition.booked_at else "request"
    people = pluralize(len(emails.participants(deposition)), "person", "people")
    left = beliefs(deposition, notify)
    silent = not notify and any(one.role != SYSTEM for one in left)
    links = "The links stop working." if deposition.booked_at else ""
    return Confirmation(
        title="Review and cancel" if notify or not left else "Review and cancel, telling nobody",
        confirm=f"Cancel the {thing} and notify {people}" if notify else f"Cancel the {thing}, notify no one",
        back=_back(deposition),
        back_label=f"Back, keep the {thing}",
        icon="calendar-x",
        tone="danger",
        subject=_subject(deposition),
        flags=[flag for flag in _flags(deposition, now) if flag.tone == "danger"],
        believed=f"{len(left)} will still believe that it takes place",
        beliefs=left,
        field=reason if silent else None,
        note=" ".join(filter(None, ("It cannot be undone.", links, _withdrawn(deposition)))),
        edit="cancel",
    )


def starting_early(deposition: DepositionDetail, now: datetime) -> Confirmation:
    """Starting long before the planned start."""
    early = datetimes.duration(deposition.starts_at - now)
    return Confirmation(
        title=f"The planned start is in {early}",
        confirm=f"Start it {early} early",
        back=_back(deposition),
        back_label=BACK,
        icon="play",
        subject=_subject(deposition),
        note="Once it is started, everybody with its link can enter the room, which can no longer be changed. "
        "It cannot be ended before the planned start, only canceled.",
    )


def ending(deposition: DepositionDetail) -> Confirmation:
    """Ending a session."""
    return Confirmation(
        title="Review and end",
        confirm="End the session",
        back=_back(deposition),
        back_label=BACK,
        icon="circle-stop",
        tone="danger",
        subject=_subject(deposition),
        note="The links no longer lead into the room, for anybody. An ended session is not started again.",
    )


def beliefs(deposition: DepositionDetail, notify: bool) -> list[Belief]:
    """Who goes on believing in a session that is canceled: people whose e-mail about it was sent, unless they are
    notified, and the system that learns of it by webhook, which hears of no cancellation."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    found = []
    for one in emails.participants(deposition) if not notify else ():
        ending = f" · {one.email}".casefold()
        latest = next((m for m in messages if m.channel == "email" and m.summary.casefold().endswith(ending)), None)
        if latest is None or latest.state != SENT:
            continue
        who = normalization.shown(one.name, one.email)
        role = "host" if one.host else "deponent" if one.email == deposition.deponent_email else "invited"
        keeps = f"an e-mail and a calendar entry, {presentation.hours(deposition)}"
        found.append(Belief(who, role, keeps, "they open their link, which says it"))
    if any(message.channel == "webhook" and message.state in (SENT, QUEUED) for message in messages):
        until = "it asks the API; no webhook is sent"
        found.append(Belief(deposition.organization_name, SYSTEM, "the state “scheduled”", until))
    return found


def _withdrawn(deposition: DepositionDetail) -> str:
    """What becomes of e-mails about the session that have not been sent yet."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    waiting = sum(message.channel == "email" and message.state == QUEUED for message in messages)
    if not waiting:
        return ""
    goes = "has" if waiting == 1 else "have"
    return f"{pluralize(waiting, 'e-mail')} about it {goes} not been sent yet, and will not be."


def _back(deposition: DepositionDetail) -> str:
    return url_for(".detail", id=deposition.id, **QUEUE.choose().args)


def _subject(deposition: DepositionDetail) -> list[str]:
    yours = datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone)
    lines = [presentation.hours(deposition), f"your time {yours}" if yours else "", presentation.name_of(deposition)]
    return [line for line in lines if line]


def _flags(deposition: DepositionDetail, now: datetime) -> list[Flag]:
    """The flags of a tone, the gravest first."""
    found = [(flag, *presentation.FLAGS[flag.key]) for flag in flags.flags_of(deposition, now)]
    return [Flag(flag.sentence, icon, tone) for flag, icon, tone in found if tone]


def _overlap(other: BookedSession, now: datetime) -> Flag:
    name = normalization.shown(other.deponent_name, other.case_name)
    text = Markup('Overlaps <a href="{}">{}, <bdi>{}</bdi></a>: {}.')
    url = url_for(".detail", id=other.id)
    return Flag(text.format(url, other.id, name, presentation.busy_hours(other, now)), "layers-2", "danger")
