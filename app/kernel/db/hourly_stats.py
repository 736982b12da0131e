"""Hourly statistics: how often something happened in each hour, for charts; updated by triggers.

A table declares its events (`asked` at `created_at`, `booked` at `booked_at` …); a trigger counts each row once an
event, in the UTC hour of its time, in the transaction of the write. Hours, because days begin at different hours in
different time zones: readers sum hours to their own days (`by_day`). An event with `since` also has its duration, as a
bucket of WAITS, so that medians come from a few rows. One statement a write. `recounts.differences` compares them with
a recount (docs/decisions/0014-charts.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import (
    DDL,
    BigInteger,
    Integer,
    Select,
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
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import counters
from app.kernel.db.engine import Base, Db

MINUTE, HOUR, DAY = 60, 3600, 86_400
WAITS: tuple[int, ...] = (
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 8, 12, 18, 24, 36)),
    *(n * DAY for n in (2, 3, 4, 5, 7, 10, 14, 21, 30)),
)
"""Upper bounds of the buckets of a duration, in seconds. Bucket 1 is under the first, the last is everything longer."""


class HourlyStat(Base):
    """How often an event happened in one hour, in one category and one bucket of its duration.

    `hour` counts hours since 1970 (UTC), `wait` is a bucket or 0. Rows without an organization have 0.
    """

    __tablename__ = "tallies"
    __table_args__ = {"sqlite_with_rowid": False}

    event: Mapped[str] = mapped_column("moment", String(32), primary_key=True)
    organization_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column("word", String(80), primary_key=True)
    subcategory: Mapped[str] = mapped_column("part", String(40), primary_key=True)
    wait: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)


KEY = "moment, organization_id, hour, word, part, wait"


@dataclass(frozen=True, slots=True)
class StatEvent:
    """Something that happens once to a row, at the time in column `at`; not yet while that is NULL.

    `category` and `subcategory` are SQL over the row `{r}`, the same text for both databases; `reads` are the columns
    that they use. With `since`, the duration from that column is counted too. `only` is a condition on the row.
    `about` is the column with the id of the thing that staff know the row by; `always` is a condition that holds for
    every row, by which an index serves a range of `at` (dashboard/counted_rows.py).
    """

    name: str
    at: str
    since: str | None = None
    category: str = "''"
    subcategory: str = "''"
    reads: tuple[str, ...] = ()
    only: str = ""
    organization: str = "{r}.organization_id"
    about: str = "id"
    always: str = ""


@dataclass(frozen=True, slots=True)
class HourlyStats:
    """The events that are counted of one table."""

    source: str
    events: tuple[StatEvent, ...]


STATS = "hourly stats"
"""Key of `Table.info` under which a table has its HourlyStats."""


def declared() -> list[HourlyStats]:
    """The events that are counted of each table that is loaded (app/models.py loads them all)."""
    return [table.info[STATS] for table in Base.metadata.tables.values() if STATS in table.info]


def keep_hourly_stats(table: Table, *events: StatEvent) -> None:
    """Declares the events of a table, and the triggers that count them."""
    stats = table.info[STATS] = HourlyStats(table.name, events)
    for dialect in ("sqlite", "postgresql"):
        for statement in triggers(stats, dialect):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's
            event.listen(Base.metadata, "after_create", ddl)


def triggers(stats: HourlyStats, dialect: str) -> list[str]:
    """The trigger statements of one table; migrations hold a copy of their text."""
    source, name = stats.source, f"{stats.source}_tallies"
    columns = list(dict.fromkeys(column for each in stats.events for column in _columns(each)))
    new = " OR ".join(dict.fromkeys(f"NEW.{each.at} IS NOT NULL" for each in stats.events))
    old = new.replace("NEW.", "OLD.")
    changed = f"({_changed(columns, dialect)}) AND ({old} OR {new})"
    after = {
        "insert": ("INSERT", new, (("NEW", 1),)),
        "delete": ("DELETE", old, (("OLD", -1),)),
        "update": (f"UPDATE OF {', '.join(columns)}", changed, (("OLD", -1), ("NEW", 1))),
    }
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name}_{verb} AFTER {doing} ON {source} WHEN {when} BEGIN {_bump_in_one(stats, rows)}; END"
            for verb, (doing, when, rows) in after.items()
        ]
    branches = " ELSIF ".join(
        f"TG_OP = '{verb.upper()}' THEN " + " ".join(_bump_each(stat, rows) for stat in stats.events)
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


def _columns(stat: StatEvent) -> list[str]:
    return [column for column in (stat.at, stat.since, *stat.reads) if column]


def _changed(columns: Iterable[str], dialect: str) -> str:
    differ = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}[dialect]
    return " OR ".join(f"OLD.{column} {differ} NEW.{column}" for column in columns)


def _bump_in_one(stats: HourlyStats, rows: Sequence[tuple[str, int]]) -> str:
    """SQLite parses a trigger with every statement that fires it: one insert of everything is the cheapest there."""
    parts = " UNION ALL ".join(
        f"SELECT {_key(stat, row, 'sqlite')}, {by} AS n WHERE {happened(stat, row)}"
        for stat in stats.events
        for row, by in rows
    )
    summed = (KEY, "n", "") if len(rows) == 1 else (KEY, "sum(n)", f" GROUP BY {KEY} HAVING sum(n) <> 0")
    return (
        f"INSERT INTO tallies ({KEY}, slot, n) SELECT {summed[0]}, 0, {summed[1]} FROM ({parts}) AS t WHERE true"
        f"{summed[2]} ON CONFLICT ({KEY}, slot) DO UPDATE SET n = n + excluded.n"
    )


def _bump_each(stat: StatEvent, rows: Sequence[tuple[str, int]]) -> str:
    """PostgreSQL caches the plan of each plain insert: only events that happened are written, one row a statement."""
    steps = " ".join(
        f"IF {happened(stat, row)} THEN INSERT INTO tallies ({KEY}, slot, n) "
        f"VALUES ({_values(stat, row, 'postgresql')}, pg_backend_pid() % {counters.SLOTS}, {by}) "
        f"ON CONFLICT ({KEY}, slot) DO UPDATE SET n = tallies.n + {by}; END IF;"
        for row, by in rows
    )
    return steps if len(rows) == 1 else f"IF {_changed(_columns(stat), 'postgresql')} THEN {steps} END IF;"


def happened(stat: StatEvent, row: str) -> str:
    """The condition of the rows to which the event has happened."""
    return f"{row}.{stat.at} IS NOT NULL" + (f" AND {stat.only.format(r=row)}" if stat.only else "")


def _key(stat: StatEvent, row: str, dialect: str) -> str:
    named = zip(_key_values(stat, row, dialect), KEY.split(", "), strict=True)
    return ", ".join(f"{value} AS {name}" for value, name in named)


def _values(stat: StatEvent, row: str, dialect: str) -> str:
    return ", ".join(_key_values(stat, row, dialect))


def _key_values(stat: StatEvent, row: str, dialect: str) -> tuple[str, ...]:
    at = _seconds(f"{row}.{stat.at}", dialect)
    kind = (stat.organization, f"{at} / 3600", stat.category, stat.subcategory)
    return (f"'{stat.name}'", *(value.format(r=row) for value in kind), bucket_of(stat, row, dialect))


def bucket_of(stat: StatEvent, row: str, dialect: str) -> str:
    """The bucket of the duration of a row, as SQL; 0 for an event without one."""
    if not stat.since:
        return "0"
    took = f"{_seconds(f'{row}.{stat.at}', dialect)} - {_seconds(f'{row}.{stat.since}', dialect)}"
    steps = " ".join(f"WHEN s < {edge} THEN {n}" for n, edge in enumerate(WAITS, 1))
    return f"(SELECT CASE WHEN s IS NULL THEN 0 {steps} ELSE {len(WAITS) + 1} END FROM (SELECT {took} AS s) AS w)"


def _seconds(column: str, dialect: str) -> str:
    if dialect == "sqlite":
        return f"CAST(strftime('%s', {column}) AS INTEGER)"
    # Seconds since 1970 outgrow `integer` in 2038; their hours do not.
    return f"CAST(floor(extract(epoch FROM {column})) AS bigint)"


def fill(stats: HourlyStats, dialect: str) -> str:
    """The statement that counts the rows that a table has already, all in slot 0; for a table without counts yet."""
    return f"INSERT INTO tallies ({KEY}, slot, n) SELECT {KEY}, 0, n FROM ({_recount(stats, dialect)}) AS t"


def _recount(stats: HourlyStats, dialect: str) -> str:
    each = (
        f"SELECT {KEY}, count(*) AS n FROM (SELECT {_key(stat, 'r', dialect)} FROM {stats.source} AS r "
        f"WHERE {happened(stat, 'r')}) AS s GROUP BY {KEY}"
        for stat in stats.events
    )
    return " UNION ALL ".join(each)


def differences(db: Db) -> list[counters.Difference]:
    """Returns the statistics that do not equal their recount."""
    counted: dict[counters.Key, int] = {}
    for stats in declared():
        counted.update({tuple(row[:-1]): int(row[-1]) for row in db.execute(text(_recount(stats, db.dialect)))})
    statement = text(f"SELECT {KEY}, sum(n) FROM tallies GROUP BY {KEY} HAVING sum(n) <> 0")
    stored = {tuple(row[:-1]): int(row[-1]) for row in db.execute(statement)}
    return counters.compare("tallies", KEY.split(", "), stored, counted)


def tidy(db: Db) -> None:
    """Deletes statistics that are zero. Safe beside running triggers."""
    db.execute(text("DELETE FROM tallies WHERE n = 0"))


class Days:
    """The days of one reader, from `first` up to and including `last`, in their time zone.

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
    """How often an event happened on one day, in one category and one bucket of its duration."""

    event: str
    day: date
    category: str
    subcategory: str
    wait: int
    n: int


