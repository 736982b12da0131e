"""The week of the board: what each manager has on each day, and how much of their time it takes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Response, request

from app.accounts.access import me
from app.dashboard.weeks import week_of
from app.depositions.models import Manager
from app.depositions.queries import board as queries
from app.depositions.queries.board import LoadSession
from app.depositions.rules import availability
from app.depositions.rules import board as rules
from app.depositions.rules.transitions import Span, busy
from app.depositions.views.managers import why_not_edit
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes, normalization
from app.kernel.text.template_filters import pluralize
from app.kernel.web.htmx import respond
from app.kernel.web.live import Live

FAR = timedelta(days=400)
FULL = timedelta(hours=1)
"""A day with less than this free is called full."""


class Load(NamedTuple):
    """A manager's day: sessions, their hours, and the hours at work (None where those are not known)."""

    day: date
    sessions: int
    booked: timedelta
    available: timedelta | None
    away: bool
    overlap: bool

    @property
    def tone(self) -> str:
        if self.overlap or (self.available is not None and self.booked > self.available):
            return "danger"
        return "warn" if self.sessions and self.available is not None and self.available - self.booked < FULL else ""

    @property
    def percent(self) -> float:
        if not self.available:
            return 100 if self.booked else 0
        return min(100.0, self.booked / self.available * 100)

    @property
    def words(self) -> str:
        return _of(self.booked, self.available)


class ManagerWeek(NamedTuple):
    """A manager's week."""

    manager: Manager
    name: str
    days: Sequence[Load]
    words: str


class Waiting(NamedTuple):
    """What waits for a manager on a day: requests, their hours, and the hours that the team has free."""

    day: date
    requests: int
    hours: timedelta
    free: timedelta

    @property
    def tone(self) -> str:
        return "warn" if self.requests and self.hours > self.free else ""


def page(now: datetime, live: Live) -> Response:
    """The week that the address names."""
    zone = me().time_zone
    today = datetimes.local(now, zone).date()
    first, readable = _read_week(request.args["week"], today, week_of(zone).first)
    days = [first + timedelta(days=n) for n in range(7)]
    whole, spans = rules.day_span(first, zone, 7), [rules.day_span(day, zone) for day in days]
    found = queries.load(reading(), whole)
    rows, team = found[: queries.MOST_OF_A_WEEK], queries.team(reading(), whole)
    of = rules.grouped(rows, lambda row: row.manager_id)
    managers = []
    for one in team.managers:
        theirs, gap = of.get(one.id, []), availability.gap(one.buffer_before, one.buffer_after)
        hours, absences = team.hours.get(one.id, ()), team.absences.get(one.id, ())
        loads = [_load(day, span, theirs, one, gap, hours, absences) for day, span in zip(days, spans, strict=True)]
        known = [load.available for load in loads if load.available is not None]
        total = _of(sum((load.booked for load in loads), timedelta()), sum(known, timedelta()) if hours else None)
        managers.append(ManagerWeek(one, normalization.shown(one.name, one.email), loads, total))
    waiting = [_waiting(day, span, rows, managers, n) for n, (day, span) in enumerate(zip(days, spans, strict=True))]
    return respond(
        "depositions/week.html",
        status=200 if readable else 422,
        live=live if readable else None,
        first=first,
        days=days,
        labels=[f"{datetimes.DAYS[day.weekday()]} {day.day}" for day in days],
        today=today,
        weekend=[day for day in days if day.weekday() in week_of(zone).weekend],
        title=_title(days),
        before=first - timedelta(days=7),
        after=first + timedelta(days=7),
        sessions=len([row for row in rows if not rules.waits(row)]),
        managers=managers,
        may_add=not why_not_edit(),
        waiting=waiting,
        waiting_words=_waiting_words(waiting),
        finding=_finding(waiting, managers, today),
        more=len(found) > queries.MOST_OF_A_WEEK,
        most=queries.MOST_OF_A_WEEK,
        unreadable="" if readable else request.args["week"][:40],
    )


def _read_week(text: str, today: date, first: int) -> tuple[date, bool]:
    """The first day of the week that holds a day; of the present one when that cannot be read."""
    day, readable = today, True
    if text not in ("", "now"):
        try:
            day = date.fromisoformat(text)
            readable = date.min + FAR < day < date.max - FAR
        except ValueError:
            readable = False
    day = day if readable else today
    return day - timedelta(days=(day.weekday() - first) % 7), readable


