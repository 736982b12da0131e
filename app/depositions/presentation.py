"""Labels of the desk, and depositions as its pages show them: rows of the list, and the day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from markupsafe import Markup

from app.accounts.access import Me
from app.dashboard.badges import Badge, RankedBadges, rank
from app.dashboard.queue import Label
from app.depositions.models import BOOKED, Deposition, State
from app.depositions.queries.conflicts import ALONE, Overlapping
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules import day_ruler, flags, transitions
from app.depositions.rules.day_ruler import Bar, DayRuler
from app.depositions.rules.timed import Timed
from app.kernel.text import datetimes, normalization, time_zones

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
    "waiting": Label("Waiting longer than promised", "hourglass", "warn"),
    "fresh": Label("Within the promised time", "sun"),
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
    "asked_answered": Label("Answered", "message-square-text", "warn"),
    "asked_open": Label("Asked, no answer yet", "hourglass"),
    "offered_agreed": Label("Participants agree to another hour", "calendar-check", "warn"),
    "offered_late": Label("The time to answer is over, no hour is agreed", "hourglass", "warn"),
    "offered_open": Label("Other hours offered, answers come in", "hourglass"),
    "not_up_to_date": Label("Somebody is not up to date", "mail-x", "danger"),
    "overlapping": Label("Overlapping", "layers-2", "danger"),
    "overlapping_passed": Label("Overlapping, date has passed", "history"),
    "moved": Label("The hour moved", "clock", "danger"),
    "moved_passed": Label("The hour moved, date has passed", "history"),
    "next_no": Label("Does not take place, or asks for a call", "phone", "danger"),
    "next_silent": Label("Asked, no answer yet", "hourglass", "warn"),
    "next_unasked": Label("Not asked", "circle-dashed"),
    "next_yes": Label("Confirmed", "circle-check", "good"),
    "found": Label("Found", "search"),
    "flagged": Label("With this flag", "list-filter"),
    "flagged_passed": Label("With this flag, date has passed", "history"),
    **{f"{state}_days": Label(STATES[state].word, STATES[state].icon) for state in State},
}

FLAGS: Mapping[str, tuple[str, str]] = {
    "cancellation": ("message-square-x", "danger"),
    "reconfirmed_no": ("calendar-x", "danger"),
    "reconfirmed_call": ("phone", "danger"),
    "answered": ("message-square-text", "warn"),
    "agreed": ("calendar-check", "warn"),
    "asked": ("circle-question-mark", ""),
    "offered": ("hourglass", ""),
    "passed": ("history", "danger"),
    "moved": ("clock", "danger"),
    "overlap": ("layers-2", "danger"),
    "hour": ("moon", "warn"),
    "holiday": ("calendar-x", "warn"),
    "weekend": ("calendar-x", "warn"),
    "ambiguous": ("clock", "warn"),
    "interpreter": ("languages", ""),
    "checklist": ("list-checks", "warn"),
    "webhook": ("webhook", ""),
}
"""Icon and tone of each flag."""
CONFLICTS: Mapping[bool, tuple[str, str]] = {True: ("layers-2", "danger"), False: ("languages", "warn")}
"""Icon and tone of a sentence about a conflict, by whether it is grave."""


class CachedCells(NamedTuple):
    """The cells of a row that stay the same from poll to poll: the time in words, the ruler of its day, its flags."""

    when: Markup
    ruler: tuple[Bar, Bar, str]
    flags: tuple[Badge, ...]


class QueueRow(NamedTuple):
    """A row of the list, ready to print. `person` is assigned to it, `manager` manages the session."""

    id: int
    version: int
    name: str
    role: str
    case: str
    organization: str
    cached: CachedCells
    badges: RankedBadges
    tags: tuple[str, ...]
    person: str
    mine: bool
    takeable: bool
    clock: str
    clock_tone: str
    clock_small: str
    manager: str
    manager_phone: str
    behind: bool
    """Whether it is listed because somebody is not up to date."""


class _CacheKey(NamedTuple):
    """The facts of a row that its cached cells depend on."""

    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    cancellation_open: bool
    overlaps: int
    requested_twice: bool
    hour_moved: bool
    reconfirmation: str | None
    question: str | None
    agreement: str | None
    postback_url: bool
    interpreter: str | None
    country: str | None
    open_items: tuple[str, ...]

    @property
    def details(self) -> dict[str, str]:
        return {"interpreter": self.interpreter} if self.interpreter else {}


def _flags(key: _CacheKey, passed: bool) -> list[flags.Flag]:
    """The flags of a row whose hour has `passed` or not."""
    now = key.starts_at + timedelta(microseconds=1 if passed else 0)
    return flags.flags_of(key, now, key.country, key.overlaps, key.requested_twice, key.open_items)


@lru_cache(maxsize=8192)
def _cached_cells(key: _CacheKey, viewer_zone: str, hour: datetime, passed: bool) -> CachedCells:
    """The cells of a row, kept within the `hour`: which year it is decides how a day is written."""
    found = _flags(key, passed)
    tone = "warn" if any(flag.key == "hour" for flag in found) else ""
    span = transitions.busy(key.starts_at, key.ends_at)
    return CachedCells(
        datetimes.when(key.starts_at, key.zone, viewer_zone, hour, length(key)),
        (*day_ruler.bars(span.starts_at, span.ends_at, key.zone, flags.OFFICE), tone),
        tuple(badge(flag) for flag in found),
    )


_STATE_BADGES = {state.value: Badge(label.word, label.icon, label.tone) for state, label in STATES.items()}
_MIXED_GROUPS = frozenset(
    (
        "found",
        "sorted",
        "cancellation",
        "asked_answered",
        "asked_open",
        "offered_agreed",
        "offered_late",
        "offered_open",
        "not_up_to_date",
        "overlapping",
        "overlapping_passed",
        "moved",
        "moved_passed",
        "",
    )
)
"""Groups whose rows are of several states."""


class Known(NamedTuple):
    """What is read besides the rows of a list: the telephones of organizations and managers that are to be called, by
    their ids, and how many others a row overlaps and what of its checklist is open, by its id."""

    phones: Mapping[int, str]
    overlapping: Mapping[int, Overlapping]
    open_items: Mapping[int, tuple[str, ...]]
    manager_phones: Mapping[int, str] = MappingProxyType({})


NOTHING = Known({}, {}, {})


def row(
    listed: ListedDeposition,
    group: str,
    tags: tuple[str, ...],
    viewer: Me,
    now: datetime,
    known: Known = NOTHING,
) -> QueueRow:
    """A row of the list as `viewer` sees it in this group. The telephones of organization and manager stand where they
    are to be called."""
    calls = group in ("next_no", "next_silent")
    phone = known.phones.get(listed.organization_id, "") if calls else ""
    hour = now.replace(minute=0, second=0, microsecond=0)
    name = normalization.shown(listed.deponent_name)
    clock, tone, small = _clock(listed, group, now)
    cached = _cached_cells(_key_of(listed, known), viewer.time_zone, hour, listed.starts_at < now)
    state = _STATE_BADGES[listed.state] if group in _MIXED_GROUPS else None
    return QueueRow(
        listed.id,
        listed.version,
        name or normalization.shown(listed.title, listed.case_name, f"Deposition {listed.id}"),
        (listed.deponent_role or "deponent") if name else "",
        listed.case_name,
        listed.organization_name,
        cached,
        rank(cached.flags, state, tags),
        tags,
        listed.assignee_name or "",
        listed.assignee_id == viewer.id,
        listed.state == State.INITIAL and not listed.assignee_name,
        clock,
        tone,
        phone or small,
        listed.manager_name or "",
        known.manager_phones.get(listed.manager_id or 0, "") if calls else "",
        group == "not_up_to_date",
    )


def _key_of(listed: ListedDeposition, known: Known) -> _CacheKey:
    return _CacheKey(
        listed.state,
        listed.starts_at,
        listed.ends_at,
        listed.zone,
        listed.ambiguous,
        listed.cancellation_open,
        *known.overlapping.get(listed.id, ALONE),
        listed.hour_moved,
        listed.reconfirmation,
        listed.question,
        listed.agreement,
        bool(listed.postback_url),
        listed.details.get("interpreter"),
        country_of(listed),
        known.open_items.get(listed.id, ()),
    )


def flags_in_words(listed: ListedDeposition, known: Known, now: datetime) -> str:
    """The flags of a row, for a file: `Sunday, No webhook`."""
    if listed.state not in flags.WAITING:
        return ""
    return ", ".join(flag.label for flag in _flags(_key_of(listed, known), listed.starts_at < now))


class OfOrganization(Protocol):
    """A row with its organization's country, or the zone that stands for one."""

    @property
    def organization_region(self) -> str: ...


