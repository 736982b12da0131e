"""Calibration in words: how far agents agree, and where each stands beside all."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.dashboard import charts
from app.dashboard.captions import percent_range
from app.dashboard.charts import Chart, Link, Row
from app.dashboard.estimates import share
from app.dashboard.overview_charts import SHARE
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
    """How often somebody chose as the others mostly did, and as it was decided: (part, n) each."""

    name: str
    others: tuple[int, int]
    decided: tuple[int, int]


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
    return AgentRow(name, *same(cases, person_id))


def share_chart(
    key: str, title: str, finding: str, of: str, counted: Sequence[tuple[str, tuple[int, int], str]]
) -> Chart | None:
    """Shares with their ranges, each (name, (part, n), the address of what was counted); None where nothing was."""
    known = [each for each in counted if each[1][1]]
    if not known:
        return None
    names, parts, totals = (
        [name for name, *_ in known],
        [part for _, (part, _), _ in known],
        [n for _, (_, n), _ in known],
    )
    links = [Link(url, f"{pluralize(n, 'answer')}, {name}") if url else None for name, (_, n), url in known]
    return Chart(
        key,
        title,
        finding,
        charts.shares(names, parts, totals, links),
        (of, "The same", "Answers", "Share", "True share"),
        tuple(
            Row(name, (part, n, share(part, n), percent_range(part, n)), ("", url)) for name, (part, n), url in known
        ),
        SHARE,
    )


def agent_charts(rows: Sequence[AgentRow]) -> list[Chart]:
    """Agents beside the others, and beside how it was decided."""
    others = "How often an agent chose as most of the others did. Cases in which these are divided evenly do not count."
    decided = "How often an agent chose as the case was decided at its time."
    drawn = (
        share_chart("others", "As the others mostly chose", others, "Agent", [(r.name, r.others, "") for r in rows]),
        share_chart("decided", "As it was decided", decided, "Agent", [(r.name, r.decided, "") for r in rows]),
    )
    return [chart for chart in drawn if chart]


def round_chart(rounds: Sequence[tuple[int, Sequence[Rated], str]]) -> Chart | None:
    """How often all agents chose as it was decided, round by round: (number, cases, its place on the page)."""
    counted = [
        (
            f"Round {number}",
            (sum(c == case.outcome for case in cases for c in case.choices.values()), answers(cases)),
            url,
        )
        for number, cases, url in rounds
    ]
    text = "How often all agents together chose as the cases were decided at their time."
    return share_chart("rounds", "Round by round", text, "Round", counted)


def answers(cases: Sequence[Rated]) -> int:
    return sum(len(case.choices) for case in cases)


def round_file(
    cases: Sequence[tuple[CaseRow, Case]], names: Mapping[int, str]
) -> tuple[list[str], list[list[str | int]]]:
    """A round as a file: its head, and a row a case with what each of these people chose; "" for who did not answer."""
    head = ["Case", "Answers", "Decided", "Would approve", "Would deny", *names.values()]
    rows: list[list[str | int]] = []
    for row, case in cases:
        given = "\n".join(f"{each.question}: {each.answer}" for each in row.answers if each.asked)
        choices = [case.rated.choices.get(id, "") for id in names]
        rows.append([row.place, given, row.outcome, row.approve, row.deny, *choices])
    return head, rows


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
