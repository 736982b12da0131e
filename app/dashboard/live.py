"""Live pages of the desks: the revision of a list and of one item, each read by one statement, and who is viewing it.

A list: `live = live_list("deposition", scope, now, every=2)` before anything is read, `if live.unchanged: return
live.not_modified()`, then `respond(…, live=live, presence=who_viewers(…))`. An item: the same with `live_item`, then
`view_item(…)` once it is known that this person may see it.

What changes a page must write an event about its subject (or change a message about it, or a presence). What only
time changes is found within the minute, and so is whatever else a page shows (names of templates, other desks' counts).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, bindparam, func, literal_column, select
from sqlalchemy.sql.expression import SQLColumnExpression

from app.accounts.access import me
from app.accounts.scope import Scope
from app.dashboard import presence
from app.dashboard.listing import Condition
from app.dashboard.presence import Presence
from app.kernel.changes.events import Event
from app.kernel.db.prepared import Prepared
from app.kernel.db.transaction import reading, side_note
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.web.live import Live, revision_of

NEWEST = 100
"""The revision sums the ids of the newest events, this many. A transaction that commits later than so many younger
ones is missed until the minute is over."""
SEVERAL = 12
"""For people with more organizations than this the revision covers the whole desk."""

Number = ColumnElement[int]
Numbers = tuple[Any, ...]  # numbers and a moment


def live_list(subject_type: str, scope: Scope, now: datetime, *, every: float) -> Live:
    """The revision of everything a person's lists of these things can show. `every`: seconds between polls."""
    return live_lists([(subject_type, scope)], now, every=every)


def live_lists(kinds: Sequence[tuple[str, Scope]], now: datetime, *, every: float) -> Live:
    """The same for a list of several kinds of things, each with whose a person may see."""
    shape: list[int | None] = []
    values: dict[str, object] = {}
    key: list[tuple[str, tuple[int, ...] | None]] = []
    for i, (subject_type, scope) in enumerate(kinds):
        places = _places(scope)
        shape.append(None if places is None else len(places))
        values |= {f"subject_{i}": subject_type, **{f"place_{i}_{j}": place for j, place in enumerate(places or ())}}
        key.append((subject_type, places))
    found = _read(_of_lists(tuple(shape)), values, now)
    # The last number of each kind is about viewers.
    lengths = (2 * (1 if places is None else places) + 1 for places in shape)
    looked = any(found[end - 1] is not None for end in accumulate(lengths))
    return Live(every, revision_of((key, _minute(now), *found)), looked)


def live_item(
    subject_type: str, subject_id: object, scope: Scope, now: datetime, *, every: float, beside: Live | None = None
) -> Live:
    """The revision of one thing, of nothing that is outside `scope`; and of the list `beside` it.

    A poll that finds nothing new renews the user's own presence when it grows old; `view_item()` begins it.
    """
    places, id = _places(scope), str(subject_id)
    values: dict[str, object] = {
        "subject_0": subject_type,
        "id": id,
        **{f"place_0_{j}": place for j, place in enumerate(places or ())},
    }
    *found, mine = _read(_of_item(None if places is None else len(places)), values, now)
    live = Live(every, revision_of((subject_type, id, places, _minute(now), *found)))
    live = live.beside(beside) if beside else live
    if mine is not None and now - mine > presence.RENEW and live.unchanged:
        side_note(lambda own: presence.renew(own, subject_type, id, person_id=me().id, now=now))
    return live


def view_item(desk: str, subject_type: str, subject_id: object, organization_id: int, now: datetime) -> tuple[str, ...]:
    """Records that the user views an item that they may see; returns the names of the other viewers.

    Only users who may act there are recorded: nobody has to step aside for a person who may only look.
    """
    person, id = me(), str(subject_id)
    others, mine = presence.viewers_and_own(reading(), subject_type, id, me=person.id, now=now)
    if (mine is None or now - mine > presence.RENEW) and person.may(desk, True, organization_id):
        side_note(lambda own: presence.touch(own, subject_type, id, organization_id, person_id=person.id, now=now))
    return others


