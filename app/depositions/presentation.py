"""Labels of the desk, and depositions as its pages show them: rows of the list, and the day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.dashboard.queue import Label
from app.depositions.models import BOOKED, Deposition, State
from app.depositions.rules import flags, transitions
from app.kernel.text import datetimes

STATES = {
    State.INITIAL: Label("Requested", "circle-dashed"),
    State.SCHEDULED: Label("Scheduled", "calendar-check", "good"),
    State.READY: Label("Booked through Self-Service", "calendar-check", "good"),
    State.ACTIVE: Label("Live", "radio", "good"),
    State.ENDED: Label("Ended", "circle-stop"),
    State.CANCELED: Label("Canceled", "ban"),
}

GROUPS = {
    "soon": Label("Starts within 24 hours", "alarm-clock", "danger"),
    "waiting": Label("Waiting over 24 hours", "hourglass", "warn"),
    "fresh": Label("Came in within 24 hours", "sun"),
    "active": Label("Live now", "radio", "good"),
    "scheduled_soon": Label("Scheduled, starts within 24 hours", "alarm-clock"),
    "scheduled_later": Label("Scheduled, later", "calendar"),
    "scheduled_passed": Label("Scheduled, date has passed, never started", "history", "warn"),
    "ready_soon": Label("Booked through Self-Service, starts within 24 hours", "alarm-clock"),
    "ready_later": Label("Booked through Self-Service, later", "calendar"),
    "ready_passed": Label("Booked through Self-Service, date has passed, never started", "history", "warn"),
    "ended": Label("Ended", "circle-stop"),
    "canceled": Label("Canceled", "ban"),
    "cancellation": Label("Cancellation requested", "message-square-x", "danger"),
    "found": Label("Found", "search"),
    **{f"{state}_days": Label(STATES[state].word, STATES[state].icon) for state in State},
}

FLAGS = {
    "cancellation": ("message-square-x", "danger"),
    "passed": ("history", "danger"),
    "hour": ("moon", "warn"),
    "holiday": ("calendar-x", "warn"),
    "weekend": ("calendar-x", "warn"),
    "ambiguous": ("clock", "warn"),
    "interpreter": ("languages", ""),
    "webhook": ("webhook", ""),
}


class Badge(NamedTuple):
    """`ground`: whether it is odd enough for a ground of its own."""

    word: str
    icon: str
    tone: str = ""
    ground: bool = False


class QueueRow(NamedTuple):
    """One line of the queue, ready to print. `look` is what stays the same from poll to poll: when, day, badges."""

    id: int
    version: int
    name: str
    role: str
    case: str
    organization: str
    look: "Look"
    state: Badge | None
    tags: tuple[str, ...]
    person: str
    mine: bool
    takeable: bool
    clock: str
    clock_tone: str
    clock_small: str
    managed: bool
    """Whether `person` is the manager of the session, not the assignee of the request."""


class Look(NamedTuple):
    """When it is, in words, as a ruler of its day, and its flags."""

    when: Markup
    ruler: tuple[int, int, str]
    badges: tuple[Badge, ...]


class _Facts(NamedTuple):
    """What a look is made of, for looking it up by value."""

    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    cancellation_open: bool
    postback_url: bool
    interpreter: str | None

    @property
    def details(self) -> dict[str, str]:
        return {"interpreter": self.interpreter} if self.interpreter else {}


@lru_cache(maxsize=8192)
def _look(facts: _Facts, viewer_zone: str, hour: datetime, passed: bool) -> Look:
    """Remembered by value, within the `hour`: which year it is decides how a day is written."""
    found = flags.flags_of(facts, facts.starts_at + timedelta(microseconds=1 if passed else 0))
    tone = "warn" if any(flag.key == "hour" for flag in found) else ""
    return Look(
        datetimes.when(facts.starts_at, facts.zone, viewer_zone, hour, length(facts)),
        (datetimes.minutes_of_day(facts.starts_at, facts.zone), minutes(facts), tone),
        tuple(badge(flag) for flag in found),
    )


_STATE_BADGES = {state.value: Badge(word.word, word.icon, word.tone) for state, word in STATES.items()}
_MIXED = frozenset(("found", "sorted", "cancellation", ""))
"""Groups whose rows are of several states."""


def row(d: Any, group: str, worn: tuple[str, ...], viewer: Any, now: datetime) -> QueueRow:
    """A line of the queue for `viewer` (who has `id` and `time_zone`); `worn` are its tags."""
    starts_at = d.starts_at
    facts = _Facts(
        d.state,
        starts_at,
        d.ends_at,
        d.zone,
        d.ambiguous,
        d.cancellation_open,
        bool(d.postback_url),
        d.details.get("interpreter"),
    )
    look = _look(facts, viewer.time_zone, now.replace(minute=0, second=0, microsecond=0), starts_at < now)
    booked = d.state not in (State.INITIAL, State.CANCELED)
    person = (d.manager_name if booked else d.assignee_name) or ""
    name = d.deponent_name
    first, tone, small = _clock(d, group, now)
    return QueueRow(
        d.id,
        d.version,
        name or d.title,
        (d.deponent_role or "deponent") if name else "",
        d.case_name,
        d.organization_name,
        look,
        _STATE_BADGES[d.state] if group in _MIXED else None,
        worn,
        person,
        not booked and d.assignee_id == viewer.id,
        d.state == State.INITIAL and not person,
        first,
        tone,
        small,
        booked,
    )


def badge(flag: flags.Flag) -> Badge:
    icon, tone = FLAGS[flag.key]
    return Badge(flag.label, icon, tone, ground=flag.key != "webhook")


def _clock(d: Any, group: str, now: datetime) -> tuple[str, str, str]:
    """The last column: what presses, its tone, and the other time under it."""
    starts = datetimes.relative(d.starts_at, now)
    if d.state == State.INITIAL:
        requested = datetimes.relative(d.created_at, now)
        if d.starts_at < now:
            return requested, "", ""
        if group == "soon":
            return starts, "danger" if d.starts_at - now < timedelta(hours=6) else "", f"requested {requested}"
        return datetimes.duration(_rounded(now - d.created_at)), "", f"starts {starts}"
    if d.cancellation_open and d.cancellation_requested_at:
        return starts, "", f"requested {datetimes.relative(d.cancellation_requested_at, now)}"
    return (starts, "", "") if d.state in (*BOOKED, State.ACTIVE) else ("", "", "")


def _rounded(waited: timedelta) -> timedelta:
    return timedelta(days=waited.days, hours=waited.seconds // 3600) if waited >= timedelta(days=1) else waited


class Named(Protocol):
    """Anything that has what a deposition is called by."""

    @property
    def deponent_name(self) -> str | None: ...
    @property
    def title(self) -> str: ...


def name_of(row: Named) -> str:
    """What a deposition is called in a sentence: the deponent, or the title of a session without one."""
    return row.deponent_name or row.title


class Timed(Protocol):
    """Anything that has a session's time and zone."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def zone(self) -> str: ...


