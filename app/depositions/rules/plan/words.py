"""A plan in words: why somebody, what the next best would cost, and why a session finds nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple

from app.depositions.rules.plan.costs import QUARTER, Cost, Hindrance, Ledger, why_not_fit
from app.depositions.rules.plan.facts import Problem, Session
from app.depositions.rules.plan.solver import TIME_LIMIT, solve
from app.depositions.rules.transitions import Span, busy
from app.kernel.text import datetimes
from app.kernel.text.normalization import isolated
from app.kernel.text.template_filters import pluralize

NAMED = 3
"""Managers of whom it is said one by one why they cannot."""
HELPED = 20
"""Sessions without anybody for which it is looked what would help."""
FIRST, LAST = time(7), time(20)
"""The hours between which another one is looked for, on the session's own clock."""


class Choice(NamedTuple):
    """A manager who could take a session instead, beside the rest of the plan: what it costs more, and in words."""

    manager_id: int
    name: str
    more: int
    words: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A session and who is to take it. `others` could take it instead, those who suit best first."""

    session: Session
    manager_id: int
    manager: str
    why: str
    next_best: str
    others: Sequence[Choice]
    pinned: bool


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A session that finds nobody: why, and what would help."""

    session: Session
    why: str
    helps: Sequence[str]
    pinned: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is proposed. `doubt` says how far it may be from the best, where the time did not suffice to know."""

    proposals: Sequence[Proposal]
    unplaced: Sequence[Unplaced]
    doubt: str


def propose(problem: Problem, time_limit: float = TIME_LIMIT) -> Plan:
    """The best plan for these sessions, in words, each by its start."""
    if not problem.sessions:
        return Plan((), (), "")
    ledger = Ledger(problem)
    assignment = solve(ledger, time_limit)
    for id, one in sorted(assignment.managers.items()):
        ledger.add(id, one)
    proposals, unplaced = list[Proposal](), list[Unplaced]()
    for session in sorted(problem.sessions, key=lambda one: (one.starts_at, one.id)):
        if session.id in assignment.managers:
            proposals.append(_proposal(ledger, session))
        else:
            unplaced.append(_unplaced(ledger, session, helped=len(unplaced) < HELPED))
    return Plan(proposals, unplaced, _doubt(assignment.missing, assignment.dearer))


def _doubt(missing: int, dearer: int) -> str:
    if missing:
        more = pluralize(missing, "session")
        return (
            f"Time ran out before this was known to be the best plan: another may find somebody for up to {more} more."
        )
    if dearer:
        return (
            "Time ran out before this was known to be the best plan: each finds as many, but another may suit better, "
            f"by at most {pluralize(dearer, 'point')}."
        )
    return ""


def _proposal(ledger: Ledger, session: Session) -> Proposal:
    id, chosen = session.id, ledger.managers[session.id]
    ledger.remove(id)
    costs = ledger.costs(id, chosen)
    points = sum(cost.points for cost in costs)
    others = []
    for one, their in ledger.times.items():
        if one != chosen and ledger.may(id, one):
            theirs = ledger.costs(id, one)
            more = sum(cost.points for cost in theirs) - points
            others.append(Choice(one, their.candidate.name, more, _compared(ledger, id, costs, theirs, chosen, one)))
    others.sort(key=lambda choice: (choice.more, choice.name, choice.manager_id))
    why = _why(ledger, id, chosen, costs)
    ledger.add(id, chosen)
    pinned = ledger.problem.pinned.get(id) == chosen
    return Proposal(
        session,
        chosen,
        ledger.times[chosen].candidate.name,
        why,
        _next_best(ledger, id, others),
        others,
        pinned,
    )


def _why(ledger: Ledger, id: int, chosen: int, costs: Sequence[Cost]) -> str:
    """`asked for, managed this case before, 2 h that day; but a short break`."""
    *against, load = [cost for cost in costs if cost.points or cost is costs[-1]]
    drawbacks = [cost.words for cost in against]
    merits = [*(ledger.merits(id, chosen) or ["free"]), load.words]
    return ", ".join(merits) + (f"; but {', '.join(drawbacks)}" if drawbacks else "")


def _compared(ledger: Ledger, id: int, costs: Sequence[Cost], theirs: Sequence[Cost], chosen: int, one: int) -> str:
    """What is worse with another manager: what they cost and the chosen one does not, and what speaks for that one."""
    mine = {cost.words for cost in costs[:-1]}
    found = [cost.words for cost in theirs[:-1] if cost.words not in mine]
    if theirs[-1].points > costs[-1].points:
        found.append(theirs[-1].words)
    merits = set(ledger.merits(id, one))
    lost = [merit for merit in ledger.merits(id, chosen) if merit not in merits and merit != "asked for"]
    if not found and lost:
        found = [f"not the one who {lost[0]}" if lost[0].startswith(("managed", "speaks", "takes")) else lost[0]]
    return ", ".join(found)


def _next_best(ledger: Ledger, id: int, others: Sequence[Choice]) -> str:
    if not others:
        left = [one for one in ledger.times if one != ledger.managers[id]]
        return f"Nobody else could: {_hindrances(ledger, id, left)}." if left else "There is nobody else in the roster."
    best = others[0]
    if best.more <= 0:
        return f"{isolated(best.name)} would suit as well."
    return f"Next best: {isolated(best.name)} ({best.words or 'a little less well'})."


def _unplaced(ledger: Ledger, session: Session, helped: bool) -> Unplaced:
    offered = list(ledger.offered(session.id))
    pinned = session.id in ledger.problem.pinned
    if not ledger.times:
        return Unplaced(session, "there is nobody in the roster", ["Add managers to the roster."], pinned)
    if not offered:
        return Unplaced(session, "who is pinned cannot be chosen", ["Unpin it."], pinned)
    why = _hindrances(ledger, session.id, offered)
    helps = list(_helps(ledger, session, offered)) if helped else []
    return Unplaced(session, why, [*(["Unpin it."] if pinned else []), *helps], pinned)


def _hindrances(ledger: Ledger, id: int, managers: Sequence[int]) -> str:
    """Why these cannot take a session: one by one of a few, counted of many."""
    if len(managers) <= NAMED:
        return "; ".join(
            f"{isolated(ledger.times[one].candidate.name)} {_hindrance(ledger, id, one)}" for one in managers
        )
    kinds = [ledger.fits[id][one].hindrance or Hindrance.BUSY for one in managers]
    counted = {kind: kinds.count(kind) for kind in Hindrance}
    words = {
        Hindrance.AWAY: ("is away", "are away"),
        Hindrance.BUSY: ("has another session then or too near to it", "have other sessions then or too near to it"),
        Hindrance.ROOM: ("has no room of their own", "have no room of their own"),
    }
    return ", ".join(f"{n} {words[kind][n > 1]}" for kind, n in counted.items() if n)


def _hindrance(ledger: Ledger, id: int, one: int) -> str:
    why_not = ledger.fits[id][one].why_not
    if why_not:
        return why_not
    taken = ledger.taken(id, one)
    return (
        f"takes {isolated(ledger.sessions[taken].session.name)} then"
        if taken is not None
        else "is free, but was left out"
    )


def _helps(ledger: Ledger, session: Session, offered: Sequence[int]) -> Iterator[str]:
    """What would help: another hour of that day, another session that goes without, a room."""
    hour = next(_free_hours(ledger, session, offered), None)
    if hour is not None:
        moment, name = hour
        at = datetimes.hour(datetimes.local(moment, session.zone), session.zone)
        yield f"At {at} {isolated(name)} would be free."
    for one in offered:
        taken = ledger.taken(session.id, one)
        if taken is not None and not ledger.fits[session.id][one].why_not:
            other = ledger.sessions[taken].session
            name = isolated(ledger.times[one].candidate.name)
            yield f"{name} could take it if {isolated(other.name)} were dropped."
            break
    without = [one for one in offered if ledger.fits[session.id][one].hindrance is Hindrance.ROOM]
    if without:
        yield f"Write a room for {isolated(ledger.times[without[0]].candidate.name)} in the roster."


def _free_hours(ledger: Ledger, session: Session, offered: Sequence[int]) -> Iterator[tuple[datetime, str]]:
    """Hours of its day at which somebody at work is free beside the plan, the nearest first."""
    span = busy(session.starts_at, session.ends_at)
    length, day = span.ends_at - span.starts_at, datetimes.local(span.starts_at, session.zone).date()
    for n in range(1, 4 * 13):
        for moment in (span.starts_at - n * QUARTER, span.starts_at + n * QUARTER):
            wall = datetimes.local(moment, session.zone)
            ends = datetimes.local(moment + length, session.zone)
            if wall.date() != day or ends.date() != day or wall.time() < FIRST or ends.time() > LAST:
                continue
            other = Span(moment, moment + length)
            for one in offered:
                their = ledger.times[one]
                if not their.outside(other) and not why_not_fit(session, their, other)[0] and _free(ledger, one, other):
                    yield moment, their.candidate.name


def _free(ledger: Ledger, one: int, span: Span) -> bool:
    gap = ledger.times[one].candidate.gap
    return not any(
        span.starts_at < other.ends_at + gap and other.starts_at < span.ends_at + gap for other in ledger.theirs(one)
    )
