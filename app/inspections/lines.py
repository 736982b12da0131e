"""Inspections in the words and shapes of the queue: one line of it, and what a line says that has left."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup

from app.accounts.rules import LOCALES
from app.dashboard.queue import Label
from app.inspections import rules
from app.inspections.models import Status
from app.inspections.presentation import ANCHORING_BADGES, STATUS_BADGES, Progress
from app.kernel.text import datetimes

GROUPS = {
    "waiting": Label("Waiting for you", "door-open", "danger"),
    "live": Label("Live", "radio", "good"),
    "today": Label("Later today", "sun"),
    "upcoming": Label("Upcoming", "calendar"),
    "unanchored": Label("Ended, not anchored", "hourglass", "warn"),
    "ended": Label("Ended", "circle-stop"),
    "expired": Label("Expired, nobody came", "hourglass"),
    "all": Label("Everything, newest first", "list"),
    "days": Label("In these days, latest first", "calendar"),
    "found": Label("Found", "search"),
}

_OVER = (Status.CLOSED, Status.EXPIRED)


class Line(NamedTuple):
    """One line of the queue, ready to print. `clock` is what presses, with its tone; `small` and `badge` under it."""

    id: UUID
    version: int
    name: str
    notes: str
    organization: str
    when: Markup
    progress: Progress
    tags: tuple[str, ...]
    language: str
    locale: str
    person: str
    mine: bool
    takeable: bool
    clock: str | Markup
    tone: str = ""
    small: str | Markup = ""
    badge: Label | None = None


@lru_cache(maxsize=8192)
def _when(instant: datetime, zone: str, viewer_zone: str, hour: datetime) -> Markup:
    """Remembered by value, within the `hour`: which year it is decides how a day is written."""
    return datetimes.when(instant, zone, viewer_zone, hour)


def name_of(row: Any) -> str:
    """How a row is called: whom the newest invite is for, else its notes."""
    return row.guest or _short(row.notes, 90) or "Nobody invited yet"


def _short(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + "…"


def line(
    row: Any, progress: Progress, worn: tuple[str, ...], viewer: Any, now: datetime, several: bool = False
) -> Line:
    """A line of the queue for `viewer` (who has `id` and `time_zone`); `worn` are its tags.

    `several`: the viewer sees more than one organization, so each line names its own.
    """
    status = rules.status_of(row, now)
    over = status in _OVER
    hour = now.replace(minute=0, second=0, microsecond=0)
    clock, tone, small, badge = _clock(row, status, viewer.time_zone, now)
    return Line(
        id=row.id,
        version=row.version,
        name=name_of(row),
        notes=_short(row.notes, 90) if row.guest else "",
        organization=row.organization_name if several else "",
        when=_when(row.scheduled_for or row.created_at, row.zone, viewer.time_zone, hour),
        progress=progress,
        tags=worn,
        language=LOCALES.get(row.locale, row.locale),
        locale=row.locale,
        person=row.assignee_name or (row.operator_name if over else ""),
        mine=not over and row.assignee_id == viewer.id,
        takeable=not over and row.assignee_id is None,
        clock=clock,
        tone=tone,
        small=small,
        badge=badge,
    )


Clock = tuple[str | Markup, str, str | Markup, Label | None]


def _clock(row: Any, status: str, zone: str, now: datetime) -> Clock:
    """The last column: what presses, its tone, and what stands under it."""
    if status == Status.OPEN and row.attended_at is None:
        waits = f"waits {datetimes.duration(now - row.started_at)}"
        return waits, "danger", Markup("arrived {}").format(datetimes.stamp(row.started_at, zone, now)), None
    if status in (Status.OPEN, Status.RECORDING):
        return datetimes.duration(now - row.started_at), "", "", Label(*STATUS_BADGES[status])
    if status == Status.CLOSED:
        return datetimes.relative(row.ended_at, now), "", "", Label(*ANCHORING_BADGES[row.anchoring])
    if status == Status.EXPIRED:
        return datetimes.relative(row.expires_at, now), "", "expired", None
    begins = row.scheduled_for or row.created_at
    if begins > now:
        return datetimes.countdown(begins, now), "", "", None
    until = Markup("until {}").format(datetimes.stamp(row.expires_at, zone, now))
    return f"since {datetimes.duration(now - begins)}", "", until, None


def state_of(row: Any, now: datetime) -> str:
    """The state in words, for a copy of the list."""
    return STATUS_BADGES[rules.status_of(row, now)][0]


RECORD = (
    "Session id",
    "State",
    "When",
    "When, where it is",
    "Invited",
    "Notes",
    "Language",
    "Campaign",
    "Organization",
    "Made by",
    "With",
    "Started",
    "Ended",
    "Time stamp",
    "Expires",
    "Created",
    "Created, your time",
)
"""The head of a copy."""


def record(row: Any, viewer: Any, now: datetime) -> Sequence[Any]:
    """A row of a copy, in the order of RECORD."""
    when = row.scheduled_for or row.created_at
    return (
        row.id,
        state_of(row, now),
        when,
        datetimes.moment(when, row.zone),
        row.guest,
        row.notes,
        LOCALES.get(row.locale, row.locale),
        row.campaign_name,
        row.organization_name,
        row.operator_email,
        row.assignee_name,
        row.started_at,
        row.ended_at,
        ANCHORING_BADGES[row.anchoring][0] if row.ended_at else None,
        row.expires_at if row.started_at is None else None,
        row.created_at,
        datetimes.moment(row.created_at, viewer.time_zone),
    )
