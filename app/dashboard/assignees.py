"""The people who may act at a desk: those that its work can be assigned to."""

from collections.abc import Iterable
from enum import Enum
from typing import Final, Literal, NamedTuple

from sqlalchemy import bindparam, select

from app.accounts.models import IN_FORCE, Membership, Person
from app.accounts.roles import WRITERS
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

MOST = 200


class Relative(Enum):
    """People that an address names without a number: the reader, and nobody."""

    ME = "me"
    NOBODY = "nobody"


ME: Final = Relative.ME
"""The reader of the list: a saved view with `me` means each person who opens it."""
UNASSIGNED: Final = Relative.NOBODY
"""What a filter holds that asks for what is assigned to nobody."""
PersonValue = int | Literal[Relative.ME, Relative.NOBODY]


class Assignee(NamedTuple):
    """A person who acts at a desk, and where: `places` are organizations, None among them is all of them."""

    id: int
    name: str
    places: frozenset[int | None]

    def covers(self, organization_id: int) -> bool:
        return None in self.places or organization_id in self.places


_AT_DESK: Prepared[tuple[int, str, int | None]] = Prepared(
    select(Person.id, Person.name, Membership.organization_id)
    .join(Membership, Membership.person_id == Person.id)
    .where(Membership.role.in_(bindparam("roles", expanding=True)), Person.disabled_at.is_(None), IN_FORCE)
    .order_by(Person.name, Person.id)
    .limit(MOST)
)


def assignees_of(db: Db, desk: str, organization_ids: Iterable[int] | None) -> list[Assignee]:
    """The people who may act at a desk for one of these organizations (None: for any), by name."""
    wanted = None if organization_ids is None else {None, *organization_ids}
    names: dict[int, str] = {}
    places: dict[int, set[int | None]] = {}
    for id, name, place in _AT_DESK.all(db, {"roles": sorted(WRITERS[desk])}):
        if wanted is None or place in wanted:
            names[id] = name
            places.setdefault(id, set()).add(place)
    return [Assignee(id, name, frozenset(places[id])) for id, name in names.items()]
