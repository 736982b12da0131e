"""What the confirmations of the desk share: the way back, what it is done to, and its flags."""

from datetime import datetime
from typing import Protocol

from flask import url_for
from markupsafe import Markup

from app.accounts.access import me
from app.depositions import presentation
from app.depositions.models import Deposition
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.rules import flags
from app.depositions.views.list import QUEUE
from app.kernel.text import datetimes, normalization
from app.kernel.web.confirmation_pages import Flag

BACK = "Back to the request"


def back_to(deposition: DepositionDetail) -> str:
    return url_for(".detail", id=deposition.id, **QUEUE.choose().args)


class Subject(Protocol):
    """Anything that has a deposition's time, and what it is called by."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def zone(self) -> str: ...
    @property
    def deponent_name(self) -> str | None: ...
    @property
    def title(self) -> str: ...


def subject_of(deposition: Subject) -> list[str]:
    yours = datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone)
    lines = [presentation.hours(deposition), f"your time {yours}" if yours else "", presentation.name_of(deposition)]
    return [line for line in lines if line]


def changes_of(before: Deposition, after: Deposition) -> list[str]:
    """The manager and the room, where an act changes them."""
    manager, room = "", ""
    if before.manager_id != after.manager_id:
        manager = f"managed by {after.manager_name or 'nobody'} instead of {before.manager_name or 'nobody'}"
    if before.room_url != after.room_url:
        room = f"room {after.room_url}"
    return [line for line in (manager, room) if line]


def flags_on(deposition: flags.Flagged, now: datetime) -> list[Flag]:
    """The flags of a tone, the gravest first."""
    found = [(flag, *presentation.FLAGS[flag.key]) for flag in flags.flags_of(deposition, now)]
    return [Flag(flag.sentence, icon, tone) for flag, icon, tone in found if tone]


def overlap_flag(other: BookedSession, now: datetime) -> Flag:
    name = normalization.shown(other.deponent_name, other.case_name)
    text = Markup('Overlaps <a href="{}">{}, <bdi>{}</bdi></a>: {}.')
    url = url_for(".detail", id=other.id)
    return Flag(text.format(url, other.id, name, presentation.busy_hours(other, now)), "layers-2", "danger")
