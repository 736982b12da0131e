"""What no index finds, looked for among the rows nearest in time: the zone of a session, and flags without an index.
One statement, which reads at most so many rows of each state whatever the size of the table."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlalchemy import Select, bindparam, select, union_all

from app.dashboard.filters.base import MOST_PLACES, Chosen, Conditions
from app.dashboard.listing import Condition
from app.depositions.models import Deposition, State
from app.depositions.queries import marks, tabs
from app.kernel import clock
from app.kernel.db.engine import Db

LOOKED = 500
"""Rows of a state, and of an organization, that are looked through: so many that begin next, and that began last."""
MOST = 1000
"""Ids that are given, the first by start."""
ZONE = "zone"


def ids(db: Db, wanted: str, chosen: Chosen, value: str = "") -> list[int]:
    """The ids of the nearest rows of the tab with this zone, or with this flag."""
    places = chosen.organization_ids
    state = next((text for filter, text in chosen.values.items() if filter.name == "state"), None)
    states = (State(str(state)),) if state else tabs.STATES_OF[chosen.tab]
    if places is not None and not places:
        return []
    each = 0 if places is None or len(places) > MOST_PLACES else len(places)
    values = {"at": clock.now(), "value": value, "places": list(places or ())}
    values |= {f"place_{n}": id for n, id in enumerate((places or ())[:each])}
    few = places is not None and not each
    return [int(id) for id in db.execute(statement(wanted, states, each, few), values).scalars()]


@lru_cache(maxsize=512)
def statement(wanted: str, states: Sequence[State], places: int, few: bool) -> Select[int]:
    """The statement for these states: of all organizations, of each of so many `places`, or of those in a list, which
    are `few` among all."""
    condition = Deposition.zone == bindparam("value") if wanted == ZONE else marks.STORED[wanted].condition
    here = (Deposition.organization_id.in_(bindparam("places", expanding=True)),) if few else ()
    nearest = union_all(*(select(rows.subquery().c.id) for rows in _ranges(states, places, here))).subquery()
    found = select(Deposition.id).where(Deposition.id.in_(select(nearest.c.id)), condition)
    return found.order_by(Deposition.starts_at, Deposition.id).limit(MOST)


def _ranges(states: Sequence[State], places: int, here: Conditions) -> Iterator[Select[int]]:
    at = bindparam("at", type_=Deposition.starts_at.type)
    starts, id = Deposition.starts_at, Deposition.id
    each: list[tuple[Condition, ...]] = [
        (Deposition.organization_id == bindparam(f"place_{n}"),) for n in range(places)
    ] or [here]
    for state in states:
        for place in each:
            mine = select(id).where(Deposition.state == state.value, *place)
            yield mine.where(starts >= at).order_by(starts, id).limit(LOOKED)
            yield mine.where(starts < at).order_by(starts.desc(), id.desc()).limit(LOOKED)
