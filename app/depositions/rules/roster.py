"""What a row of the roster may say, and how people write it: on the page, in a CSV and on the command line alike.

Pure: no database. Faults are named by field, in sentences.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from email_validator import EmailNotValidError, validate_email

from app.depositions.models import BUFFER
from app.depositions.rules import rooms
from app.depositions.rules.availability import DAYS, MIDNIGHT, Hours
from app.depositions.rules.new_request import EARLIEST, LATEST
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import normalization, time_zones

NAME_LIMIT, NOTE_LIMIT, ADDRESS_LIMIT = 200, 200, 254
WORDS, WORD_LIMIT = 20, 60
"""How many languages or skills there are at most, and how long each may be."""
ROOMS = 12
LONGEST_BUFFER = 480
LONGEST_ABSENCE = 366 * 2

DAY_KEYS = tuple(day.lower() for day in DAYS)
_HOUR = r"(\d{1,2})(?:[:.h](\d{2}))?\s*([ap]m)?"
_SPAN = re.compile(rf"{_HOUR}\s*(?:-|–|—|to)\s*{_HOUR}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RosterFacts:
    """What a row of the roster says. `hours` are those of every weekday."""

    name: str
    email: str
    zone: str
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    buffer_before: int = BUFFER
    buffer_after: int = BUFFER
    templates: Mapping[str, str] = field(default_factory=dict)
    active: bool = True
    hours: tuple[Hours, ...] = ()
    telephone: str = ""

    def as_data(self) -> dict[str, object]:
        """The facts as events and comparisons have them."""
        return {
            "name": self.name,
            "email": self.email,
            "telephone": self.telephone,
            "zone": self.zone,
            "languages": ", ".join(self.languages),
            "skills": ", ".join(self.skills),
            "buffer_before": self.buffer_before,
            "buffer_after": self.buffer_after,
            "rooms": written_rooms(self.templates),
            "active": self.active,
            **{key: written_hours(self.hours, day) for day, key in enumerate(DAY_KEYS)},
        }


COLUMNS = (
    "name",
    "email",
    "telephone",
    "zone",
    "languages",
    "skills",
    "buffer_before",
    "buffer_after",
    "rooms",
    "active",
    *DAY_KEYS,
)
"""The columns of the CSV, and the names under which changes are told."""


def read(typed: Mapping[str, str]) -> RosterFacts:
    """The facts of a row as somebody typed them, by the names in COLUMNS. Raises Invalid with every fault."""
    faults: list[FieldError] = []

    def fault(name: str, sentence: str) -> None:
        faults.append(FieldError(name, "invalid", sentence))

    for key, text in typed.items():
        if not _storable(text):
            fault(key, "This has a character in it that cannot be stored. Delete it and type it again.")
    if faults:
        raise Invalid("Please look at these fields. Nothing was saved.", errors=faults)
    name = " ".join(normalization.name(typed.get("name", "")).split())
    if not name or len(name) > NAME_LIMIT:
        fault("name", f"Type the manager’s name, in at most {NAME_LIMIT} characters.")
    email = normalization.email(typed.get("email", "")).lower()
    if not _is_address(email):
        fault("email", "Type the manager’s e-mail address, for example name@example.com.")
    telephone = normalization.telephone(typed.get("telephone", ""))
    if telephone is None:
        fault("telephone", "Type a telephone number with its country, for example +1 415 555 0100.")
    zone = typed.get("zone", "").strip()
    known = _zone(zone)
    if known is None:
        fault("zone", "Choose a time zone by its name, for example Europe/Paris or Pacific Time (US & Canada).")
    buffers = []
    for key in ("buffer_before", "buffer_after"):
        text = typed.get(key, "").strip() or str(BUFFER)
        if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= LONGEST_BUFFER):
            fault(key, f"Type whole minutes from 0 to {LONGEST_BUFFER}.")
            text = "0"
        buffers.append(int(text))
    lists = {}
    for key in ("languages", "skills"):
        lists[key] = _words(typed.get(key, ""))
        if len(lists[key]) > WORDS or any(len(word) > WORD_LIMIT for word in lists[key]):
            fault(key, f"Write at most {WORDS} {key} with commas between them, each at most {WORD_LIMIT} characters.")
    templates: dict[str, str] = {}
    hours: list[Hours] = []
    try:
        templates = read_rooms(typed.get("rooms", ""))
    except Invalid as refusal:
        faults += refusal.errors
    for day, key in enumerate(DAY_KEYS):
        try:
            hours += read_hours(typed.get(key, ""), day)
        except Invalid as refusal:
            faults += refusal.errors
    active = typed.get("active", "yes").strip().casefold() or "yes"
    if active not in ("yes", "no", "true", "false", "1", "0", "on", "off"):
        fault("active", "Type yes or no.")
    if faults:
        raise Invalid("Please look at these fields. Nothing was saved.", errors=faults)
    return RosterFacts(
        name,
        email,
        known or "",
        lists["languages"],
        lists["skills"],
        buffers[0],
        buffers[1],
        templates,
        active in ("yes", "true", "1", "on"),
        tuple(hours),
        telephone or "",
    )


def read_hours(text: str, day: int) -> list[Hours]:
    """The working hours of a weekday: `9:00–12:30, 1:30 PM–6 PM`. Nothing is a free day. Raises Invalid."""
    key, found = DAY_KEYS[day], []
    for part in (each.strip() for each in re.split(r"[,;]", normalization.ascii_digits(text)) if each.strip()):
        span = _SPAN.fullmatch(part)
        ends = _minutes(*span.groups()[3:]) if span else None
        starts = _minutes(*span.groups()[:3]) if span else None
        if starts is None or ends is None or (ends or MIDNIGHT) <= starts:
            detail = "Write hours as 9:00-17:30, or two parts of the day with a comma between them."
            raise Invalid(detail, errors=[FieldError(key, "invalid", detail)])
        found.append(Hours(day, starts, ends or MIDNIGHT))
    found.sort(key=lambda each: each.starts)
    if any(later.starts < earlier.ends for earlier, later in pairwise(found)) or len(found) > 6:
        detail = "These parts of the day overlap. Write each hour once."
        raise Invalid(detail, errors=[FieldError(key, "overlap", detail)])
    return found


def written_hours(hours: Sequence[Hours], day: int) -> str:
    """The working hours of a weekday as `read_hours` reads them."""
    mine = sorted((each for each in hours if each.weekday == day), key=lambda each: each.starts)
    return ", ".join(f"{_clock(each.starts)}-{_clock(each.ends)}" for each in mine)


def read_rooms(text: str) -> dict[str, str]:
    """The templates of rooms by provider, a line each: `zoom https://zoom.example.com/my/ana`. Raises Invalid."""
    found: dict[str, str] = {}
    for line in (each.strip() for each in re.split(r"[\r\n]+", text) if each.strip()):
        provider, _, template = line.rpartition(" ")
        provider = normalization.name(provider.strip().rstrip(":=").strip())
        detail = ""
        if not provider or len(provider) > 100:
            detail = "Write a line for each room: the provider, a space, and the web address."
        elif provider.casefold() in (each.casefold() for each in found):
            detail = f"{provider} has two rooms. Keep one."
        else:
            detail = rooms.why_not_template(template) or ""
        if detail:
            raise Invalid(detail, errors=[FieldError("rooms", "invalid", detail)])
        found[provider] = template
    if len(found) > ROOMS:
        detail = f"Write at most {ROOMS} rooms."
        raise Invalid(detail, errors=[FieldError("rooms", "invalid", detail)])
    return found


def written_rooms(templates: Mapping[str, str]) -> str:
    """The templates as `read_rooms` reads them."""
    return "\n".join(f"{provider} {template}" for provider, template in templates.items())


def check_absence(first_day: date, last_day: date, note: str) -> None:
    """Raises Invalid for days in the wrong order, too many or out of reach, and for a note that is too long."""
    detail, name = "", "last_day"
    if last_day < first_day:
        detail = "The last day is before the first."
    elif first_day.year < EARLIEST or last_day.year > LATEST:
        detail = f"Write days between {EARLIEST} and {LATEST}."
    elif (last_day - first_day).days > LONGEST_ABSENCE:
        detail = "An absence lasts at most two years. Make the manager inactive instead."
    elif len(note) > NOTE_LIMIT:
        detail, name = f"Use at most {NOTE_LIMIT} characters.", "note"
    if detail:
        raise Invalid(f"{detail} Nothing was saved.", errors=[FieldError(name, "invalid", detail)])


def _storable(text: str) -> bool:
    """Whether both databases can store a text: NUL and lone surrogates only one does."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return len(text) <= ADDRESS_LIMIT


def _zone(text: str) -> str | None:
    """The IANA name behind a name of a zone, itself when it is one; None when there is none."""
    if text in time_zones.IANA:
        return text
    try:
        return time_zones.iana_name(text)
    except time_zones.UnknownZone:
        return None


def _words(text: str) -> tuple[str, ...]:
    """The words of a list with commas, each once."""
    found: dict[str, str] = {}
    for part in re.split(r"[,;\n]", text):
        word = normalization.name(part.strip())
        if word:
            found.setdefault(word.casefold(), word)
    return tuple(found.values())


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    """Minutes after midnight; None for an hour that no clock has."""
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= MIDNIGHT else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