def _title(days: Sequence[date]) -> str:
    """`7–13 Dec 2026`, `30 Nov–6 Dec 2026`."""
    first, last = days[0], days[-1]
    begins = f"{first.day}" if first.month == last.month else f"{first.day} {datetimes.MONTHS[first.month - 1]}"
    begins += f" {first.year}" if first.year != last.year else ""
    return f"{begins}–{last.day} {datetimes.MONTHS[last.month - 1]} {last.year}"


def _load(
    day: date,
    span: Span,
    theirs: Sequence[LoadSession],
    manager: Manager,
    gap: timedelta,
    hours: Sequence[availability.Hours],
    absences: Sequence[availability.Away],
) -> Load:
    mine = [one for one in theirs if span.starts_at <= one.starts_at < span.ends_at]
    work = availability.at_work(manager.zone, hours, span)
    away = [part for _, part in availability.away_during(manager.zone, absences, span)]
    available = None if work is None else rules.free_parts(work, away)
    if work is None and rules.free_parts([span], away) <= timedelta():
        available = timedelta()
    overlaps = rules.overlapping(theirs, gap)
    booked = rules.booked_time(theirs, span)
    return Load(day, len(mine), booked, available, bool(away), any(one.id in overlaps for one in mine))


def _waiting(day: date, span: Span, rows: Sequence[LoadSession], managers: Sequence[ManagerWeek], n: int) -> Waiting:
    asked = [row for row in rows if row.manager_id is None and span.starts_at <= row.starts_at < span.ends_at]
    lengths = [busy(one.starts_at, one.ends_at) for one in asked]
    free = [
        max(timedelta(), available - one.days[n].booked)
        for one in managers
        if (available := one.days[n].available) is not None
    ]
    needed = sum((each.ends_at - each.starts_at for each in lengths), timedelta())
    return Waiting(day, len(asked), needed, sum(free, timedelta()))


def _of(booked: timedelta, available: timedelta | None) -> str:
    """`6 of 8 h`, or `6 h` of somebody whose hours are not known."""
    return f"{_hours(booked)} h" if available is None else f"{_hours(booked)} of {_hours(available)} h"


def _hours(length: timedelta) -> str:
    """`7.5`, without a decimal that is nothing."""
    return f"{length / timedelta(hours=1):.1f}".removesuffix(".0")


def _waiting_words(waiting: Sequence[Waiting]) -> str:
    requests = sum(day.requests for day in waiting)
    hours = sum((day.hours for day in waiting), timedelta())
    return f"{requests} waiting, {_hours(hours)} h" if requests else ""


def _finding(waiting: Sequence[Waiting], managers: Sequence[ManagerWeek], today: date) -> tuple[str, str]:
    """What the week comes to: a sentence in bold, and one with the figures."""
    ahead = [day for day in waiting if day.day >= today]
    short = [day for day in ahead if day.tone]
    if short:
        worst = max(short, key=lambda day: day.hours - day.free)
        n = list(waiting).index(worst)
        away = [one.name for one in managers if one.days[n].away]
        who = f" {_names(away)} {'is' if len(away) == 1 else 'are'} away." if away else ""
        return (
            f"{datetimes.day(worst.day, today)} is short of people.",
            f"{pluralize(worst.requests, 'request waits', 'requests wait')} for {_hours(worst.hours)} h, "
            f"and the managers at work have {_hours(worst.free)} h free.{who}",
        )
    requests = sum(day.requests for day in ahead)
    if requests:
        free = sum((day.free for day in ahead), timedelta())
        hours = sum((day.hours for day in ahead), timedelta())
        return "What waits fits.", (
            f"{pluralize(requests, 'request')} {'needs' if requests == 1 else 'need'} {_hours(hours)} h; "
            f"{_hours(free)} h of the managers at work are free."
        )
    return "Nothing waits for a manager this week." if ahead else "", ""


def _names(names: Sequence[str]) -> str:
    """`Kwame Osei and Tove Lindqvist`; of many the first two and how many more there are."""
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return " and ".join(", ".join(names).rsplit(", ", 1)) if len(names) > 1 else names[0]
