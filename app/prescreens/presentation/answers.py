"""Answers beside their criteria: what is met, by how much it is missed, and what a person reads."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from app.prescreens.models import QuestionType, Submission
from app.prescreens.presentation.questions import answer_text
from app.prescreens.rules.questions import Answer, Question, applicable

LONG_ANSWER = 280
"""Number of characters above which the page shows only the beginning of an answer, with the rest folded away."""


class AnswerRow(NamedTuple):
    """An answer beside its criterion. `met` is None when only a reader can say; `asked` is false without an answer;
    `distance` is how far it is from the criterion; `free` marks text written at length that has none."""

    question: str
    answer: str
    criterion: str = ""
    met: bool | None = None
    asked: bool = True
    long: bool = False
    short: str = ""
    distance: str = ""
    free: bool = False


def answer_rows(questions: Sequence[Question], submission: Submission) -> list[AnswerRow]:
    """Every question that is due with its answer, in order; at the end answers that the questionnaire does not know."""
    due = {question.key for question in applicable(questions, submission)}
    rows = [
        AnswerRow(
            question.label,
            answer_text(question, submission.get(question.key)),
            question.criterion,
            question.met(submission),
            question.key in submission,
            len(str(submission.get(question.key, ""))) > LONG_ANSWER,
            question.short or question.label.rstrip("?"),
            distance(question, submission.get(question.key)),
            question.type is QuestionType.LONGTEXT and question.key in submission and not question.criterion,
        )
        for question in questions
        if question.key in submission or question.key in due
    ]
    known = {question.key for question in questions}
    rows += [
        AnswerRow(key, answer_text(None, value), short=key) for key, value in submission.items() if key not in known
    ]
    return rows


def distance(question: Question, value: Answer | None) -> str:
    """How far a number is from its criterion: `850 short`, `2 over`; empty where it meets it or cannot be computed."""
    expects = question.expects
    if expects is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if expects.at_least is not None and value < expects.at_least:
        return f"{answer_text(question, _difference(expects.at_least, value))} short"
    if expects.at_most is not None and value > expects.at_most:
        return f"{answer_text(question, _difference(value, expects.at_most))} over"
    return ""


def _difference(more: float, less: float) -> float:
    """The difference of two numbers as they are written, 0.3 of 1.1 and 0.8."""
    return float(Decimal(str(more)) - Decimal(str(less)))


class Verdicts(NamedTuple):
    """Answers by what their criteria say: not met, to be read by a person, met, and those without a criterion."""

    not_met: Sequence[AnswerRow]
    to_read: Sequence[AnswerRow]
    met: Sequence[AnswerRow]
    plain: Sequence[AnswerRow]


def verdicts(answers: Sequence[AnswerRow]) -> Verdicts:
    """The answers by verdict, each in the order of the questionnaire. Text written at length is shown by itself."""
    ruled = [answer for answer in answers if answer.criterion]
    return Verdicts(
        [answer for answer in ruled if answer.met is False],
        [answer for answer in ruled if answer.met is None],
        [answer for answer in ruled if answer.met],
        [answer for answer in answers if not answer.criterion and not answer.free],
    )


def headlines(questions: Sequence[Question], submission: Submission) -> list[tuple[str, str]]:
    """The few answers that the list shows: (short name, answer)."""
    found = [
        (question.short or question.label, answer_text(question, submission[question.key]))
        for question in questions
        if question.headline and question.key in submission
    ]
    return found[:2]


def not_met(questions: Sequence[Question], submission: Submission) -> int:
    """The number of criteria that are known to be not met."""
    return sum(question.met(submission) is False for question in questions)
