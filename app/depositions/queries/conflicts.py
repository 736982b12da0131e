"""Which open sessions need the same at the same hour: asked of the table of keys, in one range of its index each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select
from sqlalchemy.orm import aliased

from app.depositions.events import SUBJECT
from app.depositions.models import ConflictKey, Deposition, Manager, OfferedKey
from app.depositions.rules import availability, conflicts
from app.depositions.rules.conflicts import LONGEST, Facts, Finding, Key, Need, OfferedSession, OtherSession, Overlap
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

MOST = 400
"""Keys in common that are read: a request that was sent a thousand times is not read a thousand times."""

_SHARED = (
    ConflictKey.key.in_(bindparam("keys", expanding=True)),
    ConflictKey.begins < bindparam("ends"),
    ConflictKey.begins > bindparam("earliest"),
    ConflictKey.ends > bindparam("begins"),
    ConflictKey.deposition_id != bindparam("besides"),
)
_SHARING = {
    # One statement a value, so that each is one range of the index for each key.
    alone: select(ConflictKey.deposition_id, ConflictKey.need).where(
        ConflictKey.alone if alone else ~ConflictKey.alone, *_SHARED
    )
    for alone in (True, False)
}
_OFFERED_AT = select(OfferedKey.deposition_id, OfferedKey.need, OfferedKey.begins, OfferedKey.ends).where(
    OfferedKey.key.in_(bindparam("keys", expanding=True)),
    OfferedKey.begins < bindparam("ends"),
    OfferedKey.begins > bindparam("earliest"),
    OfferedKey.ends > bindparam("begins"),
    OfferedKey.deposition_id != bindparam("besides"),
)
_OFFERED: Prepared[tuple[int, str, int, int]] = Prepared(_OFFERED_AT.limit(MOST))
_STORED: Prepared[Key] = Prepared(
    select(ConflictKey.need, ConflictKey.key, ConflictKey.begins, ConflictKey.ends)
    .where(ConflictKey.deposition_id == bindparam("id"))
    .order_by(ConflictKey.need, ConflictKey.key),
    Key,
)
_OTHERS = select(
    Deposition.id,
    Deposition.organization_id,
    Deposition.state,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.case_name,
    Deposition.deponent_name,
    Deposition.deponent_email,
    Deposition.invites,
).where(Deposition.id.in_(bindparam("ids", expanding=True)))
_BUFFERS: Prepared[tuple[int, int]] = Prepared(
    select(Manager.buffer_before, Manager.buffer_after).where(Manager.id == bindparam("id"))
)
_mine, _theirs = aliased(ConflictKey), aliased(ConflictKey)


def _meets() -> ColumnElement[bool]:
    """Whether `_theirs` is another session's key that overlaps `_mine`."""
    return (
        (_theirs.key == _mine.key)
        & (_theirs.begins < _mine.ends)
        & (_theirs.begins > _mine.begins - LONGEST)
        & (_theirs.ends > _mine.begins)
        & (_theirs.deposition_id != _mine.deposition_id)
    )


_STILL = (
    select(_mine.deposition_id)
    .distinct()
    .where(_mine.deposition_id.in_(bindparam("ids", expanding=True)), exists().where(~_theirs.alone, _meets()))
)


def gap_of(db: Db, manager_id: int | None) -> timedelta:
    """What the manager of a session needs between two."""
    if manager_id is None:
        return timedelta(0)
    (buffers,) = _BUFFERS.all(db, {"id": manager_id})
    return availability.gap(*buffers)


def keys_of(db: Db, facts: Facts) -> list[Key]:
    """The keys of a session, with what its manager needs."""
    return conflicts.keys_of(facts, gap_of(db, facts.manager_id))


def stored_keys(db: Db, deposition_id: int) -> list[Key]:
    """The keys that are kept of a deposition."""
    return _STORED.all(db, {"id": deposition_id})


def sharing(
    db: Db, keys: Iterable[Key], *, alone: bool, besides: int, most: int | None = None
) -> list[tuple[int, str]]:
    """The other sessions that share a key at its hour, each with the need: those that overlap no other session yet, or
    those that do."""
    found: list[tuple[int, str]] = []
    statement = _sharing(alone, most)
    for (begins, ends), digests in _by_span(keys).items():
        values = {"keys": digests, "begins": begins, "ends": ends, "earliest": begins - LONGEST, "besides": besides}
        found += statement.all(db, values)
    return found


def _by_span(keys: Iterable[Key]) -> dict[tuple[int, int], list[int]]:
    """The digests of keys that are needed from and to the same moment."""
    spans: dict[tuple[int, int], list[int]] = defaultdict(list)
    for key in keys:
        spans[key.begins, key.ends].append(key.key)
    return spans


@cache
def _sharing(alone: bool, most: int | None) -> Prepared[tuple[int, str]]:
    return Prepared(_SHARING[alone].limit(most))


def still_overlapping(db: Db, ids: Collection[int]) -> set[int]:
    """Those of these sessions that overlap one that is kept as overlapping."""
    return set(db.execute(_STILL, {"ids": list(ids)}).scalars()) if ids else set()


def overlaps(db: Db, facts: Facts, *, besides: int = 0) -> list[Overlap]:
    """The open sessions that need the same at the hour of this one, which is stored (`besides`) or not; those that may
    be moved to that hour after them."""
    keys, needs = keys_of(db, facts), defaultdict(set)
    for alone in (True, False):
        for id, need in sharing(db, keys, alone=alone, besides=besides, most=MOST):
            needs[id].add(need)
    offered = _offered(db, keys, besides)
    ids = sorted({*needs, *(offer.id for offer in offered)})
    if not ids:
        return []
    rows = {row.id: cast(OtherSession, row) for row in db.execute(_OTHERS, {"ids": ids})}
    return [
        *(Overlap(rows[id], frozenset(shared)) for id, shared in needs.items() if id in rows),
        *(Overlap(_at(rows[offer.id], offer), offer.needs, offered=True) for offer in offered),
    ]


