"""A row of the list, as the live board shows it."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from markupsafe import Markup

from app.accounts.rules import LOCALES
from app.dashboard.queue import Label
from app.inspections import rules
from app.inspections.models import Status
from app.inspections.presentation.labels import ANCHORING, BROKEN, STATES
from app.inspections.presentation.progress import Progress
from app.inspections.queries.listing import ListedInspection
from app.kernel.text import datetimes, normalization

_OVER = (Status.CLOSED, Status.EXPIRED)


class Viewer(Protocol):
    """The signed-in user."""

    @property
    def id(self) -> int: ...
    @property
    def time_zone(self) -> str: ...


class ShownRow(NamedTuple):
    """A row of the list, ready to print. `clock` is its most urgent time; `small` and `badge` stand under it."""

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
    """Cached by value, within the `hour`: the current year decides how a day is written."""
    return datetimes.when(instant, zone, viewer_zone, hour)


def name_of(row: ListedInspection) -> str:
    """The name of a row: the recipient of the newest invite, else its notes."""
    return guest_of(row) or normalization.shown(_short(row.notes, 90), "Nobody invited yet")


def guest_of(row: ListedInspection) -> str:
    """Whom the newest invite is for: the name, else the address; empty without an invite."""
    return normalization.shown(*(row.guest or "").split("\n"))


def _short(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + "…"


def shown_row(
    row: ListedInspection,
    progress: Progress,
    tags: tuple[str, ...],
    viewer: Viewer,
    now: datetime,
    name_organization: bool = False,
) -> ShownRow:
    """A row of the list for `viewer`. It names its organization when the viewer sees several."""
    status = rules.status_of(row, now)
    over = status in _OVER
    hour = now.replace(minute=0, second=0, microsecond=0)
    clock, tone, small, badge = _clock(row, status, viewer.time_zone, now)
    badge = BROKEN if row.broken_at is not None else badge
    return ShownRow(
        id=row.id,
        version=row.version,
        name=name_of(row),
        notes=_short(row.notes, 90) if guest_of(row) else "",
        organization=row.organization_name if name_organization else "",
        when=_when(row.scheduled_for or row.created_at, row.zone, viewer.time_zone, hour),
        progress=progress,
        tags=tags,
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


def _clock(row: ListedInspection, status: str, zone: str, now: datetime) -> Clock:
    """The last column: the most urgent time, its tone, and what stands under it."""
    if status == Status.OPEN and row.attended_at is None and row.started_at:
        waits = f"waits {datetimes.duration(now - row.started_at)}"
        return waits, "danger", Markup("arrived {}").format(datetimes.stamp(row.started_at, zone, now)), None
    if status in (Status.OPEN, Status.RECORDING) and row.started_at:
        return datetimes.duration(now - row.started_at), "", "", STATES[status]
    if status == Status.CLOSED and row.ended_at:
        return datetimes.relative(row.ended_at, now), "", "", ANCHORING[row.anchoring]
    if status == Status.EXPIRED:
        return datetimes.relative(row.expires_at, now), "", "expired", None
    begins = row.scheduled_for or row.created_at
    if begins > now:
        return datetimes.countdown(begins, now), "", "", None
    until = Markup("until {}").format(datetimes.stamp(row.expires_at, zone, now))
    return f"since {datetimes.duration(now - begins)}", "", until, None


def state_of(row: ListedInspection, now: datetime) -> str:
    """The label of the state, for the CSV."""
    return STATES[rules.status_of(row, now)].word