def viewers_of_rows(subject_type: str, ids: Iterable[object], now: datetime) -> dict[str, tuple[str, ...]]:
    """Names of the other viewers of these rows of a list, by id as text."""
    return presence.viewers_of(reading(), subject_type, ids, me=me().id, now=now)


def _places(scope: Scope) -> tuple[int, ...] | None:
    """The organizations a revision is about, None for all."""
    if scope.everything or len(scope.organization_ids) > SEVERAL:
        return None
    return tuple(sorted(scope.organization_ids))


def _minute(now: datetime) -> int:
    """Which minute it is. Everybody's begins at another second, so that pages are not all made anew at once."""
    return (int(now.timestamp()) + me().id * 7) // 60


def _read(statement: Prepared[Numbers], values: dict[str, object], now: datetime) -> Numbers:
    (found,) = statement.all(reading(), values | {"me": me().id, "after": now - presence.FRESH})
    return found


_MOST: Number = literal_column(str(NEWEST))


def _subject(i: int = 0) -> BindParameter[str]:
    return bindparam(f"subject_{i}", type_=Event.subject_type.type)


_ID = bindparam("id", type_=Event.subject_id.type)
_MINE = select(Presence.seen_at).where(
    Presence.subject_type == _subject(), Presence.subject_id == _ID, Presence.person_id == bindparam("me")
)


def _bound(i: int, places: int | None) -> list[BindParameter[int]]:
    return [bindparam(f"place_{i}_{j}", type_=Event.organization_id.type) for j in range(places or 0)]


def _sum(column: SQLColumnExpression[int] | SQLColumnExpression[int | None], *where: Condition) -> Number:
    """The sum of the newest values of a column whose values only grow.

    It changes whenever a row is added anywhere among them, whatever the order in which transactions end.
    """
    found = select(column.label("n")).where(*where).order_by(column.desc()).limit(_MOST).subquery()
    return select(func.sum(found.c.n)).scalar_subquery()


def _viewers(*where: Condition) -> Number:
    fresh = (Presence.person_id != bindparam("me"), Presence.seen_at > bindparam("after", type_=Presence.seen_at.type))
    return select(func.sum(Presence.id)).where(*where, *fresh).scalar_subquery()


@lru_cache(maxsize=64)
def _of_lists(shape: tuple[int | None, ...]) -> Prepared[Numbers]:
    """One number for the events, one for the messages, of each organization; one for the viewers.

    `shape`: for each kind of thing, of how many organizations; None: of all.
    """
    numbers = []
    for i, places in enumerate(shape):
        subject, bound = _subject(i), _bound(i, places)
        for place in [None] if places is None else bound:
            here = [] if place is None else [Event.organization_id == place]
            there = [] if place is None else [OutboxRow.organization_id == place]
            tried = OutboxRow.changed_at_us.is_not(None)
            numbers += [
                _sum(Event.id, Event.subject_type == subject, *here),
                _sum(OutboxRow.changed_at_us, OutboxRow.subject_type == subject, tried, *there),
            ]
        within = [] if places is None else [Presence.organization_id.in_(bound)]
        numbers.append(_viewers(Presence.subject_type == subject, *within))
    return _numbered(numbers)


@lru_cache(maxsize=32)
def _of_item(places: int | None) -> Prepared[Numbers]:
    """The same for one item, and when this person was last seen there."""
    bound = _bound(0, places)

    def of(table: type[Event] | type[OutboxRow] | type[Presence]) -> list[Condition]:
        within = [] if places is None else [table.organization_id.in_(bound)]
        return [table.subject_type == _subject(), table.subject_id == _ID, *within]

    moved = select(func.sum(OutboxRow.changed_at_us)).where(*of(OutboxRow)).scalar_subquery()
    return _numbered([_sum(Event.id, *of(Event)), moved, _viewers(*of(Presence)), _MINE.scalar_subquery()])


def _numbered(numbers: Sequence[Number | ScalarSelect[datetime]]) -> Prepared[Numbers]:
    return Prepared(select(*(number.label(f"n{i}") for i, number in enumerate(numbers))))
