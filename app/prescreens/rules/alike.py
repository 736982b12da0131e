"""Which prescreens are alike: the same version, and the same key answers.

Key answers are those with a criterion and those that the list shows, of types that can be compared: amounts of money by
bands of ten per cent, numbers and choices exactly. Text, days and addresses are not compared.
"""

import math
from collections.abc import Sequence
from uuid import UUID

from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.questions import Answer, Question
from app.prescreens.rules.snapshots import digest

EXACT = frozenset({QuestionType.NUMBER, QuestionType.YESNO, QuestionType.CHOICE, QuestionType.CHOICES})
COMPARED = EXACT | {QuestionType.MONEY}
BAND = math.log(1.1)


def key_questions(questions: Sequence[Question]) -> list[Question]:
    """The questions whose answers are compared."""
    return [
        question
        for question in questions
        if question.type in COMPARED and (question.criterion or question.expects or question.headline)
    ]


def alike_key(
    questionnaire_id: UUID, version: int, questions: Sequence[Question], submission: Submission
) -> str | None:
    """The key that alike prescreens share; None where no key answer can be compared."""
    compared = {
        question.key: _compared(question, submission[question.key])
        for question in key_questions(questions)
        if question.key in submission
    }
    if not compared:
        return None
    return digest([questionnaire_id.hex, version, compared])


def _compared(question: Question, value: Answer) -> Answer:
    """What is compared of an answer."""
    if isinstance(value, list):
        return sorted(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if question.type is QuestionType.MONEY and value > 0:
        # Rounded, so that the edge of a band does not depend on the last digit of a logarithm.
        return math.floor(round(math.log(value) / BAND, 9))
    return float(value)
