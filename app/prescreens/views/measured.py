"""The filters of the list by which the fairness page leads to its rows: the groups of its tables.

They find what the page counts, the latest decisions of one organization on pages, and so they cost the same at any
number of rows. They are set by links; where one is set, the form offers the others.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from flask import g

from app.accounts.access import signed_in
from app.accounts.roles import MEASURES
from app.dashboard.filters import Chosen, Control, Filter, Options, Reader, Sources, Unreadable
from app.dashboard.filters.kinds import number
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text.i18n import language_of
from app.prescreens.measures import Measure
from app.prescreens.presentation.fairness import tables
from app.prescreens.queries import fairness as queries
from app.prescreens.queries import listing
from app.prescreens.queries.fairness import Measured
from app.prescreens.rules.fairness import HOURS, MET, NOT_MET, READ, WAITS, Key, behind


def _among(known: Mapping[str, Key]) -> Callable[[str], Key]:
    return known.get


def _language(text: str) -> Key:
    return text if text.isascii() and text.isalpha() and text == language_of(text) and len(text) < 4 else None


def _version(text: str) -> Key:
    id, _, version = text.rpartition("-")
    found = number(version)
    try:
        return (UUID(id), found) if found and id == str(UUID(id)) else None
    except ValueError:
        return None


class _Shown(NamedTuple):
    """The decisions of an organization as the fairness page shows them, with the names of the groups by table."""

    measured: Measured
    names: Mapping[str, Mapping[Key, str]]


class Group(Filter[Key]):
    """A group of one of the tables, as the fairness page shows it by itself. `of` reads its text; None is none."""

    def __init__(self, name: str, label: str, table: str, of: Callable[[str], Key]) -> None:
        super().__init__(name, label)
        self.table, self.of = table, of

    def parse(self, text: str, reader: Reader) -> Key:
        found = self.of(text)
        if found is None:
            raise self.refuse(f"There is no such {self.label.lower()}. Start again from the fairness page.")
        return found

    def serialize(self, value: Key) -> str:
        if isinstance(value, tuple):
            return f"{value[0]}-{value[1]}"
        return str(getattr(value, "days", value)).replace(" ", "-")

    def applies(self, value: Key, tab: str) -> bool:
        return tab in listing.DECIDED

    def values(self, value: Key, chosen: Chosen, db: Db) -> Mapping[str, object]:
        """What is in this group and in those of the other filters. Nothing where it may not be counted."""
        found: set[UUID] | None = None
        for filter, key in chosen.values.items():
            if isinstance(filter, Group):
                shown = _shown(chosen) if not filter.why_not(chosen) else None
                known = shown is not None and key in shown.names[filter.table]
                ids = behind(shown.measured.cases, filter.table, key) if shown and known else set()
                found = ids if found is None else found & ids
        return {"measured": sorted(found or ())}

    def why_not(self, chosen: Chosen) -> str:
        """Why the list cannot be narrowed by this filter; empty where it can."""
        user, home = signed_in(), _home(chosen)
        if home is None:
            return "Choose one organization first: the decisions of each are counted by themselves."
        if user is None or not user.may(MEASURES, self.table == "agents", home):
            who = "administrators" if self.table == "agents" else "administrators and auditors"
            return f"Only {who} may narrow the list by this."
        if not queries.is_on(reading(), home, Measure.FAIRNESS):
            return "The fairness page of this organization is off."
        return ""

    def options(self, chosen: Chosen, sources: Sources) -> Options:
        if not chosen.has(*listing.MEASURED) or chosen.tab not in listing.DECIDED or self.why_not(chosen):
            return ()
        return [("", "any"), *((self.serialize(key), name) for key, name in _shown(chosen).names[self.table].items())]

    def phrase(self, value: Key, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        names = {} if self.why_not(chosen) else _shown(chosen).names[self.table]
        alike = ", in alike cases" if self.table == "agents" else ""
        return f"{self.label}:", f"{names.get(value, 'a group that is not shown')}{alike}"

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        control = super().control(chosen, sources)
        return control if control and len(control.options) > 1 else None


MEASURED: Sequence[Group] = (
    Group("criteria", "Criteria", "criteria", _among({text.replace(" ", "-"): text for text in (MET, NOT_MET, READ)})),
    Group("decider", "Decided by", "agents", number),
    Group("hour", "Hour of the decision", "hours", _among({str(hour): hour for hour in HOURS[:-1]})),
    Group("waited", "Waited", "waits", _among({str(wait.days): wait for wait in WAITS})),
    Group("language", "Language", "languages", _language),
    Group("template_version", "Version", "versions", _version),
)
OF_TABLE = {group.table: group for group in MEASURED}
"""The filter that finds a group of a table of the fairness page."""


def readable(chosen: Chosen) -> Chosen:
    """The same filters; those of groups that this user may not count here are dropped, with the reason."""
    for group in [filter for filter in chosen.values if isinstance(filter, Group)]:
        why = group.why_not(chosen)
        if why:
            text = group.serialize(chosen.values.pop(group))
            chosen.unreadable.append(Unreadable(group.name, group.label, why, text))
    return chosen


def _home(chosen: Chosen) -> int | None:
    """The organization whose decisions are in the list, when it is one alone."""
    ids = chosen.organization_ids
    return ids[0] if ids is not None and len(ids) == 1 else None


def _shown(chosen: Chosen) -> _Shown:
    """The decisions of the one organization in the list; read once a request."""
    id = _home(chosen)
    assert id is not None
    known: dict[int, _Shown] = g.setdefault("measured_decisions", {})
    if id not in known:
        (home,) = queries.organizations(reading(), [id])
        measured, user = queries.measured(reading(), id, home.time_zone), signed_in()
        named = user is not None and user.may(MEASURES, True, id)
        found = tables(measured, id, named=named)
        known[id] = _Shown(
            measured,
            {
                table.key: {line.share.key: line.name for line in table.lines if line.share.key is not None}
                for table in found
            },
        )
    return known[id]