def country_of(row: OfOrganization) -> str | None:
    """The country of the organization, whose holidays count."""
    region = row.organization_region
    return region if len(region) == 2 else normalization.region_of(region)


def badge(flag: flags.Flag) -> Badge:
    """The badge of a flag."""
    icon, tone = FLAGS[flag.key]
    return Badge(flag.label, icon, tone, ground=flag.key != "webhook")


_URGENT = timedelta(hours=6)
"""Until the start of a session that nobody has scheduled."""


def _clock(listed: ListedDeposition, group: str, now: datetime) -> tuple[str, str, str]:
    """The last column: the more urgent time, its tone, and the other time under it."""
    starts = datetimes.relative(listed.starts_at, now)
    if listed.state == State.INITIAL:
        if group == "soon":
            urgent = listed.starts_at - now < _URGENT
            return starts, "danger" if urgent else "", _asked(listed.created_at, now)
        late = listed.starts_at < now
        under = f"{starts.removesuffix(' ago')} late" if late else f"starts {starts}"
        return _waited(listed.created_at, now), "", under
    if listed.cancellation_open and listed.cancellation_requested_at:
        return starts, "", _asked(listed.cancellation_requested_at, now)
    return (starts, "", "") if listed.state in (*BOOKED, State.ACTIVE) else ("", "", "")


