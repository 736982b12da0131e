"""The filters that every list has, in words: for the list that matches nothing, to say what hides how many."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, Protocol

from sqlalchemy import select

from app.accounts.models import Organization
from app.dashboard.assignees import UNASSIGNED, Assignee
from app.kernel.db.engine import Db
from app.kernel.text import datetimes


class Filter(NamedTuple):
    """A filter that is set: its name in the address, and what it says in words: `State: canceled`."""

    name: str
    words: str


class Usual(Protocol):
    """The filters of a list that are alike at every desk. `reach`: whose rows the reader may see, None is all."""

    @property
    def organization_id(self) -> int | None: ...
    @property
    def first(self) -> date | None: ...
    @property
    def last(self) -> date | None: ...
    @property
    def person(self) -> int | None: ...
    @property
    def tag(self) -> str: ...
    @property
    def q(self) -> str: ...
    @property
    def reach(self) -> frozenset[int] | None: ...


def usual(db: Db, f: Usual, colleagues: Callable[[], Iterable[Assignee]]) -> list[Filter]:
    """Those of them that are set."""
    found = []
    if f.organization_id is not None:
        found.append(Filter("organization", _organization(db, f)))
    if f.first:
        found.append(Filter("from", f"From {datetimes.day(f.first)}"))
    if f.last:
        found.append(Filter("to", f"To {datetimes.day(f.last)}"))
    if f.person == UNASSIGNED:
        found.append(Filter("with", "With nobody yet"))
    elif f.person is not None:
        name = next((one.name for one in colleagues() if one.id == f.person), "somebody who is not here")
        found.append(Filter("with", f"With {name}"))
    if f.tag:
        found.append(Filter("tag", f"Tag: {f.tag}"))
    if f.q:
        found.append(Filter("q", f"Text: {f.q}"))
    return found


def _organization(db: Db, f: Usual) -> str:
    o = Organization.__table__.c
    within = f.reach is None or f.organization_id in f.reach
    name = db.execute(select(o.name).where(o.id == f.organization_id)).scalar() if within else None
    return name or "Another organization"
