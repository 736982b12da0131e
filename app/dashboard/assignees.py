"""Who may act at a desk: the people work can be assigned to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from app.accounts.models import Membership, Person
from app.accounts.roles import WRITERS
from app.kernel.db.engine import Db

MOST = 200
UNASSIGNED = 0
"""Whose number a filter gives when it asks for what nobody has."""


class Assignee(NamedTuple):
    """Somebody who acts at a desk, and where: `places` are organizations, None among them is all of them."""

    id: int
    name: str
    places: frozenset[int | None]

    def covers(self, organization_id: int) -> bool:
        return None in self.places or organization_id in self.places


_p, _m = Person.__table__.c, Membership.__table__.c
_AT_DESK = (
    select(_p.id, _p.name, _m.organization_id)
    .join(Membership.__table__, _m.person_id == _p.id)
    .where(_m.role == bindparam("role"), _p.disabled_at.is_(None))
    .order_by(_p.name, _p.id)
    .limit(MOST)
)


def assignees_of(db: Db, desk: str, reach: Iterable[int] | None) -> list[Assignee]:
    """The people who may act at a desk for one of these organizations (None: for any), by name."""
    wanted = None if reach is None else {None, *reach}
    found: dict[int, Any] = {}
    for id, name, place in db.connection().execute(_AT_DESK, {"role": WRITERS[desk].value}):
        if wanted is None or place in wanted:
            found.setdefault(id, (name, set()))[1].add(place)
    return [Assignee(id, name, frozenset(places)) for id, (name, places) in found.items()]
