"""What a request must say, and what its wall time means (docs/depositions.md)."""

import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kernel.errors import FieldError, Invalid
from app.kernel.text import normalization, time_zones

DEFAULT_TYPE = "remote_deposition"
DEFAULT_LANGUAGE = "en-US"
EARLIEST, LATEST = 1900, 2199
LONGEST_HOURS = 24
MOST_INVITES = 100
DETAILS = (
    "language",
    "languages",
    "interpreter",
    "additional_details",
    "preferred_manager",
    "video_provider",
    "session_type",
)
"""The members of `session_details`, in the order of the printed answers."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(0[1-9]|1[0-2]):([0-5][0-9]) (AM|PM)")


@dataclass(frozen=True, slots=True)
class Start:
    """A start as it was written, and what it means. `zone` is the IANA name."""

    start_date: str
    start_time: str
    time_zone: str
    zone: str
    starts_at: datetime
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Invite:
    """A participant besides the deponent."""

    email: str
    access_level: str = "participant"


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A new deposition request whose shape is checked, as `actions.request` stores it."""

    title: str
    case_name: str
    start: Start
    file_number: str | None = None
    estimated_duration: int | float | None = None
    session_type: str = DEFAULT_TYPE
    deponent_name: str | None = None
    deponent_email: str | None = None
    deponent_role: str | None = None
    invites: tuple[Invite, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    postback_url: str | None = None

    @property
    def ends_at(self) -> datetime:
        return end_of(self.start, self.estimated_duration)


def hours_of(stored: str | None) -> int | float | None:
    """The duration of a row, as JSON wrote it, in hours."""
    return None if stored is None else (float(stored) if "." in stored or "e" in stored.lower() else int(stored))


def end_of(start: Start, hours: float | None) -> datetime:
    """The end of a session of so many hours; its start when these are not known."""
    return start.starts_at + timedelta(seconds=round((hours or 0) * 3600))


BAD_DATE = f"Write the date as YYYY-MM-DD: a day that exists, between {EARLIEST} and {LATEST}."
BAD_TIME = "Write the time as hh:mm AM or hh:mm PM, for example 01:30 PM."
BAD_ZONE = "Name a time zone we know: a Rails name such as Pacific Time (US & Canada), or an IANA name."


def bad_zone(text: str) -> str:
    """The refusal of an unknown zone, with the name that may be meant."""
    near = time_zones.suggestion(text)
    return f"{BAD_ZONE} Did you mean {near}?" if near else BAD_ZONE


def day_of(text: str) -> date | None:
    """The day written as YYYY-MM-DD; None when there is no such day, or it lies out of reach."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day.year <= LATEST else None


def clock_of(text: str) -> time | None:
    """The time written as hh:mm AM or hh:mm PM."""
    found = _TIME.fullmatch(text)
    return time(int(found[1]) % 12 + (12 if found[3] == "PM" else 0), int(found[2])) if found else None


def zone_of(text: str) -> ZoneInfo | None:
    """The zone of a name in any of the spellings we know."""
    try:
        return time_zones.get_zone(text)
    except time_zones.UnknownZone:
        return None


def parse_start(start_date: str, start_time: str, time_zone: str) -> Start:
    """The moment of a written date, time and zone. Raises Invalid with one FieldError for each that cannot be read."""
    day, clock, zone = day_of(start_date), clock_of(start_time), zone_of(time_zone)
    if day is None or clock is None or zone is None:
        checks: list[tuple[str, str, str, object]] = [
            ("start_date", "date", BAD_DATE, day),
            ("start_time", "time", BAD_TIME, clock),
            ("time_zone", "time_zone", "" if zone else bad_zone(time_zone), zone),
        ]
        wrong = [
            FieldError(f"remote_session.{name}", code, detail) for name, code, detail, read in checks if read is None
        ]
        raise Invalid(" ".join(error.detail for error in wrong), errors=wrong)
    try:
        found = time_zones.resolve(datetime.combine(day, clock), zone)
    except time_zones.NonexistentTime as gap:
        raise _nonexistent(gap) from None
    return Start(start_date, start_time, time_zone, zone.key, found.instant, found.ambiguous)


def _nonexistent(gap: time_zones.NonexistentTime) -> Invalid:
    """Names both neighbours, with their dates where a whole day was skipped."""
    alike = gap.before.date() == gap.wall.date() == gap.after.date()

    def name(wall: datetime) -> str:
        return time_zones.clock12(wall) if alike else f"{time_zones.clock12(wall)} on {wall:%Y-%m-%d}"

    detail = (
        "This time does not exist in that zone on that day, because the clocks are put forward: "
        f"{name(gap.before)} is followed by {name(gap.after)}. Choose a time before or after the change."
    )
    return Invalid(detail, errors=[FieldError("remote_session.start_time", "nonexistent", detail)])


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What an organization changes of a booked session; None stays as it is."""

    title: str | None = None
    invites: tuple[Invite, ...] | None = None
    start: Start | None = None
    estimated_duration: int | float | None = None


def fold_invites(invites: list[Invite]) -> tuple[Invite, ...]:
    """Each address once, in the order given; upper and lower case count as the same. The first mention counts, and an
    invitee is a host if any mention says so."""
    found: dict[str, Invite] = {}
    for invite in invites:
        key = invite.email.casefold()
        earlier = found.get(key)
        if earlier is None:
            found[key] = invite
        elif invite.access_level == "host":
            found[key] = Invite(earlier.email, "host")
    return tuple(found.values())


def tidy_details(given: dict[str, str | None]) -> dict[str, str]:
    """`session_details` as they are kept: blanks left out. A language that was not given is not kept either, though
    answers print a default: without one, participants read the organization's language."""
    return {key: value for key in DETAILS if (value := given.get(key)) and not normalization.is_blank(value)}


def mint_slug(case_name: str, random: bytes | None = None) -> str:
    """The last part of a session's address: the case, and 80 random bits, since anyone who has it may join."""
    plain = unicodedata.normalize("NFKD", case_name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{readable or 'session'}-{(random or secrets.token_bytes(10)).hex()}"
