"""The next business days of the team: what is booked, waits and is expected, and what can be held; in words too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app.depositions.rules.board import day_span, grouped, waits
from app.depositions.rules.capacity import feasible
from app.depositions.rules.capacity.feasible import Load, Worker
from app.depositions.rules.capacity.forecast import ENOUGH, WEEKS, Expected, Forecast
from app.depositions.rules.transitions import LENGTH_UNKNOWN, Span, busy
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

DAYS = 15
"""Business days that are looked at."""


class Asked(Protocol):
    """What is read of a request or session ahead. `manager_id` is its row of the roster."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def manager_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Day:
    """A business day. `feasible` are those of its sessions that can be held at their hours, `room` how many more of the
    usual length then fit; at the hours of `alone` nobody is there. `at_work` are the hours of managers without
    absences, `taken` those that sessions take."""

    day: date
    booked: int
    waiting: int
    feasible: int
    room: int
    alone: int
    at_work: timedelta
    taken: timedelta
    expected: Expected | None = None

    @property
    def asked(self) -> int:
        return self.booked + self.waiting

    @property
    def possible(self) -> int:
        """How many can be held: all that are asked for and what then fits, or as many of them as can."""
        return self.feasible if self.feasible < self.asked else self.feasible + self.room

    @property
    def short(self) -> bool:
        """Whether not all that are asked for can be held."""
        return self.feasible < self.asked

    @property
    def may_be_short(self) -> bool:
        """Whether what is expected may pass what can be held, once in ten times or more often."""
        return self.short or (self.expected is not None and self.asked + self.expected.high > self.possible)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The days that are looked at. `known` are the requests of the last weeks; `hours_known` whether anybody's working
    hours are."""

    days: Sequence[Day]
    known: int
    hours_known: bool

    @property
    def expects(self) -> bool:
        return any(day.expected for day in self.days)


def capacity(
    sessions: Sequence[Asked],
    team: Mapping[int, Worker],
    forecast: Forecast,
    days: Sequence[date],
    now: datetime,
    zone: str,
) -> Capacity:
    """The capacity of these business days. `team` is by the ids of the roster; days are those of `zone`."""
    spans = {n: day_span(day, zone) for n, day in enumerate(days)}
    if not spans:
        return Capacity((), forecast.known, False)
    left = {n: Span(max(span.starts_at, now), max(span.ends_at, now)) for n, span in spans.items()}
    within = Span(now, max(span.ends_at for span in spans.values()))
    usual_gap = sorted(one.gap for one in team.values())[len(team) // 2] if team else timedelta()
    of = grouped(sessions, lambda one: one.manager_id)
    people = [
        one._replace(booked=[busy(each.starts_at, each.ends_at) for each in of.get(id, ())]) for id, one in team.items()
    ]
    loads = []
    for one in sessions:
        manager = team.get(one.manager_id or 0)
        gap = manager.gap if manager else usual_gap
        span = busy(one.starts_at, one.ends_at)
        if span.ends_at > now:
            loads.append(Load(one.id, Span(span.starts_at, span.ends_at + gap)))
    there, work = feasible.there(people, within), feasible.at_work(people, within)
    can = feasible.feasible(loads, there)
    kept = [load for load in loads if load.id in can]
    free = feasible.free(work, there, kept, left)
    lengths = [load.span.ends_at - load.span.starts_at for load in loads]
    usual = sum(lengths, timedelta()) / len(lengths) if lengths else LENGTH_UNKNOWN + usual_gap
    missing = {load.id: load.span for load in loads if load.id not in can}
    found = []
    for n, span in spans.items():
        begun = [one for one in sessions if span.starts_at <= one.starts_at < span.ends_at]
        waiting = sum(waits(one) for one in begun)
        present = [part for part in there if part.starts_at < span.ends_at and part.ends_at > span.starts_at]
        found.append(
            Day(
                days[n],
                len(begun) - waiting,
                waiting,
                sum(one.id not in missing for one in begun),
                free[n] // usual,
                sum(_nobody(missing[one.id], present) for one in begun if one.id in missing),
                feasible.length(work, left[n]),
                feasible.length([load.span for load in loads], left[n]),
                forecast.expected(days[n]),
            )
        )
    return Capacity(found, forecast.known, any(one.hours for one in team.values()))


def _nobody(span: Span, people: Sequence[Span]) -> bool:
    """Whether nobody is there from the beginning of a time to its end."""
    return not any(one.starts_at <= span.starts_at and span.ends_at <= one.ends_at for one in people)


def sentence(day: Day, near: date) -> str:
    """`Thu 10 Dec: 7 asked for, 5 can be held.`, of a day on which not all can."""
    return f"{day_name(day, near)}: {asked_words(day)}."


def day_name(day: Day, near: date) -> str:
    """`Thu 10 Dec`, or `Today`."""
    return "Today" if day.day == near else datetimes.day(day.day, near)


def asked_words(day: Day) -> str:
    """`7 asked for, 5 can be held`."""
    return f"{day.asked:,} asked for, {day.possible:,} can be held"


def finding(found: Capacity, today: date) -> str:
    """What the days come to, in a few sentences."""
    if not found.hours_known:
        text = "No manager has working hours in the roster, so what can be held is not known."
    elif short := worst(found):
        text = sentence(short, today)
        if short.alone:
            text += f" {short.alone:,} {'is' if short.alone == 1 else 'are'} for hours at which nobody is there."
        others = sum(day.short for day in found.days) - 1
        text += f" {pluralize(others, 'more day is', 'more days are')} short." if others else ""
    else:
        text = "All that is asked for can be held."
        tight = [day for day in found.days if day.may_be_short and day.expected]
        if tight:
            text += f" {_tight(max(tight, key=_excess), today)}"
    if not found.expects:
        requests = pluralize(found.known, "request")
        text += f" Too little history to expect more: {requests} in {WEEKS} weeks, {ENOUGH} are needed."
    return text


def worst(found: Capacity) -> Day | None:
    """The day on which most that are asked for cannot be held, the first of several."""
    short = [day for day in found.days if day.short] if found.hours_known else []
    return max(short, key=lambda day: day.asked - day.feasible, default=None)


def _excess(day: Day) -> float:
    return day.asked + (day.expected.mean if day.expected else 0.0) - day.possible


def _tight(day: Day, near: date) -> str:
    more = expected_words(day.expected) if day.expected else ""
    known = f"{day.asked:,} asked for, {more} more expected"
    return f"{day_name(day, near)} may be short: {known}, {day.possible:,} can be held."


def expected_words(expected: Expected) -> str:
    """`about 3 (1 to 5)`: the mean, rounded, and the band."""
    mean = f"{expected.mean:,.0f}" if expected.mean >= 10 else f"{expected.mean:.1f}".removesuffix(".0")
    return f"{mean} ({expected.low:,} to {expected.high:,})"
