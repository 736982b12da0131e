"""Questions of the team to an organization about a deposition, with prepared answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.depositions.models import BOOKED, State
from app.depositions.rules.new_request import Start, parse_start
from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.text.normalization import is_blank
from app.kernel.text.time_zones import clock12

QUESTION_LIMIT, ANSWER_LIMIT, MOST_HOURS = 1000, 2000, 3
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
"""A prepared hour, as browsers write it."""
YES, NO, NONE = "yes", "no", "none"
"""Answers to a question of yes or no; NONE is that no prepared hour suits."""
ASKABLE = (State.INITIAL, *BOOKED)


class Kind(StrEnum):
    """How a question is answered; a remark can be added to every answer."""

    YES_NO = "yes_no"
    HOURS = "hours"
    TEXT = "text"


class QuestionState(StrEnum):
    """The state of a question. A newer question takes the place of one that is open."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question to ask. `hours` are moments on the session's own clock, `2026-12-17T14:00`."""

    question: str
    kind: Kind
    hours: tuple[str, ...] = ()


def start_of(hour: str, time_zone: str) -> Start:
    """The moment of a prepared hour in a session's zone. Raises Invalid for one that does not exist."""
    day, _, clock = hour.partition("T")
    try:
        written = clock12(datetime.fromisoformat(f"2000-01-01T{clock}"))
    except ValueError:
        written = clock
    return parse_start(day, written, time_zone)


def why_not_ask(state: str) -> str | None:
    """Whether a question can be asked: until the session begins."""
    if state in ASKABLE:
        return None
    if state == State.CANCELED:
        return "This request is canceled, so there is nothing left to ask."
    return "This session has begun, so there is nothing left to ask."


def check_ask(state: str) -> None:
    """Raises Conflict with the reason why nothing can be asked."""
    reason = why_not_ask(state)
    if reason:
        raise Conflict(f"{reason} Nothing was sent.", code="session_request.wrong_state")


def check_recipient(address: str) -> None:
    """Raises Conflict when no address of the organization is known."""
    if not address:
        raise Conflict(
            "No e-mail address of this organization is known. Nothing was sent. An administrator types it on its page.",
            code="question.no_address",
        )


def check_answer(kind: str, hours: Sequence[str], answer: str, note: str) -> None:
    """Raises Invalid unless the answer is one of those that were prepared, or a text of its own."""
    prepared = {Kind.YES_NO: (YES, NO), Kind.HOURS: (*hours, NONE), Kind.TEXT: ("",)}[Kind(kind)]
    if answer not in prepared:
        raise Invalid(
            "Choose one of the answers. Nothing was sent.", errors=[FieldError("answer", "choice", "Choose.")]
        )
    if kind == Kind.TEXT and is_blank(note):
        raise Invalid("Write an answer. Nothing was sent.", errors=[FieldError("note", "required", "Write an answer.")])
    if len(note) > ANSWER_LIMIT:
        detail = f"Use at most {ANSWER_LIMIT:,} characters."
        raise Invalid(f"{detail} Nothing was sent.", errors=[FieldError("note", "length", detail)])
