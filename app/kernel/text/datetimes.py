"""Dates and times for people: first in the item's own time zone, then in the reader's, always as absolute text.

`Tue 28 Jan 2025, 1:30 AM PST · your time 10:30 CET`. Instants are aware datetimes, zones are IANA names. Hours have the
format of the zone's country. The abbreviation is the one of that date.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup, escape

from app.kernel import clock

TWELVE_HOUR_COUNTRIES = {"US", "CA", "AU", "NZ", "IN", "PK", "BD", "PH", "MY", "EG", "CO"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = 60, 3600, 86400


@cache
def _twelve_hour_zones() -> frozenset[str]:
    """Zones of countries that write 1:30 AM, from the tz database's own table of countries."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset(row[2] for row in rows if row[0] in TWELVE_HOUR_COUNTRIES)


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """The rules of a zone."""
    # ZoneInfo itself caches only eight zones and reads the others again from their files.
    return ZoneInfo(zone)


def local(instant: datetime, zone: str) -> datetime:
    """The wall time in `zone` at an instant."""
    return instant.astimezone(zone_info(zone))


@lru_cache(maxsize=1024)
def twelve_hour(zone: str) -> bool:
    """Whether people in this zone write hours as 1 to 12 with AM and PM."""
    return zone in _twelve_hour_zones() or zone.startswith(("US/", "Canada/", "Australia/"))


def zone_abbreviation(local: datetime) -> str:
    """`PST`, `CET`; `GMT+3` where a zone has no abbreviation of its own, or where the abbreviation would not say which
    of the two hours is meant that a clock put back repeats (Moscow, 2014)."""
    name, offset, again = local.tzname() or "", local.utcoffset(), local.replace(fold=1 - local.fold)
    if name[:1] in "+-" or (again.utcoffset() != offset and again.tzname() == name):
        return _offset(offset)
    return name


