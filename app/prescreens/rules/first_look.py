"""The blind first look: what an agent does not see of a prescreen before they say what they would decide.

Hidden are who it is from and how they are reached, what they wrote at length, what they gave earlier, the questions
that the questionnaire hides, and questions that are only asked after a hidden answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.kernel.errors import Conflict, FieldError, Invalid
from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.questions import Question
from app.prescreens.rules.review import DECISIONS, Expiring, has_expired

HIDDEN_TYPES = frozenset(
    (QuestionType.NAME, QuestionType.EMAIL, QuestionType.PHONE, QuestionType.LONGTEXT, QuestionType.FILE)
)
FIRST = "This begins with a blind first look. Say first what you would decide by the answers that are shown."


class Blind(Expiring, Protocol):
    """The columns of a prescreen from which follows whether it is looked at blindly."""

    @property
    def blind(self) -> bool: ...


def is_blind(prescreen: Blind, now: datetime) -> bool:
    """Whether an agent who has not looked yet sees less of it. What is decided or has expired is shown to everybody."""
    return prescreen.blind and prescreen.review_status == "pending_review" and not has_expired(prescreen, now)


def label(id: UUID) -> str:
    """What a prescreen is called while nobody may know who it is from: `Prescreen 3f9a21`."""
    return f"Prescreen {id.hex[:6]}"


def shown(questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions that a first look shows."""
    hidden: set[str] = set()
    for question in questions:
        after = question.condition is not None and any(each.key in hidden for each in question.condition.clauses)
        if question.hidden or question.type in HIDDEN_TYPES or after:
            hidden.add(question.key)
    return tuple(question for question in questions if question.key not in hidden)


def shown_answers(questions: Sequence[Question], submission: Submission) -> Submission:
    """The answers that a first look shows."""
    keys = {question.key for question in shown(questions)}
    return {key: value for key, value in submission.items() if key in keys}


def check_look(prescreen: Blind, choice: str, now: datetime) -> None:
    """Whether somebody may choose at a first look now. Raises Invalid, Conflict."""
    if choice not in DECISIONS:
        sentence = "Say whether you would approve or deny."
        raise Invalid(f"{sentence} Nothing was kept.", errors=[FieldError("choice", "invalid", sentence)])
    if not is_blind(prescreen, now):
        raise Conflict("There is no first look at this any more. Nothing was kept.", code="first_look.none")
    if prescreen.status != "completed":
        raise Conflict("The prospect is still answering. Nothing was kept.", code="session.not_completed")
