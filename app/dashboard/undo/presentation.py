"""Holds in sentences: for the one who pressed, and for everybody who would decide meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape

from app.dashboard.undo.models import State


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
class Line:
    """One line of the bar. `left` of `total` seconds; `milliseconds` left, for the countdown."""

    id: UUID
    url: str
    stands: str
    title: str
    note: str
    left: int = 0
    total: int = 0
    milliseconds: int = 0


def is_final(hold: Any, now: datetime) -> bool:
    """Whether its time is over: final then, also while nobody has written it down yet."""
    return hold.state == State.HELD and hold.final_at <= now


def seconds_left(hold: Any, now: datetime) -> int:
    """Whole seconds until it is final, begun ones counted."""
    return max(0, ceil((hold.final_at - now) / timedelta(seconds=1)))


def bar(holds: Iterable[Any], now: datetime) -> list[Line]:
    """What stands on somebody's bar: first what can be undone, each the newest first."""
    return sorted((_line(hold, now) for hold in holds), key=lambda line: line.stands != State.HELD)


def _line(hold: Any, now: datetime) -> Line:
    verb = VERBS[hold.kind]
    if hold.state in (State.OVERTAKEN, State.RETURNED):
        title = f"Your {verb.noun} of {hold.name} was not written"
        return Line(hold.id, hold.url, hold.state, title, hold.why or "")
    if is_final(hold, now):
        title = f"{hold.name} is {verb.done}"
        return Line(hold.id, hold.url, "lapsed", title, "This is final. It is being written down and sent.")
    total = round((hold.final_at - hold.pressed_at) / timedelta(seconds=1))
    left = min(seconds_left(hold, now), total)
    milliseconds = ceil((hold.final_at - now) / timedelta(milliseconds=1))
    note = "Nothing is written or sent before then. After that it is final."
    return Line(hold.id, hold.url, "held", f"{verb.doing} {hold.name}", note, left, total, milliseconds)


def mark(hold: Any, now: datetime, person_id: int | None = None) -> str:
    """In a row: `Ana Ruiz approves this, final in 18 s`."""
    who, verb = hold.actor["name"], VERBS[hold.kind]
    if hold.person_id == person_id:
        if is_final(hold, now):
            return f"You {verb.done} this"
        return f"You {hold.kind} this, final in {seconds_left(hold, now)} s"
    if is_final(hold, now):
        return f"{who} {verb.done} this"
    return f"{who} {verb.does} this, final in {seconds_left(hold, now)} s"


def ticking(text: str, hold: Any, now: datetime) -> Markup:
    """A sentence of `mark` or `refusal` whose seconds go on in the browser (static/js/undo.js)."""
    left = seconds_left(hold, now)
    milliseconds = max(0, ceil((hold.final_at - now) / timedelta(milliseconds=1)))
    counting = Markup('in <span data-remaining="{}">{}</span> s').format(milliseconds, left)
    return escape(text).replace(f"in {left} s", counting)


def refusal(hold: Any, now: datetime, person_id: int | None = None) -> str:
    """Why nobody else may decide now: the guard's sentence and the reason beside disabled buttons."""
    who, verb = hold.actor["name"], VERBS[hold.kind]
    mine = hold.person_id == person_id
    if is_final(hold, now):
        return f"{'You have' if mine else f'{who} has'} {verb.done} this. It is final and being written down."
    left = seconds_left(hold, now)
    if mine:
        return f"You {hold.kind} this; it is final in {left} s. Undo that first if you want to decide otherwise."
    return f"{who} {verb.does} this; it is final in {left} s. You can decide if {who} undoes it before then."


def too_late(hold: Any, now: datetime) -> str:
    """Why it cannot be undone any more."""
    if hold.state in (State.OVERTAKEN, State.RETURNED):
        return f"There was nothing left to undo. {hold.why}"
    ago = max(1, int((now - hold.final_at) / timedelta(seconds=1)))
    words = f"{ago} s ago" if ago < 100 else f"at {hold.final_at:%H:%M} UTC"
    return f"It was too late to undo: {hold.name} was {VERBS[hold.kind].done}, finally, {words}. Nothing was changed."


def undone(hold: Any) -> str:
    """What is so after an undo."""
    return f"Undone. {hold.name} waits for a decision again; nobody was told."