class _Offer(NamedTuple):
    """An hour to which another session may be moved, and what is shared with it."""

    id: int
    begins: int
    ends: int
    needs: frozenset[str]


def _offered(db: Db, keys: Iterable[Key], besides: int) -> list[_Offer]:
    """The hours to which other sessions may be moved that take the same."""
    found: dict[tuple[int, int], _Offer] = {}
    for (begins, ends), digests in _by_span(keys).items():
        values = {"keys": digests, "begins": begins, "ends": ends, "earliest": begins - LONGEST, "besides": besides}
        for id, need, first, last in _OFFERED.all(db, values):
            offer = found.setdefault((id, first), _Offer(id, first, last, frozenset()))
            # What the manager needs after the hour is kept with theirs.
            found[id, first] = offer._replace(ends=min(offer.ends, last), needs=offer.needs | {need})
    return list(found.values())


def _at(other: OtherSession, offer: _Offer) -> OfferedSession:
    """A session at an hour to which it may be moved."""
    begins, ends = (datetime.fromtimestamp(seconds, UTC) for seconds in (offer.begins, offer.ends))
    return OfferedSession(
        other.id,
        other.organization_id,
        other.state,
        begins,
        ends,
        other.case_name,
        other.deponent_name,
        other.deponent_email,
        other.invites,
    )


def findings(db: Db, facts: Facts, now: datetime, *, besides: int = 0) -> list[Finding]:
    """A sentence for each conflict of a session, the gravest first. For pages and actions."""
    return conflicts.findings(facts, overlaps(db, facts, besides=besides), now)


def reasons(db: Db, deposition_id: int, others: Sequence[int]) -> dict[int, str]:
    """Why these sessions were booked, moved or given away although they overlap this one, by their ids; of the first
    twenty. One read, of the newest events."""
    some = [str(id) for id in others[:20]]
    if not some:
        return {}
    newest = (
        select(Event.subject_id, Event.data)
        .where(Event.subject_type == SUBJECT, Event.subject_id.in_(some))
        .order_by(Event.id.desc())
        .limit(50 * len(some))
    )
    found: dict[int, str] = {}
    for subject_id, data in db.execute(newest):
        if data.get("reason") and deposition_id in (data.get("overlaps") or ()):
            found.setdefault(int(subject_id), data["reason"])
    return found


def differences(db: Db, at_once: int = 500) -> list[str]:
    """What is kept of conflicts and is not as it would be recomputed, a sentence each. For operators and tests."""
    found: list[str] = []
    last = 0
    columns = [column for column in Deposition.__table__.c if column.name in _FACTS]
    while True:
        page = select(*columns).where(Deposition.id > last).order_by(Deposition.id).limit(at_once)
        rows = db.execute(page).all()
        if not rows:
            return found
        ids, last = [row.id for row in rows], rows[-1].id
        stored = defaultdict(set)
        kept = select(ConflictKey).where(ConflictKey.deposition_id.in_(ids))
        for key in db.execute(kept).scalars():
            stored[key.deposition_id].add((Key(key.need, key.key, key.begins, key.ends), key.alone))
        meets = select(_mine.deposition_id).distinct().where(_mine.deposition_id.in_(ids), exists().where(_meets()))
        overlapping = set(db.execute(meets).scalars())
        for row in rows:
            alone = row.id not in overlapping
            keys = {(key, alone) for key in keys_of(db, cast(Facts, row))} if row.state in conflicts.OPEN else set()
            if stored[row.id] != keys:
                found.append(f"What deposition {row.id} needs is kept otherwise than it is.")
            if row.overlapping == alone:
                found.append(
                    f"Deposition {row.id} {'overlaps no other' if alone else 'overlaps another'}; kept otherwise."
                )


_FACTS = (
    "id",
    "organization_id",
    "state",
    "starts_at",
    "ends_at",
    "zone",
    "case_name",
    "deponent_name",
    "deponent_email",
    "invites",
    "details",
    "manager_id",
    "overlapping",
)


_others = (
    select(_theirs.deposition_id)
    .where(_mine.deposition_id == Deposition.id, ~_theirs.alone, _meets())
    .limit(1000)
    .correlate(Deposition)
    .subquery()
)
OTHERS = case(
    (Deposition.overlapping, select(func.count(func.distinct(_others.c.deposition_id))).scalar_subquery()), else_=0
).label("overlaps")
"""How many others a deposition overlaps, as far as they are counted; read only where there is one."""
TWICE = (
    Deposition.overlapping
    & exists(
        select(1)
        .where(_mine.deposition_id == Deposition.id, _mine.need == Need.REQUEST.value, ~_theirs.alone, _meets())
        .correlate(Deposition)
    )
).label("requested_twice")
"""Whether another asks for the same session."""
_COUNTED: Prepared[tuple[int, int, bool]] = Prepared(
    select(Deposition.id, OTHERS, TWICE).where(Deposition.id.in_(bindparam("ids", expanding=True))), tuple
)


class Overlapping(NamedTuple):
    """How many others a session overlaps, and whether one of them asks for the same session."""

    others: int
    twice: bool


ALONE = Overlapping(0, False)


def counted(db: Db, ids: Sequence[int]) -> dict[int, Overlapping]:
    """How many others these sessions overlap, which all do."""
    if not ids:
        return {}
    return {id: Overlapping(others, bool(twice)) for id, others, twice in _COUNTED.all(db, {"ids": ids})}
