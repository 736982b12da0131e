"""Pending decisions in sentences: for the user who decided, and for everybody who would decide meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from markupsafe import Markup, escape

from app.dashboard.undo.models import Decision, State


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb in the forms that sentences need."""

    doing: str
    does: str
    done: str
    noun: str


VERBS = {
    "approve": Verb("Approving", "approves", "approved", "approval"),
    "deny": Verb("Denying", "denies", "denied", "denial"),
}


@dataclass(frozen=True, slots=True)
class BarEntry:
    """An entry of the bar. `left` of `total` seconds; `milliseconds` left, for the countdown."""

    id: UUID
    url: str
    stands: str
    title: str
    note: str
    left: int = 0
    total: int = 0
    milliseconds: int = 0


def is_final(decision: Decision, now: datetime) -> bool:
    """Whether its time is over: it is final then, also while it is not carried out yet."""
    return decision.state == State.PENDING and decision.final_at <= now


def seconds_left(decision: Decision, now: datetime) -> int:
    """Whole seconds until it is final, begun ones counted."""
    return max(0, ceil((decision.final_at - now) / timedelta(seconds=1)))


def bar(decisions: Iterable[Decision], now: datetime) -> list[BarEntry]:
    """The lines of a bar: first what can be undone, each the newest first."""
    return sorted((_line(decision, now) for decision in decisions), key=lambda line: line.stands != State.PENDING)


def _line(decision: Decision, now: datetime) -> BarEntry:
    verb = VERBS[decision.kind]
    if decision.state in (State.OVERTAKEN, State.RETURNED):
        title = f"Your {verb.noun} of {decision.name} was not written"
        return BarEntry(decision.id, decision.url, decision.state, title, decision.why or "")
    if is_final(decision, now):
        title = f"{decision.name} is {verb.done}"
        return BarEntry(decision.id, decision.url, "lapsed", title, "This is final. It is being carried out.")
    total = round((decision.final_at - decision.pressed_at) / timedelta(seconds=1))
    left = min(seconds_left(decision, now), total)
    milliseconds = ceil((decision.final_at - now) / timedelta(milliseconds=1))
    note = "Nothing is written or sent before then. After that it is final."
    return BarEntry(decision.id, decision.url, "held", f"{verb.doing} {decision.name}", note, left, total, milliseconds)


def mark(decision: Decision, now: datetime, person_id: int | None = None) -> str:
    """In a row: `Ana Ruiz approves this, final in 18 s`."""
    who, verb = decision.actor["name"], VERBS[decision.kind]
    if decision.person_id == person_id:
        if is_final(decision, now):
            return f"You {verb.done} this"
        return f"You {decision.kind} this, final in {seconds_left(decision, now)} s"
    if is_final(decision, now):
        return f"{who} {verb.done} this"
    return f"{who} {verb.does} this, final in {seconds_left(decision, now)} s"


def ticking(text: str, decision: Decision, now: datetime) -> Markup:
    """A sentence of `mark` or `refusal` whose seconds go on in the browser (static/js/undo.js)."""
    left = seconds_left(decision, now)
    milliseconds = max(0, ceil((decision.final_at - now) / timedelta(milliseconds=1)))
    counting = Markup('in <span data-remaining="{}">{}</span> s').format(milliseconds, left)
    return escape(text).replace(f"in {left} s", counting)


def refusal(decision: Decision, now: datetime, person_id: int | None = None) -> str:
    """Why no other user may decide now: the guard's sentence and the reason beside disabled buttons."""
    who, verb = decision.actor["name"], VERBS[decision.kind]
    mine = decision.person_id == person_id
    if is_final(decision, now):
        return f"{'You have' if mine else f'{who} has'} {verb.done} this. It is final and being carried out."
    left = seconds_left(decision, now)
    if mine:
        return f"You {decision.kind} this; it is final in {left} s. Undo that first if you want to decide otherwise."
    return f"{who} {verb.does} this; it is final in {left} s. You can decide if {who} undoes it before then."


def too_late(decision: Decision, now: datetime) -> str:
    """Why it cannot be undone any more."""
    if decision.state in (State.OVERTAKEN, State.RETURNED):
        return f"There was nothing left to undo. {decision.why}"
    ago = max(1, int((now - decision.final_at) / timedelta(seconds=1)))
    words = f"{ago} s ago" if ago < 100 else f"at {decision.final_at:%H:%M} UTC"
    done = VERBS[decision.kind].done
    return f"It was too late to undo: {decision.name} was {done}, finally, {words}. Nothing was changed."


def undone(decision: Decision) -> str:
    """What is so after an undo."""
    return f"Undone. {decision.name} waits for a decision again; nothing was sent."
