"""Whether decisions are made alike, by who made them and when, and what their number allows to be said. Pure.

A group of fewer than LEAST is never shown, nor can it be computed from what is shown: it is part of a rest, one row, of
two groups at least and LEAST decisions at least.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.dashboard.statistics import deviation, two_sided_quantile
from app.kernel.json_types import JsonObject

LEAST = 5
"""Groups of fewer decisions are not shown by themselves."""
FEW = 10
"""Two groups of so many each are the least that is compared."""
CHANCE = 0.05
"""How often chance alone may make any group of a table differ."""
MOST = 2000
"""So many decisions count at most, the latest."""

MET, NOT_MET, READ = "met", "not met", "read"
"""Whether all criteria were met that can be computed, or one was not; or whether a person has to read all of them."""

HOURS = (0, 6, 9, 12, 15, 18, 24)
"""Edges of the parts of a day."""
WAITS = (timedelta(), timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=14))
"""Where bands of the time between the answers and the decision begin."""

Key = Hashable


class Case(NamedTuple):
    """What counts of one decision on a page: its outcome, and the groups that it belongs to."""

    approved: bool
    criteria: str
    person_id: int | None
    alike_key: str | None
    hour: int
    waited: timedelta
    language: str
    version: tuple[UUID, int]


class Share(NamedTuple):
    """Of `n` decisions `part` approved; `key` is the group, None the rest."""

    key: Key
    part: int
    n: int


class Split(NamedTuple):
    """Decisions by group, as far as they may be shown: the `shown` ones, and the `rest` of `merged` groups in one.

    Without both there are too few for anything. `apart` are the keys that differ by more than chance, by whether they
    approve more.
    """

    shown: tuple[Share, ...] = ()
    rest: Share | None = None
    merged: int = 0
    apart: Mapping[Key, bool] = {}

    @property
    def shares(self) -> tuple[Share, ...]:
        return (*self.shown, *([self.rest] if self.rest else []))

    @property
    def n(self) -> int:
        return sum(share.n for share in self.shares)

    @property
    def missing(self) -> int:
        """How many more decisions it takes, at most, until two groups can be compared."""
        largest = sorted((share.n for share in self.shown), reverse=True)[:2]
        return sum(max(0, FEW - n) for n in [*largest, 0, 0][:2])


@dataclass(frozen=True, slots=True)
class Fairness:
    """The tables of an organization's latest decisions. `followed` are those that followed the criteria, of those that
    could: None where that would say what a small group holds."""

    n: int
    criteria: Split
    followed: tuple[int, int] | None
    agents: Split
    hours: Split
    waits: Split
    languages: Split
    versions: Split


def criteria_of(met: JsonObject) -> str:
    """The group of a decision by what its snapshot says of the criteria."""
    computed = [value for value in met.values() if value is not None]
    return READ if not computed else MET if all(computed) else NOT_MET


GROUP_OF: Mapping[str, Callable[[Case], Key]] = {
    "criteria": lambda case: case.criteria,
    "agents": lambda case: case.person_id,
    "hours": lambda case: max(hour for hour in HOURS if hour <= case.hour),
    "waits": lambda case: max(edge for edge in WAITS if edge <= max(WAITS[0], case.waited)),
    "languages": lambda case: case.language,
    "versions": lambda case: case.version,
}
"""The group of a case, by table."""


def fairness(cases: Sequence[Case]) -> Fairness:
    """All tables."""
    criteria = published(_counted(cases, GROUP_OF["criteria"]))
    return Fairness(
        len(cases),
        criteria,
        _followed(cases, criteria),
        _compared(in_question(cases), GROUP_OF["agents"], lambda case: case.alike_key),
        _compared(cases, GROUP_OF["hours"]),
        _compared(cases, GROUP_OF["waits"]),
        _compared(cases, GROUP_OF["languages"]),
        _compared(cases, GROUP_OF["versions"]),
    )


def behind(cases: Mapping[UUID, Case], table: str, key: Key) -> set[UUID]:
    """Those that a table counts in one of its groups."""
    found = {id for id, case in cases.items() if GROUP_OF[table](case) == key}
    if table != "agents":
        return found
    alike = {case.alike_key for case in in_question(cases.values())}
    return {id for id in found if cases[id].alike_key in alike}


def in_question(cases: Iterable[Case]) -> list[Case]:
    """The cases by which agents can be compared: those with the same key answers of which two agents decided some."""
    deciders: dict[str, set[int]] = {}
    known = [case for case in cases if case.alike_key and case.person_id]
    for case in known:
        deciders.setdefault(case.alike_key or "", set()).add(case.person_id or 0)
    return [case for case in known if len(deciders[case.alike_key or ""]) > 1]


def published(counted: Mapping[Key, tuple[int, int]]) -> Split:
    """The groups (part, n) as they may be shown: small ones are put together until the rest is large enough."""
    rising = sorted((Share(key, *counts) for key, counts in counted.items()), key=lambda share: (share.n, -share.part))
    merged = [share for share in rising if share.n < LEAST]
    further = [share for share in rising if share.n >= LEAST]
    # One group alone is under LEAST itself, so that it always takes another with it.
    while merged and further and sum(share.n for share in merged) < LEAST:
        merged.append(further.pop(0))
    rest = Share(None, sum(share.part for share in merged), sum(share.n for share in merged)) if merged else None
    if rest and rest.n < LEAST:
        return Split()
    kept = {share.key for share in further}
    shown = tuple(Share(key, *counts) for key, counts in counted.items() if key in kept)
    return Split(shown, rest, len(merged))


def _counted(cases: Iterable[Case], key_of: Callable[[Case], Key]) -> dict[Key, tuple[int, int]]:
    found: dict[Key, tuple[int, int]] = {}
    for case in cases:
        part, n = found.get(key_of(case), (0, 0))
        found[key_of(case)] = (part + case.approved, n + 1)
    return found


def _compared(
    cases: Sequence[Case], key_of: Callable[[Case], Key], stratum_of: Callable[[Case], Key] = lambda case: None
) -> Split:
    """The shares by group, and which differ from all together within the strata by more than chance.

    The more groups there are, the further one of them has to be off.
    """
    split = published(_counted(cases, key_of))
    judged = [share.key for share in split.shown if share.n >= FEW]
    if not judged or split.missing:
        return split
    limit = two_sided_quantile(CHANCE / len(judged))
    whole = _counted(cases, stratum_of)
    apart: dict[Key, bool] = {}
    for key in judged:
        own = _counted((case for case in cases if key_of(case) == key), stratum_of)
        far = deviation((*counts, *whole[stratum]) for stratum, counts in own.items())
        if far is not None and abs(far) > limit:
            apart[key] = far > 0
    return split._replace(apart=apart)


def _followed(cases: Sequence[Case], criteria: Split) -> tuple[int, int] | None:
    """How many followed the criteria, of how many: those that met them were approved, the others denied.

    With both groups shown, or one of them empty, it adds nothing to what is shown.
    """
    counted = _counted(cases, lambda case: case.criteria)
    both = [(key, *counted[key]) for key in (MET, NOT_MET) if key in counted]
    shown = {share.key for share in criteria.shown}
    if not both or any(key not in shown for key, *_ in both):
        return None
    return sum(part if key == MET else n - part for key, part, n in both), sum(n for *_, n in both)
