"""The board of a day: where sessions, buffers, working hours and absences lie, in quarters of an hour.

Pure: no database. The day is that of the viewer's zone, with 23 or 25 hours where its clocks change. What a page shows
of it is a window of whole hours.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar

from app.depositions.models import State
from app.depositions.rules import day_ruler
from app.depositions.rules.conflicts import OPEN
from app.depositions.rules.day_ruler import QUARTER, Hour
from app.depositions.rules.transitions import Span, busy, overlap

SHOWN_HOURS = 12
"""Hours that a window has at most."""
FIRST_HOUR = 8
"""Where the window of an empty day begins."""


class Placed(Protocol):
    """What is read of a session to place it."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


T = TypeVar("T")
K = TypeVar("K")
P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of a day that are shown. `earlier` and `later` are sessions outside it; None in `earlier_from` and
    `later_from`, the first hours of windows with these, where there are none."""

    day: date
    hours: tuple[Hour, ...]
    earlier: int
    later: int
    earlier_from: int | None
    later_from: int | None

    @property
    def begins(self) -> datetime:
        return self.hours[0].at

    @property
    def quarters(self) -> int:
        return sum(hour.quarters for hour in self.hours)

    def place(self, span: Span) -> tuple[int, int] | None:
        """The quarters that a time touches, the last one excluded; None where it lies outside."""
        begins = (span.starts_at - self.begins) // QUARTER
        ends = -((self.begins - span.ends_at) // QUARTER)
        begins, ends = max(begins, 0), min(ends, self.quarters)
        return (begins, ends) if begins < ends else None


def day_span(day: date, zone: str, days: int = 1) -> Span:
    """A day, or so many, as instants."""
    return Span(day_ruler.midnight(day, zone), day_ruler.midnight(day + timedelta(days=days), zone))


def window(day: date, zone: str, sessions: Sequence[Placed], at_work: Iterable[Span], wanted: int | None) -> Window:
    """The hours from the `wanted` one on; else those that hold most sessions, and most of the working hours."""
    hours = day_ruler.hours(day, zone)
    spans = [busy(one.starts_at, one.ends_at) for one in sessions]
    last = max(0, len(hours) - SHOWN_HOURS)
    ends_of_day = day_ruler.midnight(day + timedelta(days=1), zone)

    def ends(first: int) -> datetime:
        return hours[first + SHOWN_HOURS].at if first + SHOWN_HOURS < len(hours) else ends_of_day

    if wanted is not None:
        first = min(wanted, last)
    else:
        work = list(at_work)

        def worth(first: int) -> tuple[int, timedelta, int]:
            shown = Span(hours[first].at, ends(first))
            contained = sum(_common(span, shown) > timedelta() for span in spans)
            inside = sum((_common(span, shown) for span in work), timedelta())
            return contained, inside, -abs(first - FIRST_HOUR)

        first = max(range(last + 1), key=worth)
    begins, until = hours[first].at, ends(first)
    before = [span for span in spans if span.ends_at <= begins]
    after = [span for span in spans if span.starts_at >= until]
    return Window(
        day,
        tuple(hours[first : first + SHOWN_HOURS]),
        len(before),
        len(after),
        _hour_of(hours, min(span.starts_at for span in before)) if before else None,
        min(_hour_of(hours, min(span.starts_at for span in after)), last) if after else None,
    )


def _hour_of(hours: Sequence[Hour], moment: datetime) -> int:
    return max((n for n, hour in enumerate(hours) if hour.at <= moment), default=0)


def _common(one: Span, other: Span) -> timedelta:
    return max(timedelta(), min(one.ends_at, other.ends_at) - max(one.starts_at, other.starts_at))


class Cell(NamedTuple, Generic[T]):
    """A cell of a line: so many quarters wide, with a session or without.

    `kind` is its ground: `off` outside of working hours, `away`, `buffer` after a session, or nothing.
    `within` is whether it begins within an hour, where no line stands.
    """

    width: int
    kind: str
    within: bool
    session: T | None


def lines(
    shown: Window,
    sessions: Sequence[P],
    gap: timedelta,
    off: Collection[int] = (),
    away: Collection[int] = (),
) -> list[list[Cell[P]]]:
    """The lines of one manager: sessions that overlap, or lie closer than the `gap`, stand below each other."""
    taken: list[list[tuple[int, int, P]]] = []
    free_from: list[datetime] = []
    for one in sorted(sessions, key=lambda each: (each.starts_at, each.id)):
        span = busy(one.starts_at, one.ends_at)
        place = shown.place(span)
        if place is None:
            continue
        free = (at for at, until in enumerate(free_from) if until <= span.starts_at and taken[at][-1][1] <= place[0])
        at = next(free, len(taken))
        if at == len(taken):
            taken.append([])
            free_from.append(span.ends_at)
        taken[at].append((*place, one))
        free_from[at] = span.ends_at + gap
    after = -(-gap // QUARTER)
    return [_cells(shown, line, after, off, away) for line in taken or [[]]]


def _cells(
    shown: Window, line: Sequence[tuple[int, int, T]], after: int, off: Collection[int], away: Collection[int]
) -> list[Cell[T]]:
    """The cells of one line."""
    starts, at = set[int](), 0
    for hour in shown.hours:
        starts.add(at)
        at += hour.quarters
    buffers = {n for _, ends, _ in line for n in range(ends, ends + after)} if after else set()
    begun = {begins: (ends, one) for begins, ends, one in line}
    found, at = list[Cell[T]](), 0
    while at < shown.quarters:
        if at in begun:
            ends, one = begun[at]
            found.append(Cell(ends - at, _kind(at, off, away, ()), at not in starts, one))
            at = ends
            continue
        kind = _kind(at, off, away, buffers)
        ends = at + 1
        while (
            ends < shown.quarters
            and ends not in starts
            and ends not in begun
            and _kind(ends, off, away, buffers) == kind
        ):
            ends += 1
        found.append(Cell(ends - at, kind, at not in starts, None))
        at = ends
    return found


def _kind(at: int, off: Collection[int], away: Collection[int], buffers: Collection[int]) -> str:
    return "buffer" if at in buffers else "away" if at in away else "off" if at in off else ""


def touched(shown: Window, spans: Iterable[Span]) -> set[int]:
    """The quarters of a window that these times touch."""
    return {n for span in spans if (place := shown.place(span)) for n in range(*place)}


def overlapping(sessions: Sequence[Placed], gap: timedelta) -> dict[int, list[int]]:
    """Which of a manager's sessions leave each other less than the `gap`: ids by id."""
    found: dict[int, list[int]] = {}
    open_ones = sorted((one for one in sessions if one.state in OPEN), key=lambda each: (each.starts_at, each.id))
    spans = [busy(one.starts_at, one.ends_at) for one in open_ones]
    for n, one in enumerate(open_ones):
        for m in range(n + 1, len(open_ones)):
            if overlap(spans[n], spans[m], gap):
                found.setdefault(one.id, []).append(open_ones[m].id)
                found.setdefault(open_ones[m].id, []).append(one.id)
    return found


def booked_time(sessions: Iterable[Placed], within: Span) -> timedelta:
    """How long sessions last within a time, each by itself."""
    return sum((_common(busy(one.starts_at, one.ends_at), within) for one in sessions), timedelta())


def free_parts(work: Sequence[Span], away: Sequence[Span]) -> timedelta:
    """How long somebody works outside of absences."""
    worked = sum((span.ends_at - span.starts_at for span in work), timedelta())
    return worked - sum((_common(span, absence) for span in work for absence in away), timedelta())


def waits(session: Placed) -> bool:
    """Whether nobody has booked it yet."""
    return session.state == State.INITIAL


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Rows by a key, in their order."""
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
