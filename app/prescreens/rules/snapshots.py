"""What a decision was made upon, as hashes that a later reader can compute again."""

import json
from collections.abc import Sequence

from app.kernel.crypto import sha256
from app.kernel.json_types import JsonObject
from app.prescreens.models import Submission
from app.prescreens.rules.questions import Question


def digest(content: object) -> str:
    """The SHA-256 of canonical JSON."""
    return sha256(_canonical(content))


def canonical(content: object) -> bytes:
    """The bytes whose SHA-256 `digest` is."""
    return _canonical(content).encode("utf-8", "surrogatepass")


def _canonical(content: object) -> str:
    """JSON with sorted keys and no white space."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def criteria(questions: Sequence[Question]) -> list[JsonObject]:
    """The criteria of a version: sentence and rule by the key of their question, in its order."""
    return [
        {
            "key": question.key,
            "criterion": question.criterion,
            "expects": question.expects.stored() if question.expects else None,
        }
        for question in questions
        if question.criterion or question.expects
    ]


def met(questions: Sequence[Question], submission: Submission) -> JsonObject:
    """Whether each criterion is met, by the key of its question; None where only a person can say."""
    ruled = (question for question in questions if question.criterion or question.expects)
    return {question.key: question.met(submission) for question in ruled}
