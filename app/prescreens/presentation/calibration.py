"""Calibration in words: how far agents agree, and where each stands beside all."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.dashboard.captions import percent_range
from app.kernel.text.template_filters import pluralize
from app.prescreens.presentation.answers import AnswerRow, answer_rows
from app.prescreens.queries.calibration import Case
from app.prescreens.rules.calibration import ENOUGH, Rated, agreement, same, several

CHOICES = {"approve": "Approve", "deny": "Deny"}
OUTCOMES = {"approve": "approved", "deny": "denied"}


class CaseRow(NamedTuple):
    """A case as a page shows it. `own` is what the reader chose; `outcome` and how many chose what are empty and
    0 before the reader has answered. `answers` are none once they were erased. `asked` are the keys and names of its
    questions."""

    place: int
    answers: list[AnswerRow]
    asked: list[tuple[str, str]]
    own: str = ""
    outcome: str = ""
    approve: int = 0
    deny: int = 0

    @property
    def divided(self) -> bool:
        """Whether agents chose differently: a criterion might be missing."""
        return bool(self.approve and self.deny)


class AgentRow(NamedTuple):
    """How often somebody chose as the others mostly did, and as it was decided, with the range of the true share."""

    name: str
    others: str
    decided: str


def case_row(case: Case, person_id: int, open_to_reader: bool) -> CaseRow:
    """A case, with its outcome only if it is open to the reader."""
    keys = {question.key for question in case.questions}
    submission = {key: value for key, value in case.submission.items() if key in keys}
    row = CaseRow(
        case.place,
        [] if case.erased else answer_rows(case.questions, submission),
        [(question.key, question.name) for question in case.questions],
    )
    if not open_to_reader:
        return row
    votes = list(case.rated.choices.values())
    return row._replace(
        own=case.rated.choices.get(person_id, ""),
        outcome=OUTCOMES.get(case.rated.outcome, ""),
        approve=votes.count("approve"),
        deny=votes.count("deny"),
    )


def agent_row(name: str, cases: Sequence[Rated], person_id: int) -> AgentRow:
    others, decided = same(cases, person_id)
    return AgentRow(name, _of(*others), _of(*decided))


def _of(part: int, n: int) -> str:
    return f"{part:,} of {n:,}, {percent_range(part, n)}" if n else ""


def finding(cases: Sequence[Rated]) -> str:
    """How far agents agree, or how many more cases it takes to say so."""
    n = several(cases)
    if n < ENOUGH:
        more = pluralize(ENOUGH - n, "more case", "more cases")
        known = f"{pluralize(n, 'case was', 'cases were')} answered by two agents or more."
        return f"{known} It takes {more} to say how far they agree."
    found = agreement(cases)
    if found is None:
        return f"In all {n:,} cases that were answered, everybody chose the same."
    return (
        f"Agents agree with a kappa of {_signed(found.kappa)}; the true one lies between {_signed(found.low)} and "
        f"{_signed(found.high)}. 0 is what chance alone would give, 1 is full agreement. {n:,} cases count, those that "
        "two agents or more answered."
    )


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def agents_of(cases: Sequence[Rated]) -> set[int]:
    """Everybody who answered."""
    return {id for case in cases for id in case.choices}


def agent_rows(cases: Sequence[Rated], names: Mapping[int, str]) -> list[AgentRow]:
    """Everybody by their names, in the order of these."""
    return [agent_row(name, cases, id) for id, name in names.items()]
