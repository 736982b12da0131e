"""How much happened in which hour: what charts are drawn from, kept by triggers in the transaction that causes it.

A table declares its moments (`asked` at `created_at`, `booked` at `booked_at` …); each row is tallied once a moment, in
the UTC hour it falls in, whoever writes. Hours, because a day begins at another hour for each reader: readers sum hours
to their own days (`by_day`). A moment with `since` also keeps how long it took, as a bucket of WAITS, so that medians
come from a few rows. One statement a write. `recounts.differences` recounts them too (docs/decisions/0014-charts.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Integer,
    SmallInteger,
    String,
    Table,
    bindparam,
    case,
    event,
    func,
    select,
    text,
    union_all,
)

from app.kernel.db import counters
from app.kernel.db.engine import Base, Db

MINUTE, HOUR, DAY = 60, 3600, 86_400
WAITS: tuple[int, ...] = (
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 8, 12, 18, 24, 36)),
    *(n * DAY for n in (2, 3, 4, 5, 7, 10, 14, 21, 30)),
)
"""Upper edges of the buckets of a wait, in seconds. Bucket 1 is under the first, the last is everything longer."""

HOURLY_STATS = Table(
    "tallies",
    Base.metadata,
    Column("moment", String(32), primary_key=True),
    Column("organization_id", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("word", String(80), primary_key=True),
    Column("part", String(40), primary_key=True),
    Column("wait", SmallInteger, primary_key=True, autoincrement=False),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""`hour` counts hours since 1970 (UTC), `wait` is a bucket or 0. `organization_id` 0 is nobody's."""

KEY = "moment, organization_id, hour, word, part, wait"


@dataclass(frozen=True, slots=True)
class StatEvent:
    """Something that happens once to a row, at the time in column `at`; not yet while that is NULL.

    `word` and `part` say what kind it was: SQL over the row `{r}`, the same text for both databases. `reads` are the
    columns they look at. With `since`, how long it took from that column is kept. `only` keeps rows out.
    """

    name: str
    at: str
    since: str | None = None
    word: str = "''"
    part: str = "''"
    reads: tuple[str, ...] = ()
    only: str = ""
    organization: str = "{r}.organization_id"


@dataclass(frozen=True, slots=True)
class HourlyStats:
    source: str
    moments: tuple[StatEvent, ...]


STATS = "hourly stats"
"""Where a table keeps what is counted of it (`Table.info`)."""


def declared() -> list[HourlyStats]:
    """What is counted of each table that is loaded (app/models.py loads them all)."""
    return [table.info[STATS] for table in Base.metadata.tables.values() if STATS in table.info]


def keep_hourly_stats(source: Any, *moments: StatEvent) -> None:
    """Declares the moments of a table, and the triggers that tally them."""
    table = cast(Table, source)
    tallied = table.info[STATS] = HourlyStats(table.name, moments)
    for dialect in ("sqlite", "postgresql"):
        for statement in triggers(tallied, dialect):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # theirs
            event.listen(Base.metadata, "after_create", ddl)


def triggers(tallied: HourlyStats, dialect: str) -> list[str]:
    """The trigger statements of one table; migrations hold a copy of their text."""
    source, name = tallied.source, f"{tallied.source}_tallies"
    columns = list(dict.fromkeys(c for m in tallied.moments for c in _columns(m)))
    new = " OR ".join(dict.fromkeys(f"NEW.{m.at} IS NOT NULL" for m in tallied.moments))
    old = new.replace("NEW.", "OLD.")
    moved = f"({_moved(columns, dialect)}) AND ({old} OR {new})"
    after = {
        "insert": ("INSERT", new, (("NEW", 1),)),
        "delete": ("DELETE", old, (("OLD", -1),)),
        "update": (f"UPDATE OF {', '.join(columns)}", moved, (("OLD", -1), ("NEW", 1))),
    }
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name}_{verb} AFTER {doing} ON {source} WHEN {when} "
            f"BEGIN {_bump_in_one(tallied, rows)}; END"
            for verb, (doing, when, rows) in after.items()
        ]
    branches = " ELSIF ".join(
        f"TG_OP = '{verb.upper()}' THEN " + " ".join(_bump_each(moment, rows) for moment in tallied.moments)
        for verb, (_, _, rows) in after.items()
    )
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {branches} END IF; RETURN NULL; END $$",
        *(
            f"CREATE TRIGGER {name}_{verb} AFTER {doing} ON {source} "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"
            for verb, (doing, when, _) in after.items()
        ),
    ]