def minutes(session: Timed) -> int:
    """How many minutes the session takes; an hour when the duration is not known."""
    span = transitions.busy(session.starts_at, session.ends_at)
    return int((span.ends_at - span.starts_at) / timedelta(minutes=1))


def length(session: Timed) -> str:
    """`1 h 15 min`; empty when the duration is not known."""
    return datetimes.duration(session.ends_at - session.starts_at) if session.ends_at > session.starts_at else ""


class Day(NamedTuple):
    """The labelled ruler of a session's day."""

    start: int
    minutes: int
    place: str
    zone: str
    viewer_zone: str
    ahead: int
    tone: str
    label: str


def day(deposition: Deposition, viewer_zone: str, found: Sequence[flags.Flag]) -> Day:
    """Where the session lies in its own day, with the reader's hours under it where they differ."""
    starts_at = deposition.starts_at
    local, mine = starts_at.astimezone(ZoneInfo(deposition.zone)), starts_at.astimezone(ZoneInfo(viewer_zone))
    outside = any(flag.key == "hour" for flag in found)
    place = deposition.time_zone.rpartition(") ")[2] if deposition.time_zone.startswith("(") else deposition.time_zone
    where = "outside" if outside else "within"
    return Day(
        start=datetimes.minutes_of_day(deposition.starts_at, deposition.zone),
        minutes=minutes(deposition),
        place=place,
        zone=datetimes.zone_abbreviation(local),
        viewer_zone=datetimes.zone_abbreviation(mine) if local.utcoffset() != mine.utcoffset() else "",
        ahead=datetimes.hours_ahead(deposition.starts_at, deposition.zone, viewer_zone),
        tone="warn" if outside else "",
        label=f"The day in {place}. The session begins at {datetimes.hour(local, deposition.zone)}, "
        f"{where} office hours, which run from 7 AM to 8 PM.",
    )


def hours(session: Timed) -> str:
    """`Wed 25 Nov 2026, 1:30–2:45 AM PST`."""
    if session.ends_at > session.starts_at:
        return datetimes.span(session.starts_at, session.ends_at, session.zone)
    return datetimes.moment(session.starts_at, session.zone)


def hours_only(session: Timed) -> str:
    """`1:00–2:00 PM`, without day and zone."""
    span = transitions.busy(session.starts_at, session.ends_at)
    return datetimes.span(span.starts_at, span.ends_at, session.zone).partition(", ")[2]
