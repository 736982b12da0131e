"""Whether a booked session takes place: what people may answer, and what their answers say together."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from app.depositions.models import BOOKED, State
from app.kernel.errors import Conflict, Invalid

REMIND_HOURS = (24, 1)
"""How many hours before the start participants are reminded."""


class Answer(StrEnum):
    """What somebody answers when they are asked whether a session takes place."""

    YES = "yes"
    NO = "no"
    CALL = "call"


class Reconfirmation(StrEnum):
    """What the answers about a session say together. `assumed`: nobody answered, and silence counts as yes."""

    NO = "no"
    CALL = "call"
    SILENT = "silent"
    ASSUMED = "assumed"
    YES = "yes"


ALARMING = (Reconfirmation.NO, Reconfirmation.CALL)
"""What brings a session before the team. It changes nothing by itself."""
CONFIRMED = (Reconfirmation.YES, Reconfirmation.ASSUMED)


def together(answers: Collection[str], *, asked: bool, silence_is_yes: bool) -> Reconfirmation | None:
    """What these answers say: the gravest of them; without any, silence. None while nobody was asked."""
    for gravest in (Answer.NO, Answer.CALL, Answer.YES):
        if gravest in answers:
            return Reconfirmation(gravest.value)
    if not asked:
        return None
    return Reconfirmation.ASSUMED if silence_is_yes else Reconfirmation.SILENT


def read_answer(text: str) -> Answer:
    """An answer as a form sends it. Raises Invalid."""
    try:
        return Answer(text)
    except ValueError:
        raise Invalid("Choose one of the answers. Nothing was changed.", code="reconfirmation.answer") from None


def why_not_reconfirm(state: str, ahead: bool) -> str | None:
    """Whether it can still be said that a session takes place: until its start."""
    if state == State.INITIAL:
        return "Only a booked session is reconfirmed. Schedule it first."
    if state == State.CANCELED:
        return "This session is canceled."
    if state not in BOOKED or not ahead:
        return "This session has begun, so there is nothing left to confirm."
    return None


def check_reconfirm(state: str, ahead: bool) -> None:
    """Raises Conflict with the reason why it can no longer be said."""
    reason = why_not_reconfirm(state, ahead)
    if reason:
        raise Conflict(f"{reason} Nothing was changed.", code="session_request.wrong_state")


def reminders(starts_at: datetime, now: datetime) -> list[tuple[int, datetime]]:
    """Reminders that still lie ahead, each as (hours before, when)."""
    moments = [(hours, starts_at - timedelta(hours=hours)) for hours in REMIND_HOURS]
    return [(hours, moment) for hours, moment in moments if moment > now]


def reminder_due(hours: int, starts_at: datetime, now: datetime) -> bool:
    """Whether a reminder should still be sent: the session has not begun, and the next reminder is not due yet."""
    if now >= starts_at:
        return False
    later = [other for other in REMIND_HOURS if other < hours]
    return not later or now < starts_at - timedelta(hours=max(later))
