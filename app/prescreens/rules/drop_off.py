"""Where prospects leave a questionnaire, from the counts of one version. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.prescreens.rules.progress import ANSWERED, EMPTY, REFUSED, REVIEW, SENT, SHOWN
from app.prescreens.rules.questions import Question

ENOUGH = 30
"""So many must have been shown a question before its share is spoken of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, or the review with `question` None: how many saw it, and what became of that."""

    question: Question | None
    shown: int
    answered: int
    empty: int
    refused: tuple[tuple[str, int], ...]
    """How often an answer was refused, by code, the most frequent first."""

    @property
    def left(self) -> int:
        """Who saw it and neither answered nor skipped it: they left, or are still there."""
        return max(0, self.shown - self.answered - self.empty)

    @property
    def refusals(self) -> int:
        return sum(n for _, n in self.refused)


class DropOff(NamedTuple):
    """A version from its first question to the sending of the answers."""

    asked: tuple[Asked, ...]

    @property
    def started(self) -> int:
        return max((each.shown for each in self.asked), default=0)

    @property
    def sent(self) -> int:
        return self.asked[-1].answered if self.asked else 0

    @property
    def usual(self) -> float:
        """The share of those who leave at a question, over all of them."""
        shown = sum(each.shown for each in self.asked)
        return sum(each.left for each in self.asked) / shown if shown else 0.0

    @property
    def worst(self) -> Asked | None:
        """Where the largest share left, of what enough have seen; None when nobody left there."""
        enough = [each for each in self.asked if each.shown >= ENOUGH and each.left]
        return max(enough, key=lambda each: (each.left / each.shown, each.shown), default=None)


def drop_off(questions: Sequence[Question], counts: Mapping[tuple[str, str], int]) -> DropOff:
    """The questions in their order, and the review. `counts` are by key and step."""

    def asked(key: str, question: Question | None, done: str) -> Asked:
        refused = [
            (what.removeprefix(REFUSED), n)
            for (of, what), n in counts.items()
            if of == key and what.startswith(REFUSED)
        ]
        refused.sort(key=lambda each: (-each[1], each[0]))
        shown, answered, empty = (counts.get((key, what), 0) for what in (SHOWN, done, EMPTY))
        return Asked(question, shown, answered, empty, tuple(refused))

    return DropOff((*(asked(each.key, each, ANSWERED) for each in questions), asked(REVIEW, None, SENT)))