@lru_cache(maxsize=1024)
def _offset(offset: timedelta | None) -> str:
    """`GMT+3`, `GMT-9:30`, `GMT-0:44:30`."""
    offset = offset or timedelta()
    minutes, seconds = divmod(int(abs(offset).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    small = f":{minutes:02d}" + (f":{seconds:02d}" if seconds else "") if minutes or seconds else ""
    return f"GMT{'-' if offset < timedelta() else '+'}{hours}{small}"


def bare_hour(local: datetime, zone: str) -> str:
    """`1:30 AM` or `13:30`, by the country of `zone`, for a text that names the zone itself."""
    if not twelve_hour(zone):
        return f"{local.hour:02d}:{local.minute:02d}"
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"


def zoned_hour(local: datetime, zone: str) -> str:
    """`1:30 AM PST`."""
    return f"{bare_hour(local, zone)} {zone_abbreviation(local)}"


def hour(local: datetime, zone: str) -> str:
    """`1:30 AM` or `13:30`, by the country of `zone`; `1:30 AM PST` in an hour that comes twice that day."""
    twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return zoned_hour(local, zone) if twice else bare_hour(local, zone)


def server_clock(zone: str) -> str:
    """The time now in `zone`, with seconds: `13:30:08` or `1:30:08 PM`."""
    here = local(clock.now(), zone)
    return here.strftime("%H:%M:%S") if not twelve_hour(zone) else here.strftime("%I:%M:%S %p").lstrip("0")


def day(value: date, now: date | None = None) -> str:
    """`Tue 28 Jan 2025`; without the year when `now` is in the same year."""
    return _day(value.toordinal(), now is None or now.year != value.year)


@lru_cache(maxsize=4096)
def _day(ordinal: int, with_year: bool) -> str:
    value = date.fromordinal(ordinal)
    year = f" {value.year}" if with_year else ""
    return f"{DAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}{year}"


def moment(instant: datetime, zone: str, now: datetime | None = None) -> str:
    """`Tue 28 Jan 2025, 1:30 AM PST`, as plain text."""
    (here, _, word), today = _there(instant, zone), None if now is None else local(now, zone)
    return f"{day(here, today)}, {bare_hour(here, zone)} {word}"


def _there(instant: datetime, zone: str) -> tuple[datetime, timedelta | None, str]:
    """The wall time in `zone` at an instant, how far it is from UTC, and its abbreviation."""
    steady = _steady(zone, instant.toordinal()) if instant.tzinfo is UTC else None
    if steady is None:
        here = local(instant, zone)
        return here, here.utcoffset(), zone_abbreviation(here)
    return instant + steady[0], *steady


@lru_cache(maxsize=16384)
def _steady(zone: str, ordinal: int) -> tuple[timedelta, str] | None:
    """How far `zone` is from UTC on a day in UTC, and its abbreviation. None when its clocks change near that day, or
    the calendar ends there."""
    if not date.min.toordinal() + 3 < ordinal < date.max.toordinal() - 3:
        return None
    noon = datetime.fromordinal(ordinal).replace(hour=12, tzinfo=UTC)
    near = [local(noon + timedelta(hours=hours), zone) for hours in range(-36, 37, 3)]
    offsets = {(here.utcoffset(), here.tzname()) for here in near}
    here = near[len(near) // 2]
    return (here.utcoffset() or timedelta(), zone_abbreviation(here)) if len(offsets) == 1 else None


def span(start: datetime, end: datetime, zone: str, now: datetime | None = None) -> str:
    """A range, so that both of its ends can be read back: `Wed 25 Nov 2026, 1:30–2:45 AM PST`.

    Each end has its own zone word when the clocks change in between, `Sun 7 Nov 2027, 1:30 AM PDT to 1:15 AM PST`, and
    its own day when the range runs past midnight. The start alone when the end is not known, that is, not later.
    """
    if end <= start:
        return moment(start, zone, now)
    (first, offset, begins_word), (last, ends_offset, ends_word) = _there(start, zone), _there(end, zone)
    today = None if now is None else local(now, zone)
    words = [begins_word, ends_word]
    if words[0] == words[1] and offset != ends_offset:
        words = [_offset(offset), _offset(ends_offset)]
    begins, ends = bare_hour(first, zone), bare_hour(last, zone)
    begins_on, ends_on = day(first, today), day(last, today)
    if words[0] != words[1]:
        begins = f"{begins} {words[0]}"
    if first.date() != last.date():
        return f"{begins_on}, {begins} to {ends_on}, {ends} {words[1]}"
    if words[0] != words[1]:
        return f"{begins_on}, {begins} to {ends} {words[1]}"
    return f"{begins_on}, {range_of_hours(begins, ends)} {words[1]}"


def range_of_hours(begins: str, ends: str) -> str:
    """`1:30–2:45 AM` of two bare hours: AM or PM stands once where both share it."""
    shared = begins[-2:] == ends[-2:] and begins[-1] == "M"
    return f"{begins[:-3] if shared else begins}–{ends}"


def hours_on(start: datetime, end: datetime, zone: str, day_shown: date) -> str:
    """The hours of a range where its day is known: `1:30–2:45 AM PST`, with the weekday where the zone has another."""
    first = local(start, zone)
    weekday = "" if first.date() == day_shown else f"{DAYS[first.weekday()]} "
    return weekday + span(start, end, zone, start).partition(", ")[2]


def viewer_time(instant: datetime, zone: str, viewer_zone: str, *, briefly: bool = False) -> str:
    """`10:30 CET`, with the weekday where the reader's date is another; empty where both zones agree.

    `briefly` leaves out the reader's zone, but for an hour that comes twice.
    """
    here, there = local(instant, viewer_zone), local(instant, zone)
    if here.utcoffset() == there.utcoffset():
        return ""
    weekday = "" if here.date() == there.date() else f"{DAYS[here.weekday()]} "
    return f"{weekday}{(hour if briefly else zoned_hour)(here, viewer_zone)}"


def tag(instant: datetime, text: str) -> Markup:
    """`<time datetime="…Z">text</time>`."""
    return Markup(f'<time datetime="{clock.iso(instant.astimezone(UTC))}">{escape(text)}</time>')


def when(instant: datetime, zone: str, viewer_zone: str = "", now: datetime | None = None, extra: str = "") -> Markup:
    """The two lines of a cell: the time in the item's own zone, below it the reader's time and `extra`.

    With `now` the current year is omitted.
    """
    theirs = viewer_time(instant, zone, viewer_zone, briefly=True) if viewer_zone else ""
    under = " · ".join(part for part in (f"{theirs} for you" if theirs else "", extra) if part)
    small = f" <small>{escape(under)}</small>" if under else ""
    return Markup(f"{tag(instant, moment(instant, zone, now))}{small}")


def when_line(instant: datetime, zone: str, viewer_zone: str = "", now: datetime | None = None) -> Markup:
    """The same on one line: `Tue 28 Jan 2025, 1:30 AM PST · your time 10:30 CET`."""
    theirs = viewer_time(instant, zone, viewer_zone) if viewer_zone else ""
    return tag(instant, moment(instant, zone, now)) + (f" · your time {theirs}" if theirs else "")


def stamp(instant: datetime, zone: str = "UTC", now: datetime | None = None) -> Markup:
    """The time of a timeline entry in the reader's zone: `14:20 CET` today, else `Fri 30 Oct, 11:45 CET`."""
    return tag(instant, stamp_text(instant, zone, now))


def stamp_text(instant: datetime, zone: str, now: datetime | None = None) -> str:
    """The same as plain text."""
    here, today = local(instant, zone), local(now or clock.now(), zone)
    text = zoned_hour(here, zone)
    return text if here.date() == today.date() else f"{day(here, today)}, {text}"


def duration(length: timedelta | float) -> str:
    """`1 h 15 min`, `45 min`, `3 d 6 h`, `20 s`: the two largest units. A number is minutes."""
    return _units(abs(int(length.total_seconds() if isinstance(length, timedelta) else round(length * MINUTE, 6))))


@lru_cache(maxsize=4096)
def _units(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    first = next((i for i, (n, _) in enumerate(units) if n), None)
    if first is None:
        return "0 min"
    largest = units[first : first + 2] if first < 2 else units[first : first + 1]
    return " ".join(f"{n} {unit}" for n, unit in largest if n)


def relative(instant: datetime, now: datetime | None = None) -> str:
    """`in 2 h 40 min`, `19 h ago`, `5 d ago`, `22 months ago`: coarser the farther away; `just now` within a minute."""
    gap = (instant - (now or clock.now())).total_seconds()
    length = abs(gap)
    if length < MINUTE:
        return "just now" if gap <= 0 else "in less than a minute"
    if length >= 60 * DAY:
        years, months = divmod(round(length // DAY / 30.44), 12)
        far = f"{years} years" if years > 1 else f"{years * 12 + months} months"
    else:
        unit = DAY if length >= 2 * DAY else HOUR if length >= 6 * HOUR and gap < 0 else 1
        far = _units(int(length // unit * unit))
    return f"in {far}" if gap > 0 else f"{far} ago"


def countdown(instant: datetime, now: datetime | None = None) -> Markup:
    """`in 2 h 40 min` as an element that counts down in the browser, from server time."""
    text = relative(instant, now)
    return Markup('<span data-until="{}">{}</span>').format(clock.iso(instant.astimezone(UTC)), escape(text))


def install(env: Environment) -> None:
    """Registers `server_time()` and every filter: {{ row.starts_at|when(row.zone, me.time_zone, now) }}."""
    env.globals.update(server_clock=server_clock, twelve_hour=twelve_hour)
    env.globals["server_time"] = lambda: clock.iso(clock.now())
    env.filters.update(
        when=when,
        when_line=when_line,
        moment=moment,
        span=span,
        yours=viewer_time,
        stamp=stamp,
        day=day,
        duration=duration,
        relative=relative,
        countdown=countdown,
    )
