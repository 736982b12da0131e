"""Whether a manager can take a time: their buffers, working hours and absences. Pure: no database."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from app.depositions.rules.transitions import Span
from app.kernel.text import datetimes, normalization

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = 24 * 60


class Hours(NamedTuple):
    """A part of a weekday (Monday is 0), in minutes after midnight."""

    weekday: int
    starts: int
    ends: int


class Away(NamedTuple):
    """Days of an absence, both included."""

    first_day: date
    last_day: date
    note: str


def gap(buffer_before: int, buffer_after: int) -> timedelta:
    """What a manager needs between two sessions: the time after one may be the time before the next, so the longer."""
    return timedelta(minutes=max(buffer_before, buffer_after))


def why_away(zone: str, hours: Sequence[Hours], absences: Iterable[Away], span: Span) -> str:
    """Why a manager is not there at this time, in a few words: an absence, or else their working hours. Empty when
    they are. Days and hours are those of the manager's `zone`."""
    first, last = datetimes.local(span.starts_at, zone), datetimes.local(span.ends_at, zone)
    # What ends at midnight touches the day before alone.
    final = max(first.date(), (last - timedelta(microseconds=1)).date())
    for absence in absences:
        if absence.first_day <= final and absence.last_day >= first.date():
            return absence_words(absence, first.date())
    if not hours:
        return ""
    day = first.date()
    while day <= final:
        starts = _minutes(first) if day == first.date() else 0
        ends = _minutes(last) if day == last.date() else MIDNIGHT
        spans = [each for each in hours if each.weekday == day.weekday()]
        if not any(each.starts <= starts and ends <= each.ends for each in _joined(spans)):
            if not spans:
                return f"does not work on {DAYS[day.weekday()]}s"
            return f"works {hours_words(spans, zone)} {datetimes.zone_abbreviation(first)} that day"
        day += timedelta(days=1)
    return ""


def at_work(zone: str, hours: Sequence[Hours], within: Span) -> list[Span] | None:
    """When a manager works within a time, by their own clock; None where that is not known, which is at any hour."""
    if not hours:
        return None
    found = [
        Span(_instant(day, each.starts, zone), _instant(day, each.ends, zone))
        for day in _days(zone, within)
        for each in _joined([one for one in hours if one.weekday == day.weekday()])
    ]
    return [clipped for each in found if (clipped := _within(each, within))]


def away_during(zone: str, absences: Iterable[Away], within: Span) -> list[tuple[Away, Span]]:
    """The absences of a manager within a time, with the part of it that each takes."""
    found = []
    for absence in absences:
        whole = Span(_instant(absence.first_day, 0, zone), _instant(absence.last_day, MIDNIGHT, zone))
        clipped = _within(whole, within)
        if clipped:
            found.append((absence, clipped))
    return found


def _days(zone: str, within: Span) -> list[date]:
    first = datetimes.local(within.starts_at, zone).date() - timedelta(days=1)
    last = datetimes.local(within.ends_at, zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _instant(day: date, minutes: int, zone: str) -> datetime:
    """The instant at so many minutes after midnight on the clock of a zone."""
    whole, rest = divmod(minutes, MIDNIGHT)
    wall = datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), datetimes.zone_info(zone))
    return wall.astimezone(UTC)


def _within(span: Span, within: Span) -> Span | None:
    begins, ends = max(span.starts_at, within.starts_at), min(span.ends_at, within.ends_at)
    return Span(begins, ends) if begins < ends else None


def absence_words(absence: Away, near: date) -> str:
    """`away until Fri 4 Dec: on holiday`, without the year of the day that it is `near`."""
    until = f"away until {datetimes.day(absence.last_day, near)}"
    note = normalization.shown(absence.note)
    return f"{until}: {note}" if note else until


def hours_words(spans: Sequence[Hours], zone: str) -> str:
    """`9:00 AM–12:30 PM, 1:30–6:00 PM`, as the country of the zone writes hours."""
    return ", ".join(
        datetimes.range_of_hours(_clock(each.starts, zone), _clock(each.ends, zone))
        for each in sorted(spans, key=lambda one: one.starts)
    )


def _clock(minutes: int, zone: str) -> str:
    if minutes == MIDNIGHT:
        return "midnight"
    wall = datetime.combine(date(2000, 1, 1), time(minutes // 60, minutes % 60))
    return datetimes.bare_hour(wall, zone)


def _minutes(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def _joined(spans: Sequence[Hours]) -> list[Hours]:
    """Hours of one day, those that meet as one."""
    found: list[Hours] = []
    for each in sorted(spans, key=lambda one: one.starts):
        if found and each.starts <= found[-1].ends:
            found[-1] = found[-1]._replace(ends=max(found[-1].ends, each.ends))
        else:
            found.append(each)
    return found
