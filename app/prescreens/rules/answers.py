"""Answers: what a question accepts, which questions are due, and which one is next."""

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.kernel.crypto import sha256
from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.text import normalization
from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.question_types import ANYBODY, TYPES, Reader, Refused
from app.prescreens.rules.questions import Answer, Question, applicable

_KEEP = "\t\n"
SEVERAL = "Please give one answer here."


def next_question(
    questions: Sequence[Question], submission: Submission, left_empty: Collection[str] | None = None
) -> str | None:
    """The key of the first question that is due: neither answered nor, where that is possible, left empty.

    None when everything was asked, and the answers can be reviewed.
    """
    for question in applicable(questions, submission):
        if question.key not in submission and (question.required or question.key not in (left_empty or ())):
            return question.key
    return None


def missing(questions: Sequence[Question], submission: Submission) -> list[Question]:
    """Required questions without an answer."""
    return [q for q in applicable(questions, submission) if q.required and q.key not in submission]


def with_answer(
    questions: Sequence[Question], submission: Submission, question: Question, value: Answer | None
) -> Submission:
    """The answers with one more, in the questionnaire's order, without those whose question is no longer asked."""
    given = {**submission, question.key: value}
    if value is None:
        given.pop(question.key)
    asked = applicable(questions, given)
    return {q.key: given[q.key] for q in asked if q.key in given}


def times(known: Mapping[str, str] | None, former: Submission, given: Submission, now: datetime) -> dict[str, str]:
    """When each answer of `given` was given, after `former` stood there: one that stays as it was keeps its time, or
    has none where none is known."""
    at, known = now.astimezone(UTC).isoformat(), known or {}
    found = {key: known.get(key) if key in former and former[key] == given[key] else at for key in given}
    return {key: time for key, time in found.items() if time}


def still_left_empty(
    questions: Sequence[Question], submission: Submission, left_empty: Collection[str] | None, asked: str
) -> list[str]:
    """The questions that were asked and left empty, after `asked` was the latest that was asked."""
    return [
        question.key
        for question in applicable(questions, submission)
        if question.key not in submission and (question.key == asked or question.key in (left_empty or ()))
    ]


def seen(submission: Submission) -> dict[str, str]:
    """What a prospect reviews: a digest of each answer by its key. It travels in the form that sends the answers."""
    return {key: sha256(json.dumps(value))[:16] for key, value in submission.items()}


def changed(reviewed: Mapping[str, str] | None, submission: Submission) -> set[str]:
    """The keys of the answers that are others than those that were reviewed. None: nothing was shown before."""
    if reviewed is None:
        return set()
    current = seen(submission)
    return {key for key in current.keys() | reviewed.keys() if current.get(key) != reviewed.get(key)}


def check_reviewed(reviewed: Mapping[str, str] | None, submission: Submission) -> None:
    """Whether these are the answers that were reviewed."""
    if changed(reviewed, submission):
        raise Conflict(
            "Your answers changed after you looked at them. Nothing was sent. Please look at them again.",
            code="answers.changed",
        )


def check_complete(questions: Sequence[Question], submission: Submission) -> None:
    """Whether the answers can be sent."""
    left = missing(questions, submission)
    if left:
        raise Invalid(
            f"One question still needs an answer: {left[0].label}"
            if len(left) == 1
            else f"{len(left)} questions still need an answer, the first is: {left[0].label}",
            code="session.incomplete",
            errors=[FieldError(q.key, "required", "This question needs an answer.") for q in left],
        )


def check_answer(question: Question, typed: Sequence[str], reader: Reader = ANYBODY) -> Answer | None:
    """The JSON value of what was typed or picked, or None for an optional question left empty.

    Raises Invalid with a sentence that says what would be accepted and does not repeat the input.
    """
    kind = TYPES[question.type]
    values = [value for value in map(storable, typed) if value]
    if not values:
        if question.required:
            raise _wrong(question, "required", kind.empty)
        return None
    if len(values) > 1 and not kind.several:
        raise _wrong(question, "several", SEVERAL)
    try:
        return kind.parse(question, values, reader)
    except Refused as refused:
        code = refused.code
    bound = question.bounds.limit(code, reader.today)
    raise _wrong(question, code, kind.errors[code].format(bound=bound, currency=question.currency))


def storable(value: str) -> str:
    """The text as it is read, without what cannot be stored."""
    value = "".join(c for c in value if c in _KEEP or c == "\r" or unicodedata.category(c) not in ("Cc", "Cs"))
    return normalization.text(value)


def _wrong(question: Question, code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="answer.invalid", errors=[FieldError(question.key, code, sentence)])


class Person(NamedTuple):
    """The prospect, as far as the answers say: columns of the prescreen."""

    name: str = ""
    email: str | None = None
    phone: str | None = None


def person(questions: Sequence[Question], submission: Submission) -> Person:
    """Name, e-mail and phone as given in this session: the first answered question of each type."""

    def first(kind: QuestionType) -> str | None:
        return next((submission[one.key] for one in questions if one.type is kind and one.key in submission), None)

    return Person(first(QuestionType.NAME) or "", first(QuestionType.EMAIL), first(QuestionType.PHONE))