def _asked(instant: datetime, now: datetime) -> str:
    return f"asked {_waited(instant, now)} ago"


def _waited(since: datetime, now: datetime) -> str:
    """A wait in whole hours, within the first one in minutes."""
    minutes = int((now - since).total_seconds() // datetimes.MINUTE)
    return datetimes.duration(minutes // 60 * 60 if minutes >= 60 else minutes)


ZONE_NAMES = (
    "Pacific Time (US & Canada)",
    "Mountain Time (US & Canada)",
    "Arizona",
    "Central Time (US & Canada)",
    "Eastern Time (US & Canada)",
    "Alaska",
    "Hawaii",
    "London",
)
"""Zones that a form offers; it takes every other name as well."""

UNTITLED = "A deposition without a title"


class Named(Protocol):
    """Anything that has what a deposition is called by."""

    @property
    def deponent_name(self) -> str | None: ...
    @property
    def title(self) -> str: ...


def name_of(row: Named) -> str:
    """What a deposition is called in a sentence: the deponent, or the title of a session without one."""
    return normalization.shown(row.deponent_name, row.title, UNTITLED)


def length(session: Timed) -> str:
    """`1 h 15 min`; empty when the duration is not known."""
    return datetimes.duration(session.ends_at - session.starts_at) if session.ends_at > session.starts_at else ""


class Day(NamedTuple):
    """The labelled ruler of a session's day."""

    ruler: DayRuler
    place: str
    tone: str
    label: str


def day(deposition: Deposition, viewer_zone: str, found: Sequence[flags.Flag]) -> Day:
    """Where the session lies in its own day, with the reader's hours under it where they differ."""
    outside = any(flag.key == "hour" for flag in found)
    span, zone = transitions.busy(deposition.starts_at, deposition.ends_at), deposition.zone
    place = time_zones.plain_name(deposition.time_zone)
    begins = datetimes.hour(datetimes.local(deposition.starts_at, zone), zone)
    return Day(
        day_ruler.day_ruler(span.starts_at, span.ends_at, zone, viewer_zone, flags.OFFICE),
        place,
        tone="warn" if outside else "",
        label=f"The day in {place}. The session begins at {begins}, "
        f"{'outside' if outside else 'within'} office hours, which run from 7 AM to 8 PM.",
    )


def hours(session: Timed) -> str:
    """`Wed 25 Nov 2026, 1:30–2:45 AM PST`; the start alone when the duration is not known."""
    return datetimes.span(session.starts_at, session.ends_at, session.zone)


def invitee(invite: Mapping[str, str]) -> str:
    """`host@example.com (host)`."""
    return invite["email"] + (" (host)" if invite["access_level"] == "host" else "")
