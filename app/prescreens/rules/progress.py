"""How far a prospect got, question by question: what was shown, and what first became of it. Pure.

`Progress` lies beside the answers; the steps are what is counted of it, each once for a prospect. The key REVIEW stands
for the page on which all answers are read before they are sent.
"""

from collections.abc import Mapping
from typing import NamedTuple

Progress = dict[str, str]
"""The last step of each question that was shown, by its key."""

SHOWN, ANSWERED, EMPTY, SENT = "shown", "answered", "empty", "sent"
REFUSED = "refused:"
"""Before the code of a refusal, which is counted each time."""
REVIEW = ""


class Step(NamedTuple):
    """Something that is counted of one question."""

    key: str
    what: str


def after_start(due: str | None) -> tuple[Progress, list[Step]]:
    """Start was pressed: the first question is shown."""
    return _shown({}, due)


def after_answer(
    progress: Mapping[str, str] | None, key: str, answered: bool, due: str | None
) -> tuple[Progress | None, list[Step]]:
    """A question was answered or left empty, and another one is due. What first became of a question stands.

    None for a prospect who began before this was counted: nothing is counted of them.
    """
    if progress is None:
        return None, []
    steps = [] if key in progress else [Step(key, SHOWN)]
    what = ANSWERED if answered else EMPTY
    if progress.get(key, SHOWN) == SHOWN:
        steps.append(Step(key, what))
        progress = {**progress, key: what}
    shown, more = _shown(progress, due)
    return shown, [*steps, *more]


def after_sending(progress: Mapping[str, str] | None) -> tuple[Progress | None, list[Step]]:
    """The answers were sent."""
    if progress is None:
        return None, []
    steps = [] if REVIEW in progress else [Step(REVIEW, SHOWN)]
    return {**progress, REVIEW: SENT}, [*steps, Step(REVIEW, SENT)]


def _shown(progress: Mapping[str, str], due: str | None) -> tuple[Progress, list[Step]]:
    key = REVIEW if due is None else due
    if key in progress:
        return dict(progress), []
    return {**progress, key: SHOWN}, [Step(key, SHOWN)]
