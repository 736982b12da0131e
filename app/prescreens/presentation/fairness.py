"""How alike decisions are, in words and tables: no share without its number and its range, no small group at all."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple, cast
from uuid import UUID

from app.dashboard.captions import percent_range
from app.dashboard.estimates import share
from app.dashboard.statistics import enough_for
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.prescreens.presentation.questions import language_name
from app.prescreens.queries.fairness import Measured
from app.prescreens.rules.fairness import FEW, HOURS, MET, MOST, NOT_MET, READ, WAITS, Key, Share, Split

KNOWN_TO = 0.1
"""The share of a group is called known when its range reaches no further to either side."""
CRITERIA: dict[Key, str] = {
    MET: "Every criterion was met",
    NOT_MET: "A criterion was not met",
    READ: "Read by the agent alone",
}
HOUR_NAMES: dict[Key, str] = {low: f"{low}:00 to {high}:00" for low, high in pairwise(HOURS)}
WAIT_NAMES: dict[Key, str] = dict(
    zip(WAITS, ("Under a day", "1 to 3 days", "3 to 7 days", "7 to 14 days", "14 days or more"), strict=True)
)


class Line(NamedTuple):
    """A group of a table: its share, and what is said of it beside the others; empty for nothing."""

    name: str
    share: Share
    beside: str = ""


class Table(NamedTuple):
    """Shares of approved decisions by group, with the finding. `missing` is how many more decisions it takes, at most,
    until something can be said; `more` names them."""

    key: str
    title: str
    finding: str
    group: str
    lines: tuple[Line, ...]
    missing: int
    more: str

    @property
    def head(self) -> tuple[str, ...]:
        return (self.group, "Approved", "Decided", "Share", "True share", "Beside the others")

    def values(self, line: Line) -> tuple[str | int, ...]:
        """What stands in the columns after the first."""
        part, n = line.share.part, line.share.n
        return part, n, share(part, n), percent_range(part, n), line.beside


def agent_names(known: Mapping[int, str], organization_id: int, named: bool) -> dict[Key, str]:
    """The agents by name, or as Agent A, Agent B … in an order that says nothing and stays the same."""
    if named:
        return dict[Key, str](known.items())
    order = sorted(known, key=lambda id: sha256(f"{organization_id}/{id}".encode()).digest())
    return {id: f"Agent {_ordinal(n)}" for n, id in enumerate(order)}


def _ordinal(n: int) -> str:
    return (_ordinal(n // 26 - 1) if n >= 26 else "") + chr(ord("A") + n % 26)


def tables(measured: Measured, organization_id: int, *, named: bool) -> list[Table]:
    """The tables of an organization; the agents by their names if `named`."""
    seen = measured.fairness
    agents = agent_names(measured.agents, organization_id, named)
    numbers = sorted((cast(tuple[UUID, int], each.key) for each in seen.versions.shown), key=lambda key: key[1])
    versions: dict[Key, str] = {
        (id, number): f"{name}, version {number}"
        for id, name in measured.questionnaires.items()
        for of, number in numbers
        if of == id
    }
    languages: dict[Key, str] = {each.key: language_name(str(each.key)) for each in seen.languages.shown}
    return [
        _criteria(measured),
        _table("agents", "Agents, in alike cases", "Agent", seen.agents, agents, "about alike cases", _alike),
        _table("hours", "By hour of the day", "Hour", seen.hours, HOUR_NAMES, "at other hours"),
        _table("waits", "By how long they waited", "Waited", seen.waits, WAIT_NAMES, "after other waits"),
        _table("languages", "By language", "Language", seen.languages, languages, "in a second language"),
        _table("versions", "By version", "Version", seen.versions, versions, "in a second version"),
    ]


def _criteria(measured: Measured) -> Table:
    seen = measured.fairness
    n = sum(each.n for each in seen.criteria.shown if each.key != READ)
    if seen.followed and seen.followed[1] >= FEW:
        part, n = seen.followed
        finding = f"{part:,} of {n:,} followed the criteria: who met them was approved, the others were denied. The "
        finding += f"true share is {percent_range(part, n)}."
    else:
        finding = "There are too few to say whether decisions follow the criteria."
    table = _table("criteria", "The criteria", "Criteria", seen.criteria, CRITERIA, "with a criterion")
    missing = 0 if seen.followed and seen.followed[1] >= FEW else max(1, FEW - n)
    return table._replace(
        finding=finding, missing=missing, lines=tuple(line._replace(beside="") for line in table.lines)
    )


def _alike(split: Split, names: Mapping[Key, str]) -> str:
    of = "Of the same version and with the same key answers, decided by two agents or more."
    return f"{_finding(split, names)} {of}"


def _finding(split: Split, names: Mapping[Key, str]) -> str:
    """Which groups differ by more than chance."""
    if split.missing:
        return "There are too few to compare."
    if not split.apart:
        return "None differs from the others by more than chance."
    ways = [f"{names[key]} {'more' if more else 'less'} often" for key, more in split.apart.items()]
    return f"Approved by more than chance: {', '.join(ways)} than the others."


def _by_cases(split: Split, names: Mapping[Key, str]) -> str:
    text = _finding(split, names)
    return f"{text} Their cases may differ too: it is a question, no answer." if split.apart else text


def _table(
    key: str,
    title: str,
    group: str,
    split: Split,
    names: Mapping[Key, str],
    more: str,
    finding: Callable[[Split, Mapping[Key, str]], str] = _by_cases,
) -> Table:
    order = {name: n for n, name in enumerate(names)}
    lines = [
        Line(names[each.key], each, _beside(split, each))
        for each in sorted(split.shown, key=lambda each: order[each.key])
    ]
    if split.rest:
        words = f"{split.merged} others" if split.shown else f"All {split.merged}"
        lines.append(Line(f"{words}, not shown apart", split.rest))
    return Table(key, title, finding(split, names), group, tuple(lines), split.missing, more)


def _beside(split: Split, each: Share) -> str:
    if each.key in split.apart:
        return "approved more often" if split.apart[each.key] else "approved less often"
    return "as chance would" if not split.missing and each.n >= FEW else ""


SUBJECTS = {
    "criteria": "criteria",
    "agents": "agents",
    "hours": "hours",
    "waits": "waiting times",
    "languages": "languages",
    "versions": "versions",
}


def opening(measured: Measured, shown: list[Table], zone: str) -> list[str]:
    """What the decisions allow to be said and what they do not yet, as sentences."""
    n = measured.fairness.n
    if not n or measured.first is None or measured.last is None:
        return [
            "Nothing can be said yet: nobody has decided on a page since decisions are kept with what they were made "
            f"upon. It takes {FEW} decisions about criteria, and {FEW} each of two agents, hours or languages."
        ]
    first, last = (datetimes.local(at, zone).date() for at in (measured.first, measured.last))
    which = f"The latest {MOST:,} decisions on pages count" if n == MOST else f"{pluralize(n, 'decision')} on pages"
    which += "" if n == MOST else " counts" if n == 1 else " count"
    possible = [SUBJECTS[table.key] for table in shown if not table.missing]
    not_yet = [f"{SUBJECTS[table.key]} (at most {table.missing} more {table.more})" for table in shown if table.missing]
    days = f"of {datetimes.day(last)}" if first == last else f"from {datetimes.day(first)} to {datetimes.day(last)}"
    sentences = [f"{which}, {days}. "]
    sentences[0] += f"Something can be said about {_listed(possible)}." if possible else "Nothing can be said yet."
    if not_yet:
        sentences.append(f"Not yet about {_listed(not_yet)}.")
    if possible:
        sentences.append(
            f"A group needs {enough_for(KNOWN_TO)} decisions until its true share is known to ten points: read the "
            "ranges, not the dots."
        )
    return sentences


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