def _columns(moment: StatEvent) -> list[str]:
    return [column for column in (moment.at, moment.since, *moment.reads) if column]


def _moved(columns: Iterable[str], dialect: str) -> str:
    differ = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}[dialect]
    return " OR ".join(f"OLD.{column} {differ} NEW.{column}" for column in columns)


def _bump_in_one(tallied: HourlyStats, rows: Sequence[tuple[str, int]]) -> str:
    """SQLite parses a trigger with every statement that fires it: one insert of everything is the cheapest there."""
    parts = " UNION ALL ".join(
        f"SELECT {_key(moment, row, 'sqlite')}, {by} AS n WHERE {_happened(moment, row)}"
        for moment in tallied.moments
        for row, by in rows
    )
    summed = (KEY, "n", "") if len(rows) == 1 else (KEY, "sum(n)", f" GROUP BY {KEY} HAVING sum(n) <> 0")
    return (
        f"INSERT INTO tallies ({KEY}, slot, n) SELECT {summed[0]}, 0, {summed[1]} FROM ({parts}) AS t WHERE true"
        f"{summed[2]} ON CONFLICT ({KEY}, slot) DO UPDATE SET n = n + excluded.n"
    )


def _bump_each(moment: StatEvent, rows: Sequence[tuple[str, int]]) -> str:
    """PostgreSQL keeps the plan of each plain insert: only what happened is written, one row a statement."""
    steps = " ".join(
        f"IF {_happened(moment, row)} THEN INSERT INTO tallies ({KEY}, slot, n) "
        f"VALUES ({_values(moment, row, 'postgresql')}, pg_backend_pid() % {counters.SLOTS}, {by}) "
        f"ON CONFLICT ({KEY}, slot) DO UPDATE SET n = tallies.n + {by}; END IF;"
        for row, by in rows
    )
    return steps if len(rows) == 1 else f"IF {_moved(_columns(moment), 'postgresql')} THEN {steps} END IF;"


def _happened(moment: StatEvent, row: str) -> str:
    return f"{row}.{moment.at} IS NOT NULL" + (f" AND {moment.only.format(r=row)}" if moment.only else "")


def _key(moment: StatEvent, row: str, dialect: str) -> str:
    named = zip(_said(moment, row, dialect), KEY.split(", "), strict=True)
    return ", ".join(f"{value} AS {name}" for value, name in named)


def _values(moment: StatEvent, row: str, dialect: str) -> str:
    return ", ".join(_said(moment, row, dialect))


def _said(moment: StatEvent, row: str, dialect: str) -> tuple[str, ...]:
    at = _seconds(f"{row}.{moment.at}", dialect)
    wait = "0"
    if moment.since:
        took = f"{at} - {_seconds(f'{row}.{moment.since}', dialect)}"
        steps = " ".join(f"WHEN s < {edge} THEN {n}" for n, edge in enumerate(WAITS, 1))
        wait = f"(SELECT CASE WHEN s IS NULL THEN 0 {steps} ELSE {len(WAITS) + 1} END FROM (SELECT {took} AS s) AS w)"
    kind = (moment.organization, f"{at} / 3600", moment.word, moment.part)
    return (f"'{moment.name}'", *(value.format(r=row) for value in kind), wait)


def _seconds(column: str, dialect: str) -> str:
    if dialect == "sqlite":
        return f"CAST(strftime('%s', {column}) AS INTEGER)"
    return f"CAST(floor(extract(epoch FROM {column})) AS integer)"


def fill(tallied: HourlyStats, dialect: str) -> str:
    """The statement that tallies what a table holds already, all in slot 0. For empty tallies of that table."""
    return f"INSERT INTO tallies ({KEY}, slot, n) SELECT {KEY}, 0, n FROM ({_recount(tallied, dialect)}) AS t"


def _recount(tallied: HourlyStats, dialect: str) -> str:
    each = (
        f"SELECT {KEY}, count(*) AS n FROM (SELECT {_key(moment, 'r', dialect)} FROM {tallied.source} AS r "
        f"WHERE {_happened(moment, 'r')}) AS s GROUP BY {KEY}"
        for moment in tallied.moments
    )
    return " UNION ALL ".join(each)


