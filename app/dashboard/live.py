"""Live pages of the desks: the revision of a list and of one item, each read by one statement, and who is looking.

A list: `live = live_list("deposition", scope, now, every=2)` before anything is read, `if live.unchanged: return
live.not_modified()`, then `respond(…, live=live, presence=who_looks(…))`. An item: the same with `live_item`, then
`look(…)` once it is known that this person may see it.

What changes a page must write an event about its subject (or move a message about it, or be somebody's look). What only
time changes is found within the minute, and so is whatever else a page shows (names of templates, other desks' counts).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select

from app.accounts.access import me
from app.accounts.scope import Scope
from app.dashboard import presence
from app.dashboard.presence import Presence
from app.kernel.changes.events import Event
from app.kernel.db.transaction import reading, side_transaction
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.web.live import Live, revision_of

NEWEST = 100
"""Of so many newest ids the sum is taken. A transaction that commits later than so many younger ones is missed until
the minute is over."""
SEVERAL = 12
"""People with more organizations than this are told about changes anywhere at their desk."""

_e = Event.__table__.c
_o = OutboxRow.__table__.c
_w = Presence.__table__.c


def live_list(subject_type: str, scope: Scope, now: datetime, *, every: float) -> Live:
    """The revision of everything a person's lists of these things can show. `every`: seconds between polls."""
    return live_lists([(subject_type, scope)], now, every=every)


def live_lists(kinds: Sequence[tuple[str, Scope]], now: datetime, *, every: float) -> Live:
    """The same for a list of several kinds of things, each with whose a person may see."""
    shape: list[int | None] = []
    asked: dict[str, Any] = {}
    key: list[Any] = []
    for i, (subject_type, scope) in enumerate(kinds):
        places = _places(scope)
        shape.append(None if places is None else len(places))
        asked |= {f"subject_{i}": subject_type, **{f"place_{i}_{j}": place for j, place in enumerate(places or ())}}
        key.append((subject_type, places))
    found = _read(_of_lists(tuple(shape)), asked, now)
    # The last number of each kind is about who looks.
    lengths = (2 * (1 if places is None else places) + 1 for places in shape)
    looked = any(found[end - 1] is not None for end in accumulate(lengths))
    return Live(every, revision_of((key, _minute(now), *found)), looked)


def live_item(subject_type: str, subject_id: object, scope: Scope, now: datetime, *, every: float) -> Live:
    """The revision of one thing, of nothing that is outside `scope`.

    A poll that finds nothing new renews this person's own look when it grows old; `look()` begins it.
    """
    places, id = _places(scope), str(subject_id)
    asked = {"subject_0": subject_type, "id": id, **{f"place_0_{j}": place for j, place in enumerate(places or ())}}
    *found, mine = _read(_of_item(None if places is None else len(places)), asked, now)
    live = Live(every, revision_of((subject_type, id, places, _minute(now), *found)))
    if mine is not None and now - mine > presence.RENEW and live.unchanged:
        with side_transaction() as own:
            presence.renew(own, subject_type, id, person_id=me().id, now=now)
    return live


def look(desk: str, subject_type: str, subject_id: object, organization_id: int, now: datetime) -> tuple[str, ...]:
    """Notes that this person looks at a thing they may see; returns the names of the others who do.

    Only those who may act there are noted: nobody has to step aside for a person who only looks.
    """
    person, id = me(), str(subject_id)
    mine = reading().connection().execute(_MINE, {"subject_0": subject_type, "id": id, "me": person.id}).scalar()
    if (mine is None or now - mine > presence.RENEW) and person.may(desk, True, organization_id):
        with side_transaction() as own:
            presence.look(own, subject_type, id, organization_id, person_id=person.id, now=now)
    return presence.looking(reading(), subject_type, [id], me=person.id, now=now).get(id, ())


def who_looks(subject_type: str, ids: Iterable[object], now: datetime) -> dict[str, tuple[str, ...]]:
    """Names of the others who look at these rows of a list, by id as text."""
    return presence.looking(reading(), subject_type, ids, me=me().id, now=now)


def _places(scope: Scope) -> tuple[int, ...] | None:
    """The organizations a revision is about, None for all."""
    if scope.everything or len(scope.organization_ids) > SEVERAL:
        return None
    return tuple(sorted(scope.organization_ids))


def _minute(now: datetime) -> int:
    """Which minute it is. Everybody's begins at another second, so that pages are not all made anew at once."""
    return (int(now.timestamp()) + me().id * 7) // 60


def _read(statement: Select[Any], asked: dict[str, Any], now: datetime) -> Any:
    asked |= {"me": me().id, "after": now - presence.FRESH}
    return reading().connection().execute(statement, asked).one()


_MOST: Any = literal_column(str(NEWEST))


def _subject(i: int = 0) -> Any:
    return bindparam(f"subject_{i}", type_=_e.subject_type.type)


_ID = bindparam("id", type_=_e.subject_id.type)
_MINE = select(_w.seen_at).where(_w.subject_type == _subject(), _w.subject_id == _ID, _w.person_id == bindparam("me"))


def _bound(i: int, places: int | None) -> list[Any]:
    return [bindparam(f"place_{i}_{j}", type_=_e.organization_id.type) for j in range(places or 0)]


def _sum(column: Any, *where: ColumnElement[bool]) -> ColumnElement[Any]:
    """The sum of the newest values of a column whose values only grow.

    It changes whenever a row is added anywhere among them, whatever the order in which transactions end.
    """
    found = select(column.label("n")).where(*where).order_by(column.desc()).limit(_MOST).subquery()
    return select(func.sum(found.c.n)).scalar_subquery()


def _looks(*where: ColumnElement[bool]) -> ColumnElement[Any]:
    fresh = (_w.person_id != bindparam("me"), _w.seen_at > bindparam("after", type_=_w.seen_at.type))
    return select(func.sum(_w.id)).where(*where, *fresh).scalar_subquery()


@lru_cache(maxsize=64)
def _of_lists(shape: tuple[int | None, ...]) -> Select[Any]:
    """One number for the events, one for the messages, of each organization; one for who is looking.

    `shape`: for each kind of thing, of how many organizations; None: of all.
    """
    numbers = []
    for i, places in enumerate(shape):
        subject, bound = _subject(i), _bound(i, places)
        for place in [None] if places is None else bound:
            here = [] if place is None else [_e.organization_id == place]
            there = [] if place is None else [_o.organization_id == place]
            tried = _o.changed_at_us.is_not(None)
            numbers += [
                _sum(_e.id, _e.subject_type == subject, *here),
                _sum(_o.changed_at_us, _o.subject_type == subject, tried, *there),
            ]
        within = [] if places is None else [_w.organization_id.in_(bound)]
        numbers.append(_looks(_w.subject_type == subject, *within))
    return _numbered(numbers)


@lru_cache(maxsize=32)
def _of_item(places: int | None) -> Select[Any]:
    """The same for one thing, and when this person last looked at it."""
    bound = _bound(0, places)

    def of(table: Any) -> list[ColumnElement[bool]]:
        within = [] if places is None else [table.organization_id.in_(bound)]
        return [table.subject_type == _subject(), table.subject_id == _ID, *within]

    moved = select(func.sum(_o.changed_at_us)).where(*of(_o)).scalar_subquery()
    return _numbered([_sum(_e.id, *of(_e)), moved, _looks(*of(_w)), _MINE.scalar_subquery()])


def _numbered(numbers: list[ColumnElement[Any]]) -> Select[Any]:
    return select(*(number.label(f"n{i}") for i, number in enumerate(numbers)))
