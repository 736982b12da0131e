"""One list of one desk, as one reader asked for it: the only thing that knows what is in it and in which order.

Page, counts, neighbours, the rows ticked, the CSV: all are asked of the same `Listing`, so they always agree. A room
says once a *kind* of list which stretches it has (`Shape`, remembered by what the filters are, not by what they hold)
and for each request what fills them (`Listing`). The statements of a shape are built once and only given values later.

A stretch is one urgency group. Each of its arms is one range on one index, so that a page costs the same at any size
of the table; several arms (the states of a tab that is sorted by a column) are read side by side and merged.

No Flask here: desk packages use it from their `queries`, `app/dashboard/queue.py` shows it; docs/queue.md says how.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor, keyset, placeholders

PAGE = 50
"""Rows a page."""

MOST_COUNTED = 1000
"""What no counter keeps is counted up to here; more is said as `1,000+`."""

CHUNK = 500
"""Rows that a CSV reads at once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One group of a list: which rows, in which order.

    `arms` are conditions, each one range on one index; a row is in the stretch when it meets all conditions of one arm,
    and no row may meet two. `order` are the columns sorted by, the last one unique, all in one direction. Values that
    differ from request to request are `bindparam`s, filled from the Listing's `values`.
    """

    key: str
    arms: tuple[tuple[ColumnElement[bool], ...], ...]
    order: tuple[Any, ...]
    descending: bool = False

    @property
    def inside(self) -> ColumnElement[bool]:
        """Whether a row is in this stretch."""
        return or_(*(and_(*arm) for arm in self.arms)) if len(self.arms) > 1 else and_(*self.arms[0])


class Page(NamedTuple):
    """Rows as (group key, row); the cursors of the pages after and before, or None; whether it is the first."""

    rows: list[tuple[str, Row]]
    next_cursor: str | None
    previous_cursor: str | None
    first: bool


class Neighbours(NamedTuple):
    """The rows before and after one in its list, and its place (1 is the first; 0: too far down to say)."""

    previous: Any
    next: Any
    place: int


class CompiledListing:
    """One kind of list, with its statements. Made once and remembered by the room.

    `columns` are what a row shows, the id column first; `version` is the column that grows with every change; `reach`
    are the conditions that keep to the organizations the reader may see (they also guard rows asked for by id).
    `kept` are statements of three columns (key, 1 or 0, n) that read counter tables, and whatever else the tabs count:
    they are asked in the same round trip as the groups.
    """

    def __init__(
        self,
        columns: Sequence[Any],
        stretches: Sequence[Segment],
        *,
        version: Any,
        reach: Sequence[ColumnElement[bool]] = (),
        kept: Sequence[Select] = (),
    ) -> None:
        self.columns, self.stretches = tuple(columns), tuple(stretches)
        self.id, self.version, self.reach, self.kept = self.columns[0], version, tuple(reach), tuple(kept)
        self._known: dict[Any, Any] = {}

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found

    def rows(self, at: int, *, beyond: bool, back: bool, most: int) -> Select:
        """The first rows of a stretch, or those beyond the values `at_0`, `at_1`, …; `back` reads it from its end."""
        return self._once(("rows", at, beyond, back, most), lambda: self._rows(at, beyond, back, most))

    def _rows(self, at: int, beyond: bool, back: bool, most: int) -> Select:
        stretch = self.stretches[at]
        descending = stretch.descending != back
        past = keyset(stretch.order, placeholders(stretch.order), descending=descending)
        arms = [(*arm, past) if beyond else arm for arm in stretch.arms]
        cut: Any = literal_column(str(most))
        if len(arms) == 1:
            return select(*self.columns).where(*arms[0]).order_by(*_sorted(stretch.order, descending)).limit(cut)
        # Each arm walks its own range; only the few rows that may be shown are sorted together.
        heads = [
            select(*stretch.order).where(*arm).order_by(*_sorted(stretch.order, descending)).limit(cut).subquery()
            for arm in arms
        ]
        merged = union_all(*(select(*head.c) for head in heads)).subquery()
        ids = select(list(merged.c)[-1]).order_by(*_sorted(tuple(merged.c), descending)).limit(cut)
        return select(*self.columns).where(self.id.in_(ids)).order_by(*_sorted(stretch.order, descending))

    def counts(self, places: tuple[int, ...], *, kept: bool) -> Any:
        """How many each of these stretches holds, up to MOST_COUNTED + 1 an arm; `kept`: also the room’s counters."""
        return self._once(("counts", places, kept), lambda: self._counts(places, kept))

    def _counts(self, places: tuple[int, ...], kept: bool) -> Any:
        parts = [capped_count(str(at), self.id, arm) for at in places for arm in self.stretches[at].arms]
        return _union([*parts, *(self.kept if kept else ())])

    def ahead(self, at: int) -> Any:
        """How many rows stand before the values `at_0`, … of a stretch."""
        return self._once(("ahead", at), lambda: self._ahead(at))

    def _ahead(self, at: int) -> Any:
        stretch = self.stretches[at]
        past = keyset(stretch.order, placeholders(stretch.order), descending=not stretch.descending)
        own = [(*arm, past) for arm in stretch.arms]
        before = [arm for earlier in self.stretches[:at] for arm in earlier.arms]
        return _union([capped_count("", self.id, arm) for arm in (*own, *before)])

    def all(self, at: int) -> Select:
        """How many a stretch holds, without a limit: for a CSV, which reads them all anyway."""
        inside = self.stretches[at].inside
        return self._once(("all", at), lambda: select(func.count()).select_from(self.id.table).where(inside))

    def known(self, *, lock: bool) -> Select:
        """The rows `ids` that the reader may see, each with the place of its stretch, -1 outside of the list."""
        return self._once(("known", lock), lambda: self._known_rows(lock))

    def _known_rows(self, lock: bool) -> Select:
        whens = [(stretch.inside, at) for at, stretch in enumerate(self.stretches)]
        place: Any = case(*whens, else_=-1) if whens else literal(-1)
        ids = self.id.in_(bindparam("ids", expanding=True, type_=self.id.type))
        found = select(*self.columns, place.label("stretch")).where(ids, *self.reach).order_by(self.id)
        return found.with_for_update(of=self.id.table) if lock else found


def capped_count(key: str, id: Any, conditions: Iterable[ColumnElement[bool]]) -> Select:
    """(key, 0, n): how many rows meet the conditions, at most MOST_COUNTED + 1."""
    cut: Any = literal_column(str(MOST_COUNTED + 1))
    rows = select(literal_column("1")).select_from(id.table).where(*conditions).limit(cut).subquery()
    return select(literal_column(f"'{key}'").label("key"), literal_column("0"), func.count()).select_from(rows)


def _union(parts: Sequence[Any]) -> Any:
    return union_all(*parts) if len(parts) > 1 else (parts[0] if parts else None)


def _sorted(order: tuple[Any, ...], descending: bool) -> list[Any]:
    return [column.desc() if descending else column.asc() for column in order]


class Listing:
    """One list, filled: a shape and the values of this request.

    `values` fill the shape's bindparams, the moment of the request among them: one Listing has one moment. `purpose`
    names list and reader, and binds its cursors to them. `size` is the rows a page.
    """

    __slots__ = ("purpose", "shape", "size", "values")

    def __init__(self, shape: CompiledListing, values: Mapping[str, Any], *, purpose: str, size: int = PAGE) -> None:
        self.shape, self.values, self.purpose, self.size = shape, dict(values), purpose, size

    def page(self, db: Db, after: str | None = None, before: str | None = None) -> Page:
        """One page. `after` and `before` are cursors; a page before which too little stands is the first page.

        Raises BadRequest for a cursor of another list or reader.
        """
        if before:
            found = self._read(db, before, back=True)
            if len(found) > self.size:
                rows = found[: self.size][::-1]
                return Page(rows, self._cursor(db, rows[-1]), self._cursor(db, rows[0]), first=False)
        found = self._read(db, after if not before else None, back=False)
        rows = found[: self.size]
        forth = self._cursor(db, rows[-1]) if len(found) > self.size else None
        first = bool(before) or not after
        return Page(rows, forth, None if first or not rows else self._cursor(db, rows[0]), first)

    def _read(self, db: Db, cursor: str | None, back: bool) -> list[tuple[str, Row]]:
        """One row more than a page, if there is one."""
        start, values = self._start(db, cursor)
        return list(self._walk(db, start, values, back=back, most=self.size + 1, stop=self.size + 1))

    def _start(self, db: Db, cursor: str | None) -> tuple[int | None, list[Any] | None]:
        if not cursor:
            return None, None
        key, *values = decode_cursor(db, self.purpose, cursor)
        place = next((at for at, stretch in enumerate(self.shape.stretches) if stretch.key == key), None)
        return place, values if place is not None else None

    def _walk(
        self, db: Db, start: int | None, values: list[Any] | None, *, back: bool, most: int, stop: int | None
    ) -> Iterator[tuple[str, Row]]:
        """The rows from a place on, stretch by stretch, `most` in one reading, until `stop` are given."""
        stretches, connection, given = self.shape.stretches, db.connection(), 0
        first = start if start is not None else (len(stretches) - 1 if back else 0)
        for at in range(first, -1, -1) if back else range(first, len(stretches)):
            key, order = stretches[at].key, stretches[at].order
            here = values if at == start else None
            while True:
                statement = self.shape.rows(at, beyond=here is not None, back=back, most=most)
                rows = connection.execute(statement, self._with(here)).all()
                for row in rows:
                    yield key, row
                    given += 1
                    if given == stop:
                        return
                if len(rows) < most:
                    break
                here = [rows[-1]._mapping[column] for column in order]

    def _with(self, here: Sequence[Any] | None) -> dict[str, Any]:
        if not here:
            return self.values
        return {**self.values, **{f"at_{n}": value for n, value in enumerate(here)}}

    def _cursor(self, db: Db, shown: tuple[str, Row]) -> str:
        key, row = shown
        stretch = next(stretch for stretch in self.shape.stretches if stretch.key == key)
        return encode_cursor(db, self.purpose, [key, *(row._mapping[column] for column in stretch.order)])

    def counts(self, db: Db, keys: Iterable[str] = ()) -> tuple[dict[str, int], list[tuple[str, int, int]]]:
        """How many these groups hold (beyond MOST_COUNTED: one more than that), and what the counters say.

        The second are the rows of the shape's `kept` statements, (key, flag, n), for the room to make tabs of.
        """
        wanted = set(keys)
        places = tuple(at for at, stretch in enumerate(self.shape.stretches) if stretch.key in wanted)
        statement = self.shape.counts(places, kept=True)
        sizes = dict.fromkeys((self.shape.stretches[at].key for at in places), 0)
        kept: list[tuple[str, int, int]] = []
        if statement is None:
            return sizes, kept
        groups = sum(len(self.shape.stretches[at].arms) for at in places)
        for key, flag, n in db.connection().execute(statement, self.values):
            if key.isdigit() and groups:
                name = self.shape.stretches[int(key)].key
                sizes[name] = min(sizes[name] + int(n), MOST_COUNTED + 1)
            else:
                kept.append((key, int(flag), int(n or 0)))
        return sizes, kept

    def total(self, db: Db) -> int:
        """How many the list holds; beyond MOST_COUNTED it is not counted further. Rooms know better from counters."""
        places = tuple(range(len(self.shape.stretches)))
        if not places:
            return 0
        rows = db.connection().execute(self.shape.counts(places, kept=False), self.values)
        return min(sum(int(n) for _, _, n in rows), MOST_COUNTED + 1)

    def count_all(self, db: Db) -> int:
        """How many the list holds, however many: for the note that a CSV leaves."""
        places = range(len(self.shape.stretches))
        return sum(int(db.connection().execute(self.shape.all(at), self.values).scalar_one()) for at in places)

    def rows_of(self, db: Db, ids: Sequence[Any], *, lock: bool = False) -> dict[Any, tuple[str | None, Row]]:
        """The rows with these ids that the reader may see, in the list or not: id → (group key or None, row).

        `lock` keeps others from changing them until the transaction ends.
        """
        if not ids:
            return {}
        found = db.connection().execute(self.shape.known(lock=lock), {**self.values, "ids": list(ids)})
        return {row[0]: (self.shape.stretches[row.stretch].key if row.stretch >= 0 else None, row) for row in found}

    def near(self, db: Db, id: Any) -> Neighbours | None:
        """What comes before and after a row in this list; None when it is not in it."""
        found = self.rows_of(db, [id]).get(id)
        if found is None or found[0] is None:
            return None
        row = found[1]
        at = int(row.stretch)
        here = [row._mapping[column] for column in self.shape.stretches[at].order]
        counted = [int(n) for _, _, n in db.connection().execute(self.shape.ahead(at), self._with(here))]
        far = any(n > MOST_COUNTED for n in counted)
        return Neighbours(
            self._next(db, at, here, back=True), self._next(db, at, here, back=False), 0 if far else sum(counted) + 1
        )

    def _next(self, db: Db, at: int, here: list[Any], back: bool) -> Any:
        found = next(self._walk(db, at, here, back=back, most=1, stop=1), None)
        return found[1][0] if found else None

    def stream(self, db: Db, size: int = CHUNK) -> Iterator[tuple[str, Row]]:
        """Every row of the list in its order, read `size` at a time: never all of them in memory."""
        return self._walk(db, None, None, back=False, most=size, stop=None)