def differences(db: Db) -> list[counters.Difference]:
    """Tallies that do not say what a recount says."""
    found: list[counters.Difference] = []
    names = KEY.split(", ")
    counted: dict[tuple[Any, ...], int] = {}
    for tallied in declared():
        counted.update({tuple(row[:-1]): int(row[-1]) for row in db.execute(text(_recount(tallied, db.dialect)))})
    ask = text(f"SELECT {KEY}, sum(n) FROM tallies GROUP BY {KEY} HAVING sum(n) <> 0")
    said = {tuple(row[:-1]): int(row[-1]) for row in db.execute(ask)}
    for key in sorted(counted.keys() | said.keys()):
        if counted.get(key, 0) != said.get(key, 0):
            key_of = dict(zip(names, key, strict=True))
            found.append(counters.Difference("tallies", key_of, said.get(key, 0), counted.get(key, 0)))
    return found


def tidy(db: Db) -> None:
    """Drops tallies that stand at zero. Safe beside running triggers."""
    db.execute(text("DELETE FROM tallies WHERE n = 0"))


class Days:
    """The days of one reader: `first` up to and including `last` in their zone.

    Where midnight is not on a UTC hour (India, Nepal) a day begins with the hour after it.
    """

    def __init__(self, zone: str, first: date, last: date) -> None:
        self.zone, self.first, self.last = ZoneInfo(zone), first, last

    def begins(self, day: date) -> int:
        """The first hour of a day, in hours since 1970."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
        return int(-(-midnight.timestamp() // HOUR))

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def edges(self) -> tuple[int, ...]:
        """The hours at which the days begin, and the one at which the last ends."""
        return tuple(self.begins(day) for day in (*self, self.last + timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class DailyStat:
    """How often `moment` happened on one day, in one kind and one bucket of waiting."""

    moment: str
    day: date
    word: str
    part: str
    wait: int
    n: int


_SHIFTS = 4
"""Stretches of one offset that a span of days is taken apart into; beyond them the last goes on. A year has three."""
_t = HOURLY_STATS.c


def _stretch(name: str) -> Any:
    shift = case(
        *((_t.hour < bindparam(f"until{n}"), bindparam(f"shift{n}", type_=Integer)) for n in range(_SHIFTS)),
        else_=bindparam(f"shift{_SHIFTS - 1}", type_=Integer),
    )
    found = select(_t.moment, ((_t.hour + shift) // 24).label("day"), _t.word, _t.part, _t.wait, _t.n).where(
        _t.moment.in_(bindparam(f"{name}", expanding=True)),
        _t.organization_id.in_(bindparam("organizations", expanding=True)),
        _t.hour >= bindparam(f"{name}_from"),
        _t.hour < bindparam(f"{name}_to"),
    )
    s = found.subquery(f"of_{name}").c
    return select(s.moment, s.day, s.word, s.part, s.wait, func.sum(s.n)).group_by(
        s.moment, s.day, s.word, s.part, s.wait
    )


_BY_DAY = union_all(_stretch("past"), _stretch("ahead"))
_EPOCH = date(1970, 1, 1)


def by_day(
    db: Db, organizations: Iterable[int], past: tuple[Sequence[str], Days], ahead: tuple[Sequence[str], Days]
) -> list[DailyStat]:
    """The tallies of some organizations by the reader's days. One query.

    `past` and `ahead` are names of moments with the days wanted of them. Costs what the hours of those days hold,
    however many rows the tables have.
    """
    values: dict[str, Any] = {"organizations": sorted(organizations)}
    for name, (moments, days) in (("past", past), ("ahead", ahead)):
        edges = days.edges()
        values[name], values[f"{name}_from"], values[f"{name}_to"] = list(moments), edges[0], edges[-1]
    for n, (until, shift) in enumerate(_shifts(past[1], ahead[1])):
        values[f"until{n}"], values[f"shift{n}"] = until, shift
    rows = db.execute(_BY_DAY, values)
    return [
        DailyStat(m, _EPOCH + timedelta(days=int(d)), word, part, w, int(n)) for m, d, word, part, w, n in rows if n
    ]


def _shifts(past: Days, ahead: Days) -> list[tuple[int, int]]:
    """(until hour, hours to add to it so that days begin at multiples of 24) for _SHIFTS stretches in order."""
    found: list[tuple[int, int]] = []
    for day in Days(past.zone.key, min(past.first, ahead.first), max(past.last, ahead.last)):
        begin = past.begins(day)
        shift = (day - _EPOCH).days * 24 - begin
        if not found or found[-1][1] != shift:
            found.append((begin, shift))
    # Where the clocks are put back, the 25th hour still belongs to the day before: the later shift says so already.
    stretches = [(begin - max(0, old - new), old) for (_, old), (begin, new) in pairwise(found)]
    stretches.append((2**31 - 1, found[-1][1]))
    return (stretches + [stretches[-1]] * _SHIFTS)[:_SHIFTS]
