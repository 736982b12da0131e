"""Filters of days: a range whose ends the reader types, and a period by name, which means other days tomorrow."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam

from app.dashboard.day_forms import DayForm, month_of, week_of
from app.dashboard.filters.base import Active, Chosen, Column, Conditions, Control, Filter, Options, Reader, Sources
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid

Days = tuple[date, date]
"""The first and the last day of a range, both included."""


class Period(NamedTuple):
    """A range of days by name. `days` says which it means on a day, with the first day of the reader's week."""

    label: str
    days: Callable[[date, int], Days]


def _from_today(first: int, last: int) -> Callable[[date, int], Days]:
    return lambda today, _weekday: (today + timedelta(days=first), today + timedelta(days=last))


PERIODS = {
    "today": Period("Today", _from_today(0, 0)),
    "tomorrow": Period("Tomorrow", _from_today(1, 1)),
    "yesterday": Period("Yesterday", _from_today(-1, -1)),
    "next-7-days": Period("Next 7 days", _from_today(0, 6)),
    "last-7-days": Period("Last 7 days", _from_today(-6, 0)),
    "this-week": Period("This week", week_of),
    "next-week": Period("Next week", lambda today, weekday: week_of(today + timedelta(days=7), weekday)),
    "last-week": Period("Last week", lambda today, weekday: week_of(today - timedelta(days=7), weekday)),
    "this-month": Period("This month", lambda today, _weekday: month_of(today)),
    "next-month": Period("Next month", lambda today, _weekday: month_of(month_of(today)[1] + timedelta(days=1))),
    "last-month": Period("Last month", lambda today, _weekday: month_of(month_of(today)[0] - timedelta(days=1))),
}
"""Periods by their word in the address."""
AHEAD = ("today", "tomorrow", "next-7-days", "this-week", "next-week", "this-month")
BACK = ("today", "yesterday", "last-7-days", "this-week", "last-week", "this-month")
"""What is offered for days that are mostly to come, and for days that have mostly been."""
DAYS = ("from", "to", "when")
"""The arguments of a range of days."""


def offered(back: bool) -> Options:
    """The periods to choose from."""
    return [(word, PERIODS[word].label) for word in (BACK if back else AHEAD)]


def read_day(text: str, form: DayForm, today: date) -> date:
    """The day that a text means. Raises Invalid with the forms that can be read."""
    day = form.read(text, today)
    if day is None:
        iso = "" if form.write(today) == today.isoformat() else f" or {today.isoformat()}"
        raise Invalid(f"Write the day as {form.pattern}, for example {form.write(today)}{iso}.", code="filter.day")
    return day


def read_period(text: str) -> str:
    """The word of a period. Raises Invalid."""
    if text not in PERIODS:
        raise Invalid("There is no such period. Choose one from the filter.", code="filter.when")
    return text


def days_of(period: str, today: date, form: DayForm) -> Days:
    """The days that a period means today."""
    return PERIODS[period].days(today, form.first_weekday)


def days_in_words(form: DayForm, first: date | None, last: date | None) -> str:
    """`24/11/2026–30/11/2026`, `from 24/11/2026`, `24/11/2026`."""
    if first is None:
        return f"to {form.write(last)}" if last else ""
    if last is None:
        return f"from {form.write(first)}"
    return form.write(first) if first == last else f"{form.write(first)}–{form.write(last)}"


class Dated(NamedTuple):
    """What the days of a list are about: a label, the column, and how long after that day the column lies.

    `back`: those days have mostly been.
    """

    label: str
    column: Column
    after: timedelta = timedelta()
    back: bool = False

    def edge(self, name: str, *, last: bool) -> Conditions:
        """The condition at one end of a range, with a bindparam of this name."""
        edge = bindparam(name, type_=self.column.type)
        return (self.column < edge if last else self.column >= edge,)

    def instant(self, day: date, zone: str, *, last: bool) -> datetime:
        """What fills that bindparam: the midnight at which the range begins or ends in this time zone."""
        midnight = datetime.combine(day + timedelta(days=1) if last else day, time(), ZoneInfo(zone))
        return midnight.astimezone(UTC) + self.after


