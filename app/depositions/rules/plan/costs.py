"""What a manager costs for a session, in points and in words; and why they cannot take it at all.

Hard are absences, the time between two sessions, one place at a time, and having no room. The rest costs points: more
of them suit worse. All are whole numbers, counted in quarters of an hour, so that plans that suit alike are equal.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.depositions.rules import availability, rooms
from app.depositions.rules.plan.facts import Candidate, Problem, Session
from app.depositions.rules.transitions import Span, busy
from app.kernel.text import datetimes
from app.kernel.text.normalization import isolated
from app.kernel.text.template_filters import pluralize

PREFERENCE = 40
"""Somebody else was asked for."""
LANGUAGE, LANGUAGE_UNKNOWN = 25, 8
"""A language of the session is not among theirs; theirs are not known."""
CASE = 12
"""One manager more for a case."""
PROVIDER = 10
"""Their room is at another provider."""
OUTSIDE, OUTSIDE_QUARTER = 6, 4
"""Some of it lies outside of their working hours; each quarter of an hour that does."""
SHORT_BREAK = 3
"""Less than SHORT between two sessions."""
SHORT = timedelta(minutes=30)
LOAD = ((16, 1), (24, 2), (32, 4), (None, 10))
"""What a quarter of an hour costs on a day that is filled up to so many: 1 up to four hours, and ever more."""
QUARTER = timedelta(minutes=15)


class Cost(NamedTuple):
    """Points, and why in a few words."""

    points: int
    words: str


class Hindrance(StrEnum):
    """Why somebody cannot take a session at all."""

    AWAY = "away"
    BUSY = "busy"
    ROOM = "room"


class Fit(NamedTuple):
    """What is known of a manager for a session before anything is planned: `why_not`, or what it costs.

    `hindrance` is of which kind `why_not` is. `day` is the day that it loads, on the manager's calendar; `merits` say
    what speaks for them.
    """

    hindrance: "Hindrance | None"
    why_not: str
    costs: tuple[Cost, ...]
    merits: tuple[str, ...]
    day: date

    @property
    def points(self) -> int:
        return sum(cost.points for cost in self.costs)


def length(session: Session) -> int:
    """Quarters of an hour that a session takes, begun ones counted."""
    span = busy(session.starts_at, session.ends_at)
    return -((span.starts_at - span.ends_at) // QUARTER)


def quarters(span: Span) -> int:
    return -((span.starts_at - span.ends_at) // QUARTER)


def load_cost(before: int, added: int) -> int:
    """What `added` quarters cost on a day that has so many before."""
    return _load(before + added) - _load(before)


def _load(total: int) -> int:
    points, at = 0, 0
    for ends, price in LOAD:
        taken = total - at if ends is None else min(total, ends) - at
        if taken <= 0:
            break
        points, at = points + taken * price, at + taken
    return points


class Time:
    """A manager of a problem with their time in order, so that many sessions are judged at little price."""

    def __init__(self, candidate: Candidate, horizon: Span) -> None:
        self.candidate = candidate
        self.booked = sorted((*candidate.booked, *candidate.offered), key=lambda span: span.starts_at)
        self._starts = [span.starts_at for span in self.booked]
        self._longest = max((span.ends_at - span.starts_at for span in self.booked), default=timedelta())
        self._work = availability.at_work(candidate.zone, candidate.hours, horizon)
        self._away = availability.away_during(candidate.zone, candidate.absences, horizon)
        self.load: dict[date, int] = {}
        for span in candidate.booked:
            day = self.day(span.starts_at)
            self.load[day] = self.load.get(day, 0) + quarters(span)

    def day(self, moment: datetime) -> date:
        return datetimes.local(moment, self.candidate.zone).date()

    def near(self, span: Span, within: timedelta) -> Iterator[Span]:
        """The booked sessions that lie so near to a time."""
        at = bisect_left(self._starts, span.starts_at - within - self._longest)
        while at < len(self.booked) and self.booked[at].starts_at < span.ends_at + within:
            if self.booked[at].ends_at > span.starts_at - within:
                yield self.booked[at]
            at += 1

    def away(self, span: Span) -> availability.Away | None:
        return next((one for one, part in self._away if _overlap(part, span)), None)

    def outside(self, span: Span) -> int:
        """Quarters of a time that lie outside of their working hours."""
        if self._work is None:
            return 0
        inside = sum(
            (
                min(part.ends_at, span.ends_at) - max(part.starts_at, span.starts_at)
                for part in self._work
                if _overlap(part, span)
            ),
            timedelta(),
        )
        return -((inside - (span.ends_at - span.starts_at)) // QUARTER)


def fit(problem: Problem, session: Session, their: Time, preferred: str) -> Fit:
    """What a manager is to a session. `preferred` is the name that was asked for, where the team has it."""
    one, span = their.candidate, busy(session.starts_at, session.ends_at)
    day = their.day(span.starts_at)
    hindrance, why_not = why_not_fit(session, their, span)
    if hindrance:
        return Fit(hindrance, why_not, (), (), day)
    costs, merits = list[Cost](), list[str]()
    if preferred:
        if one.name.casefold() == preferred:
            merits.append("asked for")
        else:
            costs.append(Cost(PREFERENCE, f"{isolated(session.preferred)} was asked for"))
    if session.languages:
        missing = session.languages - one.languages
        if not one.languages:
            costs.append(Cost(LANGUAGE_UNKNOWN, "languages not known"))
        elif missing:
            costs.append(Cost(LANGUAGE * len(missing), "does not speak the language"))
        elif session.languages != {"en"}:
            merits.append("speaks the language")
    if session.needs_room and rooms.room_of(one.templates, session.provider) is None:
        costs.append(Cost(PROVIDER, f"no room at {session.provider}"))
    outside = their.outside(span)
    if outside:
        words = availability.why_away(one.zone, one.hours, (), span)
        costs.append(Cost(OUTSIDE + OUTSIDE_QUARTER * outside, words or "outside of working hours"))
    close = sum(short_break(span, other) for other in their.near(span, SHORT))
    if close:
        costs.append(Cost(SHORT_BREAK * close, "a short break"))
    return Fit(None, "", tuple(costs), tuple(merits), day)


def why_not_fit(session: Session, their: Time, span: Span) -> tuple[Hindrance | None, str]:
    """Why a manager cannot take a session at this time at all, with its kind; nothing when they can."""
    away = their.away(span)
    if away:
        return Hindrance.AWAY, f"is {availability.absence_words(away, their.day(span.starts_at))}"
    taken = next(their.near(span, their.candidate.gap), None)
    if taken:
        hours = datetimes.span(taken.starts_at, taken.ends_at, session.zone, span.starts_at)
        kept = taken not in their.candidate.booked
        return Hindrance.BUSY, f"keeps {hours} for a session that may move" if kept else f"has a session {hours}"
    if session.needs_room and not their.candidate.templates:
        return Hindrance.ROOM, "has no room of their own"
    return None, ""


def short_break(one: Span, other: Span) -> bool:
    """Whether two sessions that do not overlap leave less than SHORT between them."""
    return one.starts_at < other.ends_at + SHORT and other.starts_at < one.ends_at + SHORT


def _overlap(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


class Placed(NamedTuple):
    """A session with the time that it takes."""

    session: Session
    span: Span


class Ledger:
    """What a plan costs while it is made: each session that is given to somebody, and the price of the next one.

    The cost of a plan is the sum of what its sessions cost when they were added, whatever their order.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        spans = [busy(one.starts_at, one.ends_at) for one in problem.sessions]
        day = timedelta(days=2)
        horizon = Span(min(span.starts_at for span in spans) - day, max(span.ends_at for span in spans) + day)
        self.times = {one.id: Time(one, horizon) for one in problem.team}
        self.sessions = {one.id: Placed(one, span) for one, span in zip(problem.sessions, spans, strict=True)}
        names = {one.name.casefold() for one in problem.team}
        self.fits: dict[int, dict[int, Fit]] = {}
        for one in problem.sessions:
            wanted = one.preferred.strip().casefold()
            preferred = wanted if wanted in names else ""
            self.fits[one.id] = {id: fit(problem, one, their, preferred) for id, their in self.times.items()}
        self.managers: dict[int, int] = {}
        self._theirs: dict[int, dict[int, Span]] = {one.id: {} for one in problem.team}
        self._added: dict[tuple[int, date], int] = {}
        self._cases: dict[int, dict[int, int]] = {}
        self.leads = {**self._leads(), **problem.managed}

    def _leads(self) -> dict[int, frozenset[int]]:
        """Who is to take the cases of several sessions that nobody has managed yet: who can take most of them at the
        lowest price, counting what they have and were given here. So each day of a case can be planned by itself."""
        cases: dict[int, list[int]] = {}
        for id, (session, _) in self.sessions.items():
            if session.case not in self.problem.managed:
                cases.setdefault(session.case, []).append(id)
        given = dict.fromkeys(self.times, 0)
        found = {}
        for case, ids in sorted(cases.items()):
            if len(ids) < 2 or not self.times:
                continue

            def order(one: int, ids: Sequence[int] = ids) -> tuple[int, int, int]:
                fits = [self.fits[id][one] for id in ids]
                able = sum(not fit.why_not for fit in fits)
                return -able, sum(fit.points for fit in fits) + given[one], one

            lead = min(self.times, key=order)
            given[lead] += sum(quarters(self.sessions[id].span) for id in ids)
            found[case] = frozenset((lead,))
        return found

    def may(self, session_id: int, manager_id: int) -> bool:
        """Whether the manager is free for it beside what they have been given."""
        return not self.fits[session_id][manager_id].why_not and self.taken(session_id, manager_id) is None

    def offered(self, session_id: int) -> Iterable[int]:
        """The managers that are considered: the one who is pinned, or all."""
        pinned = self.problem.pinned.get(session_id)
        return self.fits[session_id] if pinned is None else [pinned] if pinned in self.times else []

    def taken(self, session_id: int, manager_id: int) -> int | None:
        """The session of the plan that leaves the manager no time for this one."""
        span, gap = self.sessions[session_id].span, self.times[manager_id].candidate.gap
        for id, other in self._theirs[manager_id].items():
            if id != session_id and span.starts_at < other.ends_at + gap and other.starts_at < span.ends_at + gap:
                return id
        return None

    def theirs(self, manager_id: int) -> Iterable[Span]:
        """When a manager has what they were given."""
        return self._theirs[manager_id].values()

    def fixed(self, session_id: int, manager_id: int) -> list[Cost]:
        """What a manager costs for a session whatever else is given to them, in parts."""
        case = self.sessions[session_id].session.case
        leads, found = self.leads.get(case, frozenset()), list(self.fits[session_id][manager_id].costs)
        if leads and manager_id not in leads:
            known = case in self.problem.managed
            lead = "" if known else next(self.times[one].candidate.name for one in leads)
            found.append(Cost(CASE, "new to the case" if known else f"{isolated(lead)} takes others of this case"))
        return found

    def costs(self, session_id: int, manager_id: int) -> list[Cost]:
        """What it costs to give a session to a manager beside what is given already, in parts; the last is that
        of their day."""
        span, fit = self.sessions[session_id].span, self.fits[session_id][manager_id]
        found = self.fixed(session_id, manager_id)
        close = sum(short_break(span, other) for other in self._theirs[manager_id].values())
        if close:
            found.append(Cost(SHORT_BREAK * close, "a short break"))
        before, added = self.load(manager_id, fit.day), quarters(span)
        hours = datetimes.duration((before + added) * QUARTER)
        found.append(Cost(load_cost(before, added), f"{hours} that day"))
        return found

    def price(self, session_id: int, manager_id: int) -> int:
        return sum(cost.points for cost in self.costs(session_id, manager_id))

    def load(self, manager_id: int, day: date) -> int:
        """Quarters that a manager has on a day."""
        return self.times[manager_id].load.get(day, 0) + self._added.get((manager_id, day), 0)

    def merits(self, session_id: int, manager_id: int) -> list[str]:
        """What speaks for a manager, in words."""
        session, fit = self.sessions[session_id].session, self.fits[session_id][manager_id]
        others = self._cases.get(session.case, {}).get(manager_id, 0)
        found = list(fit.merits)
        if manager_id in self.problem.managed.get(session.case, frozenset()):
            found.append("managed this case before")
        elif others:
            found.append(f"takes {pluralize(others, 'other')} of this case")
        return found

    def add(self, session_id: int, manager_id: int) -> int:
        """Gives a session to a manager. Returns what that costs."""
        points = self.price(session_id, manager_id)
        session, span = self.sessions[session_id]
        day = (manager_id, self.fits[session_id][manager_id].day)
        self.managers[session_id] = manager_id
        self._theirs[manager_id][session_id] = span
        self._added[day] = self._added.get(day, 0) + quarters(span)
        case = self._cases.setdefault(session.case, {})
        case[manager_id] = case.get(manager_id, 0) + 1
        return points

    def remove(self, session_id: int) -> int:
        """Takes a session back. Returns what that saves."""
        session, span = self.sessions[session_id]
        manager_id = self.managers.pop(session_id)
        day = (manager_id, self.fits[session_id][manager_id].day)
        del self._theirs[manager_id][session_id]
        self._added[day] -= quarters(span)
        case = self._cases[session.case]
        case[manager_id] -= 1
        if not case[manager_id]:
            del case[manager_id]
        return self.price(session_id, manager_id)


def cost(problem: Problem, managers: Mapping[int, int]) -> int | None:
    """What a whole plan costs; None for one that is not possible."""
    if not problem.sessions:
        return 0
    ledger, total = Ledger(problem), 0
    for session_id, manager_id in managers.items():
        if manager_id not in ledger.offered(session_id) or not ledger.may(session_id, manager_id):
            return None
        total += ledger.add(session_id, manager_id)
    return total
