"""What a change of criteria would have done to answers that were given. It is computed, and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from app.prescreens.models import ReviewStatus, Submission
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Question, applicable


class Given(NamedTuple):
    """The answers of one prescreen that was sent, and its decision; `waits` while it can still be decided."""

    id: UUID
    submission: Submission
    decision: str
    waits: bool


@dataclass(slots=True)
class Outcomes:
    """A number of prescreens: how they were decided, and how many still wait. The rest expired undecided."""

    number: int = 0
    approved: int = 0
    denied: int = 0
    waiting: int = 0

    def add(self, given: Given) -> None:
        self.number += 1
        self.approved += given.decision == ReviewStatus.APPROVED
        self.denied += given.decision == ReviewStatus.DENIED
        self.waiting += given.waits


@dataclass(slots=True)
class Effect:
    """What one changed rule would have done, or how many would be asked one new question."""

    question: Question
    former: Question | None
    newly_miss: Outcomes = field(default_factory=Outcomes)
    newly_meet: Outcomes = field(default_factory=Outcomes)
    asked: int = 0


def effects(before: Content, after: Content, given: Sequence[Given]) -> list[Effect]:
    """One effect for each question whose rule differs or that is new, in the order of the later version.

    Newly missing is: not met by the new rule, and not missed by the former one.
    """
    old = {question.key: question for question in before.questions}
    found = []
    for question in after.questions:
        former = old.get(question.key)
        if former is not None and former.expects == question.expects:
            continue
        effect = Effect(question, former)
        for each in given:
            _count(effect, each, after)
        found.append(effect)
    return found


def _count(effect: Effect, given: Given, after: Content) -> None:
    was = effect.former.met(given.submission) if effect.former else None
    now = effect.question.met(given.submission)
    if effect.former is None:
        effect.asked += any(q.key == effect.question.key for q in applicable(after.questions, given.submission))
    if was is False and now is not False:
        effect.newly_meet.add(given)
    if now is False and was is not False:
        effect.newly_miss.add(given)
