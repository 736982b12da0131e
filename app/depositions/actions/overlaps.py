"""Keeps what sessions need for themselves (models.ConflictKey) and which overlap, with every write that changes it.

`write()` asks for it, so no verb has to. On PostgreSQL writers whose sessions could touch take turns by the days around
them: so two at once see each other, and a session that both touch is judged by one after the other.

What a transaction waits for, it waits for in this order, so that no two wait for each other: the turn of the session
(`take_turn`), new rows of the roster, managers by their ids, days in one statement, sessions by their ids.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Protocol, cast

from sqlalchemy import Integer, Text, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.depositions.models import ConflictKey, Deposition
from app.depositions.queries import conflicts
from app.depositions.rules import conflicts as rules
from app.depositions.rules.conflicts import LONGEST, OPEN, Facts, Key
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared


class Hour(Protocol):
    """When a session is."""

    starts_at: datetime
    ends_at: datetime


Hours = Callable[[Hour], Iterable[tuple[datetime, datetime]]]
"""Hours that a session gets, by where it is."""

_COLUMNS = (
    Deposition.id,
    Deposition.organization_id,
    Deposition.state,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.zone,
    Deposition.case_name,
    Deposition.deponent_name,
    Deposition.deponent_email,
    Deposition.invites,
    Deposition.details,
    Deposition.manager_id,
)
"""What the keys are made of."""
_ROW: Prepared[Deposition] = Prepared(select(*_COLUMNS).where(Deposition.id == bindparam("id")))
_WATCHED = {column for column in _COLUMNS[2:] if column is not Deposition.zone}
_DELETE: Prepared[object] = Prepared(delete(ConflictKey).where(ConflictKey.deposition_id == bindparam("id")))
_LOCK_CLASS = 4021
"""The first number of the advisory locks of days."""
_TURN: Prepared[object] = Prepared(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=Text), 0)))
)
_DAY = func.unnest(bindparam("days", type_=ARRAY(Integer))).column_valued("day")
_LOCK_DAYS: Prepared[object] = Prepared(select(func.pg_advisory_xact_lock(bindparam("lock", type_=Integer), _DAY)))
_AROUND = timedelta(seconds=LONGEST)


def take_turn(db: Db, deposition_id: int) -> None:
    """Waits for others who move this session, give it away or change its people, until the transaction ends.

    What is read of it afterwards stays so. Taken before all else: who waited for a manager or a day first would find
    the session with another manager, or on another day, and have to wait for those while it holds the row.
    """
    if db.dialect == "postgresql":
        _TURN.all(db, {"name": f"deposition:{deposition_id}"})


def take_turns(db: Db, *spans: tuple[datetime, datetime]) -> None:
    """Waits for other writers whose sessions lie near these hours, until the transaction ends.

    Two writers that touch the same session both lie within its reach, and so share one of these days. Taken before any
    row is changed, in the order of days, so that nobody waits for two at once. On SQLite writers take turns anyway.
    """
    if db.dialect != "postgresql" or not spans:
        return
    days = {
        (begins - _AROUND + timedelta(days=n)).toordinal()
        for begins, ends in spans
        for n in range((ends + _AROUND - (begins - _AROUND)).days + 2)
        if begins - _AROUND + timedelta(days=n) <= ends + _AROUND + timedelta(days=1)
    }
    _LOCK_DAYS.all(db, {"lock": _LOCK_CLASS, "days": sorted(days)})


def take_turns_at(db: Db, deposition_id: int, further: Hours | None = None) -> None:
    """The turn of a deposition, and those where it is now and at the hours that it gets."""
    take_turn(db, deposition_id)
    if db.dialect == "postgresql":
        row = _ROW.first(db, {"id": deposition_id})
        if row is not None:
            take_turns(db, (row.starts_at, row.ends_at), *(further(row) if further else ()))


def kept(db: Db, deposition_id: int, values: Values) -> Values:
    """Keeps the keys of a deposition as they are with these new values. Returns the columns to write beside them."""
    if not _changes_keys(values):
        return {}
    take_turn(db, deposition_id)
    row = _ROW.first(db, {"id": deposition_id})
    if row is None:
        return {}
    after = _after(row, values)
    take_turns(db, (row.starts_at, row.ends_at), (after.starts_at, after.ends_at))
    keys = conflicts.keys_of(db, cast(Facts, after)) if after.state in OPEN else []
    stored = conflicts.stored_keys(db, deposition_id)
    if keys == stored:
        return {}
    return {Deposition.overlapping: _replace(db, deposition_id, stored, keys)}


def _changes_keys(values: Values) -> bool:
    changed = _WATCHED & values.keys()
    return bool(changed - {Deposition.state}) or (Deposition.state in changed and values[Deposition.state] not in OPEN)


def _after(row: Deposition, values: Values) -> SimpleNamespace:
    """The row with its new values."""
    before = {column.key: getattr(row, column.key) for column in _COLUMNS}
    return SimpleNamespace(**before | {column.key: value for column, value in values.items()})


def restored(db: Db, deposition_id: int) -> Values:
    """Makes the keys of a deposition anew where they are not as they should be. Returns the columns to write."""
    (row,) = _ROW.all(db, {"id": deposition_id})
    keys = conflicts.keys_of(db, cast(Facts, row)) if row.state in OPEN else []
    stored = conflicts.stored_keys(db, deposition_id)
    return {} if keys == stored else {Deposition.overlapping: _replace(db, deposition_id, stored, keys)}


def restore_of_managers(db: Db, manager_ids: Collection[int]) -> None:
    """Makes the keys of the sessions of these managers anew, once what they need between two has changed."""
    mine = (Deposition.manager_id.in_(manager_ids), Deposition.state.in_([state.value for state in OPEN]))
    found = select(Deposition.id, Deposition.starts_at, Deposition.ends_at).where(*mine).order_by(Deposition.id)
    rows = db.execute(found).all()
    if rows:
        take_turns(db, *((row.starts_at, row.ends_at) for row in rows))
    for row in rows:
        values = restored(db, row.id)
        if values:
            db.execute(update(Deposition).where(Deposition.id == row.id).values(dict(values)))


def check(db: Db, deposition: Deposition, reason: str, now: datetime, *, refuses: bool = True) -> dict[str, object]:
    """Looks for conflicts of a deposition in its transaction. Returns what its event has of them. Raises Conflict for
    one that needs a reason, without one; unless it `refuses` nothing, as what an organization does through the API."""
    found = conflicts.overlaps(db, deposition, besides=deposition.id)
    if refuses:
        rules.check(rules.findings(deposition, found, now), reason)
    if not found:
        return {}
    return {
        "overlaps": sorted({overlap.other.id for overlap in found}),
        **({"reason": reason.strip()} if reason else {}),
    }


def overlaps_others(db: Db, keys: Sequence[Key]) -> bool:
    """Whether a session with these keys, which has no row yet, overlaps others; it then makes them overlap too."""
    fresh, overlapping = _meeting(db, keys, besides=0)
    _lock(db, fresh)
    _mark(db, fresh, overlapping=True)
    return overlapping


def add(db: Db, deposition_id: int, keys: Sequence[Key], overlapping: bool) -> None:
    """Stores the keys of a session, in one statement: one each was a third of what a request through the API wrote."""
    if not keys:
        return
    of_each = {f"{name}_{n}": value for n, key in enumerate(keys) for name, value in key._asdict().items()}
    _insert(len(keys)).run(db, {"owner": deposition_id, "is_alone": not overlapping, **of_each})


@lru_cache(maxsize=64)
def _insert(number: int) -> Prepared[object]:
    """Stores so many keys of one session."""
    shared: dict[str, object] = {"deposition_id": bindparam("owner"), "alone": bindparam("is_alone")}
    rows = [{**shared, **{name: bindparam(f"{name}_{n}") for name in Key._fields}} for n in range(number)]
    return Prepared(insert(ConflictKey.__table__).values(rows).inline())


def _replace(db: Db, deposition_id: int, stored: Sequence[Key], keys: Sequence[Key]) -> bool:
    """Replaces the keys of a deposition, and marks whom that makes or no longer makes overlap. Returns whether it
    overlaps another itself."""
    before = {id for id, _ in conflicts.sharing(db, stored, alone=False, besides=deposition_id)}
    _DELETE.run(db, {"id": deposition_id})
    fresh, overlapping = _meeting(db, keys, besides=deposition_id)
    add(db, deposition_id, keys, overlapping)
    left = before - conflicts.still_overlapping(db, before)
    _lock(db, {deposition_id, *fresh, *left})
    _mark(db, fresh, overlapping=True)
    _mark(db, left, overlapping=False)
    return overlapping


def _meeting(db: Db, keys: Sequence[Key], besides: int) -> tuple[set[int], bool]:
    """The sessions that would overlap only now because of one with these keys, and whether it overlaps any."""
    fresh = {id for id, _ in conflicts.sharing(db, keys, alone=True, besides=besides)}
    return fresh, bool(fresh) or bool(conflicts.sharing(db, keys, alone=False, besides=besides, most=1))


def _lock(db: Db, ids: Collection[int]) -> None:
    """Locks rows in the order of their ids, as whoever writes several of them does."""
    if ids and db.dialect == "postgresql":
        db.execute(
            select(Deposition.id).where(Deposition.id.in_(sorted(ids))).order_by(Deposition.id).with_for_update()
        )


def _mark(db: Db, ids: Collection[int], *, overlapping: bool) -> None:
    """Marks these sessions. Their versions stay: nobody's open form grows stale by what another session does."""
    if not ids:
        return
    mine = ConflictKey.deposition_id.in_(sorted(ids))
    db.execute(update(ConflictKey).where(mine).values({ConflictKey.alone: not overlapping}))
    db.execute(update(Deposition).where(Deposition.id.in_(sorted(ids))).values({Deposition.overlapping: overlapping}))
