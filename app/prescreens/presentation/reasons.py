"""Reasons of decisions as the page shows them: to be chosen from, and those of a decision that was made."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.kernel.text import normalization
from app.prescreens.forms import ELSE, DecisionForm
from app.prescreens.models import DecisionSnapshot, Submission
from app.prescreens.rules.questions import Question
from app.prescreens.rules.reasons import Grounds, Reason


class Criterion(NamedTuple):
    """A criterion that a reason may be tied to."""

    key: str
    name: str
    missed: bool


class ReasonRow(NamedTuple):
    """A reason to choose. `about` is the criterion it is tied to, or proposed to be; `other` what else it is
    about, where that is chosen (`elsewhere`)."""

    text: str
    chosen: bool
    about: str
    other: str
    elsewhere: bool


def criteria(questions: Sequence[Question], submission: Submission) -> list[Criterion]:
    """The criteria of a prescreen, those that are not met first."""
    found = [
        Criterion(question.key, question.name, question.met(submission) is False)
        for question in questions
        if question.criterion or question.expects
    ]
    return sorted(found, key=lambda criterion: not criterion.missed)


def rows(offered: Iterable[str], known: Sequence[Criterion], grounds: Grounds) -> list[ReasonRow]:
    """The reasons to choose from, as they stand in the form."""
    given = {reason.text: reason for reason in grounds.reasons}
    return [
        ReasonRow(
            text,
            text in given,
            given[text].criterion if text in given else _proposed(text, known),
            given[text].other if text in given else "",
            text in given and bool(given[text].other),
        )
        for text in offered
    ]


def typed_rows(offered: Iterable[str], form: DecisionForm) -> list[ReasonRow]:
    """The same as they were typed in a form that comes back, also what stands beside those that are not ticked."""
    chosen = form.reason.data or ()
    beside = ((text, *form.beside(text)) for text in offered)
    return [ReasonRow(text, text in chosen, about, other, about == ELSE) for text, about, other in beside]


def _proposed(reason: str, known: Sequence[Criterion]) -> str:
    """The criterion whose name has a word of the reason, else the only one that is not met."""
    words = _words(reason)
    for criterion in known:
        if words & _words(criterion.name):
            return criterion.key
    missed = [criterion.key for criterion in known if criterion.missed]
    return missed[0] if len(missed) == 1 else ""


def _words(text: str) -> set[str]:
    return {word for word in normalization.split(normalization.fold(text)) if len(word) > 2}


def given(snapshot: DecisionSnapshot, questions: Sequence[Question]) -> list[tuple[str, str]]:
    """The reasons of a decision, each with what it is tied to."""
    names = {question.key: question.name for question in questions}
    reasons = (Reason.read(stored) for stored in snapshot.reasons)
    return [(reason.text, names.get(reason.criterion, reason.criterion) or reason.other) for reason in reasons]
