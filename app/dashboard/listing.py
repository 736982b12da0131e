"""One list of one desk, as one reader asked for it: the only thing that knows what is in it and in which order.

Page, counts, neighbours, ticked rows and CSV are all asked of the same `Listing`, so they always agree. A desk says
once for each *kind* of list which segments it has (`CompiledListing`, cached by which filters are set, not by their
values) and for each request the values (`Listing`). The statements of a kind are built once: that costs 3 to 5 ms.

A segment is one urgency group. Each of its branches is one range on one index, so that a page costs the same at any
size of the table; several branches (the states of a tab that is sorted by a column) are read side by side and merged.

No Flask here: desk packages use it from their `queries`, queue_page.py shows it; docs/queue.md says how.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
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
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.expression import SQLColumnExpression

from app.kernel.db.columns import Rows, number
from app.kernel.db.engine import Base, Db
from app.kernel.db.pagination import decode_cursor, encode_cursor, keyset, placeholders
from app.kernel.db.prepared import Prepared

T = TypeVar("T")
Id = int | UUID
Condition = SQLColumnExpression[bool]
Conditions = tuple[Condition, ...]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]  # of any type of value
Found = Any  # a row of any desk, a tuple with names; its queue reads it as the protocol it declares
CounterRow = tuple[str, int, int]
"""What a counter query says: (key, flag, n)."""
CounterQuery = Select[str, int, int]
CounterQueries = tuple[CounterQuery, ...]
Counters = CounterQuery | CompoundSelect[str, int, int]
"""Several of them in one statement."""

PAGE = 50
"""Rows a page."""

BESIDE = 22
"""Rows of a list beside an open item: more than a window shows, and half of what the page would weigh."""

LEAD = 10
"""Rows before an item in the middle of its list, beside which it is shown."""

MOST_COUNTED = 1000
"""What no counter keeps is counted up to here; more is said as `1,000+`."""

CHUNK = 500
"""Rows that a CSV reads at once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One group of a list: which rows, in which order.

    `branches` are conditions, each one range on one index; a row is in the segment when it meets all conditions of one
    branch, and no row may meet two. `order` are the columns sorted by, the last one unique, all in one direction.
    Values that differ from request to request are `bindparam`s, filled from the Listing's `values`.
    """

    key: str
    branches: tuple[Conditions, ...]
    order: tuple[Column, ...]
    descending: bool = False

    @property
    def inside(self) -> Condition:
        """Whether a row is in this segment."""
        return or_(*(and_(*branch) for branch in self.branches)) if len(self.branches) > 1 else and_(*self.branches[0])


def read_id(text: str, kind: type[Id]) -> Id | None:
    """An id of this kind as a browser sends it, or None."""
    try:
        id = kind(text.strip())
    except ValueError:
        return None
    return id if not isinstance(id, int) or 0 < id < 2**63 else None


class Page(NamedTuple):
    """Rows as (group key, row); the cursors of the pages after and before, or None; whether it is the first.

    `start` is the cursor after which it begins, None for the first: it names the page however its rows change.
    """

    rows: list[tuple[str, Found]]
    next_cursor: str | None
    previous_cursor: str | None
    first: bool
    start: str | None = None


class Neighbours(NamedTuple):
    """The rows before and after one in its list, and its place (1 is the first; 0: too far down to say)."""

    previous: Id | None
    next: Id | None
    place: int


class CompiledListing:
    """One kind of list, with its statements. Made once and cached by the desk.

    `columns` of the `model` are what a row shows, the id column first; `reach` are the conditions that keep to the
    organizations the reader may see (they also guard rows asked for by id). `counter_queries` are statements of three
    columns (key, flag, n) that read counter tables, and whatever else the tabs count: they are asked in the same round
    trip as the groups.
    """

    def __init__(
        self,
        model: type[Base],
        columns: Sequence[Column],
        segments: Sequence[Segment],
        *,
        reach: Sequence[Condition] = (),
        counter_queries: CounterQueries = (),
    ) -> None:
        self.model, self.columns, self.segments = model, tuple(columns), tuple(segments)
        self.id, self.reach, self.counter_queries = self.columns[0], tuple(reach), counter_queries
        self._made: dict[Hashable, object] = {}

    @property
    def id_type(self) -> type[Id]:
        """What an id of these rows is."""
        return cast(type[Id], self.id.type.python_type)

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make()
        return cast(T, found)

    def rows(self, at: int, *, beyond: bool, back: bool, most: int) -> Prepared[Found]:
        """The first rows of a segment, or those beyond the values `at_0`, `at_1`, …; `back` reads it from its end."""
        return self._once(("rows", at, beyond, back, most), lambda: Prepared(self._rows(at, beyond, back, most)))

    def _rows(self, at: int, beyond: bool, back: bool, most: int) -> Rows:
        segment = self.segments[at]
        descending = segment.descending != back
        past = keyset(segment.order, placeholders(segment.order), descending=descending)
        branches = [(*branch, past) if beyond else branch for branch in segment.branches]
        cut = number(most)
        if len(branches) == 1:
            return select(*self.columns).where(*branches[0]).order_by(*_sorted(segment.order, descending)).limit(cut)
        # Each branch walks its own range; only the few rows that may be shown are sorted together.
        heads = [
            select(*segment.order).where(*branch).order_by(*_sorted(segment.order, descending)).limit(cut).subquery()
            for branch in branches
        ]
        merged = union_all(*(select(*head.c) for head in heads)).subquery()
        ids = select(list(merged.c)[-1]).order_by(*_sorted(tuple(merged.c), descending)).limit(cut)
        return select(*self.columns).where(self.id.in_(ids)).order_by(*_sorted(segment.order, descending))

    def counts(self, places: tuple[int, ...], *, counters: bool) -> Prepared[CounterRow] | None:
        """How many each of these segments holds, up to MOST_COUNTED + 1 a branch; with `counters` also the counters."""
        return self._once(("counts", places, counters), lambda: self._counts(places, counters))

    def _counts(self, places: tuple[int, ...], counters: bool) -> Prepared[CounterRow] | None:
        parts = [capped_count(str(at), self.model, branch) for at in places for branch in self.segments[at].branches]
        parts += self.counter_queries if counters else ()
        return Prepared(_union(parts)) if parts else None

    def ahead(self, at: int) -> Prepared[CounterRow]:
        """How many rows stand before the values `at_0`, … of a segment."""
        return self._once(("ahead", at), lambda: Prepared(self._ahead(at)))

    def _ahead(self, at: int) -> Counters:
        segment = self.segments[at]
        past = keyset(segment.order, placeholders(segment.order), descending=not segment.descending)
        own = [(*branch, past) for branch in segment.branches]
        before = [branch for earlier in self.segments[:at] for branch in earlier.branches]
        return _union([capped_count("", self.model, branch) for branch in (*own, *before)])

    def beside(self, at: int) -> Prepared[tuple[int, int, Any]]:  # an id of any type
        """Rows (rank, side, id) beside the values `at_0`, … of a segment: side 0 is before them, 1 after. The lowest
        rank of a side is next to them."""
        return self._once(("beside", at), lambda: Prepared(self._beside(at)))

    def _beside(self, at: int) -> CompoundSelect[*tuple[int, int, Any]]:  # the same
        ways = [(back, place) for back in (True, False) for place in self.places(at, back)]
        return union_all(
            *(
                select(literal_column(str(n)).label("rank"), literal_column(str(int(not back))), found.c[0])
                for n, (back, place) in enumerate(ways)
                for found in [self._rows(place, place == at, back, 1).with_only_columns(self.id).subquery()]
            )
        )

    def places(self, at: int, back: bool) -> range:
        """The places of the segments from one on, `back` to the first."""
        return range(at, -1, -1) if back else range(at, len(self.segments))

    def all(self, at: int) -> Prepared[tuple[int]]:
        """How many a segment holds, without a limit: for a CSV, which reads them all anyway."""
        inside = self.segments[at].inside
        return self._once(("all", at), lambda: Prepared(select(func.count()).select_from(self.model).where(inside)))

    def known(self, *, lock: bool) -> Prepared[Found]:
        """The rows `ids` that the reader may see, each with the place of its segment, -1 outside of the list."""
        return self._once(("known", lock), lambda: Prepared(self._known(lock)))

    def _known(self, lock: bool) -> Rows:
        whens = [(segment.inside, at) for at, segment in enumerate(self.segments)]
        place = (case(*whens, else_=-1) if whens else literal(-1)).label("segment")
        ids = self.id.in_(bindparam("ids", expanding=True, type_=self.id.type))
        found = select(*self.columns, place).where(ids, *self.reach).order_by(self.id)
        return found.with_for_update(of=self.model) if lock else found


ZERO: ColumnElement[int] = literal_column("0")


def counter_key(text: str) -> ColumnElement[str]:
    """The key of a counter query, written into the statement."""
    return literal_column(f"'{text}'")


def capped_count(key: str, model: type[Base], conditions: Iterable[Condition]) -> CounterQuery:
    """(key, 0, n): how many rows meet the conditions, at most MOST_COUNTED + 1."""
    cut = number(MOST_COUNTED + 1)
    rows = select(literal_column("1")).select_from(model).where(*conditions).limit(cut).subquery()
    return select(counter_key(key).label("key"), ZERO, func.count()).select_from(rows)


def counted(db: Db, queries: CounterQueries, values: Mapping[str, object]) -> list[CounterRow]:
    """What counter queries say, without a list."""
    return [(key, int(flag), int(n or 0)) for key, flag, n in _counters(queries).all(db, values)]


@lru_cache(maxsize=64)
def _counters(queries: CounterQueries) -> Prepared[CounterRow]:
    return Prepared(_union(queries))


def _union(parts: Sequence[CounterQuery]) -> Counters:
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _sorted(order: tuple[Column, ...], descending: bool) -> list[ColumnElement[Any]]:  # of any type of value
    return [column.desc() if descending else column.asc() for column in order]


def _place(row: Found, order: tuple[Column, ...]) -> list[object]:
    """Where a row stands in its order: its values of the columns sorted by."""
    return [getattr(row, str(column.key)) for column in order]


class Listing:
    """One list: a compiled kind of list and the values of this request.

    `values` fill its bindparams, the moment of the request among them: one Listing has one moment. `purpose`
    names list and reader, and binds its cursors to them. `size` is the rows a page.
    """

    __slots__ = ("compiled", "purpose", "size", "values")

    def __init__(
        self, compiled: CompiledListing, values: Mapping[str, object], *, purpose: str, size: int = PAGE
    ) -> None:
        self.compiled, self.values, self.purpose, self.size = compiled, dict(values), purpose, size

    def page(self, db: Db, after: str | None = None, before: str | None = None) -> Page:
        """One page. `after` and `before` are cursors; a page before which too little stands is the first page.

        Raises BadRequest for a cursor of another list or reader.
        """
        if before:
            found = self._read(db, before, back=True)
            if len(found) > self.size:
                rows = found[: self.size][::-1]
                start = self._cursor(db, found[self.size])
                return Page(rows, self._cursor(db, rows[-1]), self._cursor(db, rows[0]), False, start)
        found = self._read(db, after if not before else None, back=False)
        rows = found[: self.size]
        forth = self._cursor(db, rows[-1]) if len(found) > self.size else None
        first = bool(before) or not after
        back = None if first or not rows else self._cursor(db, rows[0])
        return Page(rows, forth, back, first, None if first else after)

    def page_with(self, db: Db, id: Id) -> Page:
        """The page that shows a row: the first one as long as the row is on it, else one that begins LEAD rows before.

        The first page, too, for a row that is not in the list.
        """
        page = self.page(db)
        if page.next_cursor is None or any(row[0] == id for _, row in page.rows):
            return page
        found = self.rows_of(db, [id]).get(id)
        if found is None or found[0] is None:
            return page
        at = int(found[1].segment)
        here = _place(found[1], self.compiled.segments[at].order)
        before = list(self._walk(db, at, here, back=True, most=LEAD + 1, stop=LEAD + 1))
        return self.page(db, after=self._cursor(db, before[-1])) if len(before) > LEAD else page

    def _read(self, db: Db, cursor: str | None, back: bool) -> list[tuple[str, Found]]:
        """One row more than a page, if there is one."""
        start, values = self._start(db, cursor)
        return list(self._walk(db, start, values, back=back, most=self.size + 1, stop=self.size + 1))

    def _start(self, db: Db, cursor: str | None) -> tuple[int | None, list[object] | None]:
        if not cursor:
            return None, None
        key, *values = decode_cursor(db, self.purpose, cursor)
        place = next((at for at, segment in enumerate(self.compiled.segments) if segment.key == key), None)
        return place, values if place is not None else None

    def _walk(
        self, db: Db, start: int | None, values: list[object] | None, *, back: bool, most: int, stop: int | None
    ) -> Iterator[tuple[str, Found]]:
        """The rows from a place on, segment by segment, `most` in one reading, until `stop` are given."""
        segments, given = self.compiled.segments, 0
        for at in self.compiled.places(start if start is not None else (len(segments) - 1 if back else 0), back):
            key, order = segments[at].key, segments[at].order
            here = values if at == start else None
            while True:
                statement = self.compiled.rows(at, beyond=here is not None, back=back, most=most)
                rows = statement.all(db, self._with(here))
                for row in rows:
                    yield key, row
                    given += 1
                    if given == stop:
                        return
                if len(rows) < most:
                    break
                here = _place(rows[-1], order)

    def _with(self, here: Sequence[object] | None) -> dict[str, object]:
        if not here:
            return self.values
        return {**self.values, **{f"at_{n}": value for n, value in enumerate(here)}}

    def _cursor(self, db: Db, shown: tuple[str, Found]) -> str:
        key, row = shown
        segment = next(segment for segment in self.compiled.segments if segment.key == key)
        return encode_cursor(db, self.purpose, [key, *_place(row, segment.order)])

    def counts(self, db: Db, keys: Iterable[str] = ()) -> tuple[dict[str, int], list[CounterRow]]:
        """How many these groups hold (beyond MOST_COUNTED: one more than that), and what the counters say.

        The second are the rows of the counter queries, for the desk to make counts of.
        """
        wanted = set(keys)
        places = tuple(at for at, segment in enumerate(self.compiled.segments) if segment.key in wanted)
        statement = self.compiled.counts(places, counters=True)
        sizes = dict.fromkeys((self.compiled.segments[at].key for at in places), 0)
        counters: list[CounterRow] = []
        if statement is None:
            return sizes, counters
        groups = sum(len(self.compiled.segments[at].branches) for at in places)
        for key, flag, n in statement.all(db, self.values):
            if key.isdigit() and groups:
                name = self.compiled.segments[int(key)].key
                sizes[name] = min(sizes[name] + int(n), MOST_COUNTED + 1)
            else:
                counters.append((key, int(flag), int(n or 0)))
        return sizes, counters

    def total(self, db: Db) -> int:
        """How many the list holds; beyond MOST_COUNTED it is not counted further. Desks know better from counters."""
        places = tuple(range(len(self.compiled.segments)))
        if not places:
            return 0
        statement = self.compiled.counts(places, counters=False)
        assert statement is not None
        rows = statement.all(db, self.values)
        return min(sum(int(n) for _, _, n in rows), MOST_COUNTED + 1)

    def count_all(self, db: Db) -> int:
        """How many the list holds, however many: for the event of a CSV."""
        places = range(len(self.compiled.segments))
        return sum(int(self.compiled.all(at).scalar(db, self.values)) for at in places)

    def rows_of(self, db: Db, ids: Sequence[Id], *, lock: bool = False) -> dict[Id, tuple[str | None, Found]]:
        """The rows with these ids that the reader may see, in the list or not: id → (group key or None, row).

        `lock` keeps others from changing them until the transaction ends.
        """
        if not ids:
            return {}
        found = self.compiled.known(lock=lock).all(db, {**self.values, "ids": list(ids)})
        return {row[0]: (self.compiled.segments[row.segment].key if row.segment >= 0 else None, row) for row in found}

    def near(self, db: Db, id: Id) -> Neighbours | None:
        """What comes before and after a row in this list; None when it is not in it."""
        found = self.rows_of(db, [id]).get(id)
        if found is None or found[0] is None:
            return None
        row = found[1]
        at = int(row.segment)
        here = _place(row, self.compiled.segments[at].order)
        counted = [int(n) for _, _, n in self.compiled.ahead(at).all(db, self._with(here))]
        far = any(n > MOST_COUNTED for n in counted)
        nearest: dict[int, Id] = {}
        for _, side, beside in sorted(self.compiled.beside(at).all(db, self._with(here))):
            nearest.setdefault(int(side), beside)
        return Neighbours(nearest.get(0), nearest.get(1), 0 if far else sum(counted) + 1)

    def stream(self, db: Db, size: int = CHUNK) -> Iterator[tuple[str, Found]]:
        """Every row of the list in its order, read `size` at a time: never all of them in memory."""
        return self._walk(db, None, None, back=False, most=size, stop=None)
