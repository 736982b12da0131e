"""How many of the sessions that are asked for a team can hold at their hours, and how long its people are free besides.

At each moment no more sessions can run than managers are there. Where more are asked for, the one that ends last is
left out: that leaves as many as possible. Working hours, absences and own sessions decide who is there: a session
outside of its manager's hours was agreed with them. Which manager takes what is the plan's business (rules/plan).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from app.depositions.rules import availability
from app.depositions.rules.transitions import Span


class Worker(NamedTuple):
    """A manager: their time, what they keep free between two sessions, and when they have some."""

    zone: str
    gap: timedelta
    hours: Sequence[availability.Hours] = ()
    absences: Sequence[availability.Away] = ()
    booked: Sequence[Span] = ()


class Load(NamedTuple):
    """A session by its id, with the time that it takes from a manager, what is kept free after it included."""

    id: int
    span: Span


def at_work(team: Iterable[Worker], within: Span) -> list[Span]:
    """The working hours of a team without absences; nothing of those whose hours are not known."""
    found: list[Span] = []
    for one in team:
        work = availability.at_work(one.zone, one.hours, within) or []
        found += _without(work, _away(one, within))
    return found


def there(team: Iterable[Worker], within: Span) -> list[Span]:
    """When each of a team can hold a session: at work and in sessions of their own, up to the time after the last."""
    found: list[Span] = []
    for one in team:
        own = [*(availability.at_work(one.zone, one.hours, within) or ()), *one.booked]
        present = _without(own, _away(one, within))
        found += _joined([Span(span.starts_at, span.ends_at + one.gap) for span in present])
    return found


def feasible(loads: Sequence[Load], people: Sequence[Span]) -> set[int]:
    """The sessions that can be held beside each other, by their ids: as many as possible."""
    changes = _changes(people)
    starts = sorted(loads, key=lambda one: (one.span.starts_at, one.id))
    running, dropped = list[Load](), set[int]()
    present = at = 0
    for moment in sorted({*changes, *(one.span.starts_at for one in loads)}):
        present += changes.get(moment, 0)
        running = [one for one in running if one.span.ends_at > moment]
        while at < len(starts) and starts[at].span.starts_at <= moment:
            running.append(starts[at])
            at += 1
        if len(running) > present:
            running.sort(key=lambda one: (one.span.ends_at, one.id))
            dropped |= {one.id for one in running[present:]}
            del running[present:]
    return {one.id for one in loads} - dropped


def free(
    work: Sequence[Span], people: Sequence[Span], loads: Sequence[Load], days: Mapping[int, Span]
) -> dict[int, timedelta]:
    """How long people at work have nothing to do on each of these days, by their keys: hours of one person."""
    working, present = _changes(work), _changes(people)
    taken = _changes([one.span for one in loads])
    edges = sorted(
        {*working, *present, *taken, *(edge for span in days.values() for edge in (span.starts_at, span.ends_at))}
    )
    found, at_work_now, there_now, busy_now = dict.fromkeys(days, timedelta()), 0, 0, 0
    of = sorted(days.items(), key=lambda item: item[1].starts_at)
    at = 0
    for begins, ends in pairwise(edges):
        at_work_now += working.get(begins, 0)
        there_now += present.get(begins, 0)
        busy_now += taken.get(begins, 0)
        while at < len(of) and of[at][1].ends_at <= begins:
            at += 1
        if at < len(of) and of[at][1].starts_at <= begins:
            found[of[at][0]] += (ends - begins) * max(0, min(at_work_now, there_now - busy_now))
    return found


def length(spans: Iterable[Span], within: Span) -> timedelta:
    """How much of these times lies within another."""
    return sum(
        (max(timedelta(), min(span.ends_at, within.ends_at) - max(span.starts_at, within.starts_at)) for span in spans),
        timedelta(),
    )


def _away(one: Worker, within: Span) -> list[Span]:
    # A session may end, with the time after it, on the next day.
    longer = Span(within.starts_at - timedelta(days=2), within.ends_at + timedelta(days=2))
    return [span for _, span in availability.away_during(one.zone, one.absences, longer)]


def _changes(spans: Iterable[Span]) -> dict[datetime, int]:
    """By how many the number of these times grows at each moment."""
    found: dict[datetime, int] = {}
    for span in spans:
        found[span.starts_at] = found.get(span.starts_at, 0) + 1
        found[span.ends_at] = found.get(span.ends_at, 0) - 1
    return found


def _joined(spans: Collection[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.starts_at):
        if found and span.starts_at <= found[-1].ends_at:
            found[-1] = Span(found[-1].starts_at, max(found[-1].ends_at, span.ends_at))
        else:
            found.append(span)
    return found


def _without(spans: Iterable[Span], away: Sequence[Span]) -> Iterator[Span]:
    """The parts of these times outside of others."""
    for span in spans:
        parts = [span]
        for hole in away:
            parts = [
                part
                for each in parts
                for part in (
                    Span(each.starts_at, min(each.ends_at, hole.starts_at)),
                    Span(max(each.starts_at, hole.ends_at), each.ends_at),
                )
                if part.starts_at < part.ends_at
            ]
        yield from parts