class _AboutDays:
    """What the filters of one range share. `by_tab` is about another column."""

    def __init__(self, dated: Dated, by_tab: Mapping[str, Dated]) -> None:
        self.dated, self.by_tab = dated, by_tab

    def on(self, tab: str) -> Dated:
        return self.by_tab.get(tab, self.dated)


class Day(Filter[date]):
    """The first or last day of a range, in the reader's time zone, both included."""

    rewrites = True

    def __init__(self, name: str, about: _AboutDays) -> None:
        super().__init__(name, about.dated.label)
        self.about, self.last = about, name == "to"

    def parse(self, text: str, reader: Reader) -> date:
        return read_day(text, reader.day_form, reader.today)

    def serialize(self, value: date) -> str:
        return value.isoformat()

    def shown(self, value: date, reader: Reader) -> str:
        return reader.day_form.write(value)

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        return self.about.on(tab).edge(self.name, last=self.last)

    def values(self, value: date, chosen: Chosen, db: Db) -> Mapping[str, object]:
        return {self.name: self.about.on(chosen.tab).instant(value, chosen.reader.time_zone, last=self.last)}

    def label_on(self, tab: str) -> str:
        return f"{self.about.on(tab).label} {self.name}"

    def active(self, value: date, chosen: Chosen, sources: Sources) -> Sequence[Active]:
        ends = {filter.name: day for filter, day in chosen.values.items() if isinstance(filter, Day)}
        if self.last and len(ends) == 2:
            return ()  # the first day speaks for both
        words = days_in_words(chosen.reader.day_form, ends.get("from"), ends.get("to"))
        return [Active(tuple(ends), f"{self.about.on(chosen.tab).label}:", words)]

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        return None  # a part of the period's


class During(Filter[str]):
    """A period by name, `when=next-7-days`: a saved view of it means other days tomorrow. Days that are typed win."""

    def __init__(self, about: _AboutDays, ends: Sequence[Day]) -> None:
        super().__init__("when", about.dated.label)
        self.about, self.ends, self.yields_to = about, tuple(ends), tuple(day.name for day in ends)

    def parse(self, text: str, reader: Reader) -> str:
        return read_period(text)

    def conditions(self, kind: Hashable, tab: str) -> Conditions:
        dated = self.about.on(tab)
        return (*dated.edge("when_from", last=False), *dated.edge("when_to", last=True))

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        dated, reader = self.about.on(chosen.tab), chosen.reader
        first, last = days_of(value, reader.today, reader.day_form)
        return {
            "when_from": dated.instant(first, reader.time_zone, last=False),
            "when_to": dated.instant(last, reader.time_zone, last=True),
        }

    def label_on(self, tab: str) -> str:
        return self.about.on(tab).label

    def phrase(self, value: str, chosen: Chosen, sources: Sources) -> tuple[str, str]:
        return f"{self.label_on(chosen.tab)}:", PERIODS[value].label.lower()

    def control(self, chosen: Chosen, sources: Sources) -> Control | None:
        label, pattern = self.label_on(chosen.tab), chosen.reader.day_form.pattern
        ends = tuple(
            Control("day", end.name, end.label_on(chosen.tab), chosen.shown(end), placeholder=pattern)
            for end in self.ends
        )
        periods = tuple(offered(self.about.on(chosen.tab).back))
        return Control("days", self.name, label, chosen.shown(self), periods, ends=ends)


def date_range(dated: Dated, by_tab: Mapping[str, Dated] | None = None) -> tuple[Day, Day, During]:
    """The filters of a range of days: `from` and `to`, each set and dropped by itself, and `when` instead of them."""
    about = _AboutDays(dated, by_tab or {})
    ends = (Day("from", about), Day("to", about))
    return (*ends, During(about, ends))
