"""The rows behind an hourly statistic: exactly those that its triggers counted in a span of hours."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, TextClause, bindparam, text

from app.kernel.db import hourly_stats
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.db.hourly_stats import Days, HourlyStats, StatEvent

AT_ONCE = 200
"""Rows that a stream reads in one go."""


class CountedRow(NamedTuple):
    """One row that an event counted: its key, the id of its thing, when it happened, and since when that was awaited.
    `since` is `at` where nothing was awaited."""

    key: int | UUID
    id: int | UUID
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Which rows of an event: of these days and organizations; of categories, subcategories and buckets of the
    duration where these are given."""

    event: str
    days: Days
    organization_ids: Collection[int]
    categories: Collection[str] = ()
    subcategories: Collection[str] = ()
    buckets: Collection[int] = ()

    def count(self, db: Db) -> int:
        """How many there are."""
        return int(db.execute(self._statement(db, "count(*)"), self._values).scalar_one())

    def rows(self, db: Db, most: int = AT_ONCE, after: CountedRow | None = None) -> list[CountedRow]:
        """At most so many of them, the newest first; with `after`, those that follow this one."""
        stats, event = _declared(self.event)
        table = Base.metadata.tables[stats.source]
        further = f" AND (r.{event.at}, r.id) < (:at, :key)" if after else ""
        columns = f"r.id AS key, r.{event.about} AS id, r.{event.at} AS at, r.{event.since or event.at} AS since"
        rest = f"{further} ORDER BY r.{event.at} DESC, r.id DESC LIMIT :most"
        statement, values = self._statement(db, columns, rest), {**self._values, "most": most}
        if after:
            statement = statement.bindparams(
                bindparam("at", after.at, type_=Instant), bindparam("key", after.key, type_=table.c.id.type)
            )
        typed = statement.columns(key=table.c.id.type, id=table.c[event.about].type, at=Instant, since=Instant)
        return [CountedRow(*row) for row in db.execute(typed, values)]

    def all(self, db: Db) -> Iterator[list[CountedRow]]:
        """All of them, the newest first, some at a time."""
        rows = self.rows(db)
        while rows:
            yield rows
            rows = self.rows(db, after=rows[-1])

    @property
    def _values(self) -> dict[str, object]:
        edges = self.days.edges()
        found: dict[str, object] = {"organizations": sorted(self.organization_ids), "buckets": sorted(self.buckets)}
        found |= {"categories": sorted(self.categories), "subcategories": sorted(self.subcategories)}
        return {**found, "begins": _instant(edges[0]), "ends": _instant(edges[-1])}

    def _statement(self, db: Db, columns: str, rest: str = "") -> TextClause:
        stats, event = _declared(self.event)
        category, subcategory = event.category.format(r="r"), event.subcategory.format(r="r")
        table = Base.metadata.tables[stats.source]
        # The plain column where there is one: an index may begin with it.
        organization = "r.organization_id" if "organization_id" in table.c else event.organization.format(r="r")
        conditions = [hourly_stats.happened(event, "r"), f"r.{event.at} >= :begins AND r.{event.at} < :ends"]
        lists = {"organizations": organization}
        if event.always:
            conditions.append(event.always.format(r="r"))
        if self.categories:
            lists["categories"] = category
        if self.subcategories:
            lists["subcategories"] = subcategory
        if self.buckets:
            lists["buckets"] = hourly_stats.bucket_of(event, "r", db.dialect)
        conditions += [f"{expression} IN :{name}" for name, expression in lists.items()]
        bound: list[BindParameter[object]] = [bindparam(name, expanding=True) for name in lists]
        moments = [bindparam(name, type_=Instant) for name in ("begins", "ends")]
        where = " AND ".join(conditions)
        return text(f"SELECT {columns} FROM {stats.source} AS r WHERE {where}{rest}").bindparams(*bound, *moments)


def _instant(hour: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)


def _declared(name: str) -> tuple[HourlyStats, StatEvent]:
    return next((stats, event) for stats in hourly_stats.declared() for event in stats.events if event.name == name)