_SHIFTS = 4
"""Periods of one UTC offset into which a span of days is divided; the last one is open. A year has three."""


def _summed_by_day(name: str) -> Select[str, int, str, str, int, int]:
    shift = case(
        *((HourlyStat.hour < bindparam(f"until{n}"), bindparam(f"shift{n}", type_=Integer)) for n in range(_SHIFTS)),
        else_=bindparam(f"shift{_SHIFTS - 1}", type_=Integer),
    )
    day = ((HourlyStat.hour + shift) // 24).label("day")
    hours = (
        select(HourlyStat.event, day, HourlyStat.category, HourlyStat.subcategory, HourlyStat.wait, HourlyStat.n)
        .where(
            HourlyStat.event.in_(bindparam(name, expanding=True)),
            HourlyStat.organization_id.in_(bindparam("organizations", expanding=True)),
            HourlyStat.hour >= bindparam(f"{name}_from"),
            HourlyStat.hour < bindparam(f"{name}_to"),
        )
        .subquery(f"of_{name}")
    )
    key = (hours.c.event, hours.c.day, hours.c.category, hours.c.subcategory, hours.c.wait)
    return select(*key, func.sum(hours.c.n)).group_by(*key)


_BY_DAY = union_all(_summed_by_day("past"), _summed_by_day("ahead"))
_EPOCH = date(1970, 1, 1)


def by_day(
    db: Db, organizations: Iterable[int], past: tuple[Sequence[str], Days], ahead: tuple[Sequence[str], Days]
) -> list[DailyStat]:
    """The statistics of some organizations by the reader's days, in one query.

    `past` and `ahead` are names of events with their days. The cost depends on the rows of those hours, not on the size
    of the counted tables.
    """
    values: dict[str, object] = {"organizations": sorted(organizations)}
    for name, (events, days) in (("past", past), ("ahead", ahead)):
        edges = days.edges()
        values[name], values[f"{name}_from"], values[f"{name}_to"] = list(events), edges[0], edges[-1]
    for n, (until, shift) in enumerate(_shifts(past[1], ahead[1])):
        values[f"until{n}"], values[f"shift{n}"] = until, shift
    rows = db.execute(_BY_DAY, values)
    return [
        DailyStat(event_name, _EPOCH + timedelta(days=int(day)), category, subcategory, wait, int(n))
        for event_name, day, category, subcategory, wait, n in rows
        if n
    ]


def _shifts(past: Days, ahead: Days) -> list[tuple[int, int]]:
    """(until hour, hours to add so that days begin at multiples of 24) for _SHIFTS periods in order."""
    found: list[tuple[int, int]] = []
    for day in Days(past.zone.key, min(past.first, ahead.first), max(past.last, ahead.last)):
        begin = past.begins(day)
        shift = (day - _EPOCH).days * 24 - begin
        if not found or found[-1][1] != shift:
            found.append((begin, shift))
    # When the clocks are put back, the 25th hour still belongs to the day before: the later shift covers it already.
    periods = [(begin - max(0, old - new), old) for (_, old), (begin, new) in pairwise(found)]
    periods.append((2**31 - 1, found[-1][1]))
    return (periods + [periods[-1]] * _SHIFTS)[:_SHIFTS]
