"""What the overviews of the three desks share: span and organization from the address, the hourly statistics by the
reader's days, and the page itself. A desk adds its sentence and its charts (overview_charts.py); the rows behind every
number are a page of their own (overview_rows.py).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from sqlalchemy import Select, func, select

from app.accounts.access import me
from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.dashboard import charts, csv_export
from app.dashboard.charts import Chart, Link, Slot
from app.dashboard.desk import subjects
from app.dashboard.weeks import week_of
from app.kernel import clock
from app.kernel.db.hourly_stats import DailyStat, Days, HourlyStat, by_day
from app.kernel.db.transaction import db
from app.kernel.errors import BadRequest, NotFound
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import personal, respond

SPANS = (7, 30, 90)
USUAL = 30
DELIVERED = "delivery.finished"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of the sentence on top: a number, what it counts, what it was before, and the list that holds it."""

    value: str
    words: str
    lead: str = ""
    was: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as the page of its rows says it: `Requests scheduled`; `one` is one of them, `request`; `words` says
    its categories; `waited` is the head of its durations, where it has any."""

    title: str
    one: str
    words: Mapping[str, str] | None = None
    waited: str = ""


class Overview:
    """One request for an overview. Raises BadRequest for an address that cannot be read, NotFound for an
    organization that is not within this person's reach."""

    def __init__(self, desk: str, happenings: Mapping[str, Happening]) -> None:
        self.desk, self.subjects, self.now = desk, subjects().of_desks[desk], clock.now()
        self.happenings = happenings
        self.zone = me().time_zone
        self.week = week_of(self.zone)
        self.today = self.now.astimezone(ZoneInfo(self.zone)).date()
        span, organization = request.args.get("span", str(USUAL)), request.args.get("organization", "")
        if span not in [str(n) for n in SPANS] or not (organization == "" or _is_id(organization)):
            raise BadRequest("This address asks for a span that does not exist. Start again from the overview.")
        self.span = int(span)
        self.organization_id = int(organization) if organization else None
        self.organizations = db().execute(_organizations(me().scope(desk))).all()
        chosen = next((row for row in self.organizations if row.id == self.organization_id), None)
        if self.organization_id and chosen is None:
            raise NotFound("There is no such organization, or it is not yours.")
        self.slug = chosen.slug if chosen else ""
        self.first = self.today - timedelta(days=self.span - 1)
        self.before = self.first - timedelta(days=self.span)
        self.slots = charts.slots(self.first, self.today, self.today, self.week)

    @property
    def rows_wanted(self) -> bool:
        """Whether the address asks for the rows behind a number instead of the charts."""
        return "rows" in request.args

    @property
    def organization_ids(self) -> set[int]:
        """The reader's organizations, or the chosen one of them."""
        return {self.organization_id} if self.organization_id else {row.id for row in self.organizations}

    @property
    def scope(self) -> Scope:
        """The same, for what has no organization too."""
        return Scope(False, frozenset({self.organization_id})) if self.organization_id else me().scope(self.desk)

    def read(self, past: Sequence[str], ahead: Sequence[str] = (), days_ahead: int = 0) -> "Statistics":
        """The hourly statistics: of `past` over the span and the one before, of `ahead` from today on. One query."""
        past_days = Days(self.zone, self.before, self.today)
        ahead_days = Days(self.zone, self.today, self.today + timedelta(days=max(0, days_ahead - 1)))
        found = by_day(db(), self.organization_ids, (past, past_days), (ahead, ahead_days))
        # Both read today: an event that is in both is read twice.
        return Statistics(self, list(dict.fromkeys(found)))

    def by_organization(self, event: str) -> dict[int, Counter[str]]:
        """How often an event happened in the span, by organization and category. One query."""
        begin, *_, end = Days(self.zone, self.first, self.today).edges()
        key = (HourlyStat.organization_id, HourlyStat.category)
        statement = select(*key, func.sum(HourlyStat.n)).group_by(*key)
        within = HourlyStat.organization_id.in_(sorted(self.organization_ids))
        hours = (HourlyStat.hour >= begin, HourlyStat.hour < end)
        found: dict[int, Counter[str]] = {}
        for organization_id, category, n in db().execute(statement.where(HourlyStat.event == event, within, *hours)):
            found.setdefault(organization_id, Counter())[category] = int(n)
        return found

    def url(self, endpoint: str, **args: Any) -> str:  # Arguments
        """A list of this desk, narrowed to the organization of the overview."""
        if self.organization_id:
            args["organization"] = self.organization_id
        return url_for(endpoint, **args)

    def here(self, **changes: Any) -> str:  # Arguments
        """This overview with changed arguments; defaults are omitted."""
        args = {"span": None if self.span == USUAL else self.span, "organization": self.organization_id, **changes}
        return url_for(f"{self.desk}.overview", **{name: value for name, value in args.items() if value})

    def messages(self, tab: str, channel: str = "") -> str:
        """The list of messages of this desk in one state."""
        args: Arguments = {"view": tab, "desk": self.desk}
        args |= {name: value for name, value in (("channel", channel), ("organization", self.slug)) if value}
        return url_for("messages.list", **args)

    def rows(self, event: str, *categories: str, slot: Slot | None = None, **more: Any) -> str:  # Arguments
        """The page of the rows that an event counted: in the span, or in one slot; of these categories. `more` are
        `part` (a subcategory), `over` and `under` (seconds of the duration), `organization`."""
        days = {"from": (slot.first if slot else self.first).isoformat()}
        days["to"] = (slot.last if slot else self.today).isoformat()
        return self.here(rows=event, **days, **{"is": categories or None}, **more)

    def links(self, event: str, *categories: str, slots: Sequence[Slot], sums: Sequence[int]) -> list[Link | None]:
        """The rows of each slot, for the columns of a picture."""
        one = self.happenings[event].one
        return [
            Link(self.rows(event, *categories, slot=slot), f"{pluralize(n, one)}, {slot.name}") if n else None
            for slot, n in zip(slots, sums, strict=True)
        ]

    def answer(
        self, title: str, sentence: Sequence[Sequence[Phrase]], shown: Sequence[Chart], nothing: bool
    ) -> Response:
        """The page; or one chart's numbers as a file, when the address asks for that."""
        wanted = request.args.get("csv")
        if wanted is not None:
            return chart_file(self.desk, shown, wanted, self.now, self.zone)
        return respond(
            "dashboard/overview.html",
            title=title,
            as_of=datetimes.moment(self.now, self.zone, self.now),
            sentence=[part for part in sentence if part],
            shown=shown,
            o=self,
            spans=[(n, f"{n} days") for n in SPANS],
            organizations=self.organizations,
            nothing=nothing,
        )


def chart_file(desk: str, shown: Sequence[Chart], key: str, now: datetime, zone: str) -> Response:
    """The numbers of the chart with this key as a file. Raises BadRequest without such a chart."""
    chart = next((chart for chart in shown if chart.key == key), None)
    if chart is None:
        raise BadRequest("There is no such table. Start again from the overview.")
    name = csv_export.file_name(desk, chart.key, now, zone)
    answer = Response(
        csv_export.lines(chart.head, ((row.name, *row.values) for row in chart.rows)), mimetype="text/csv"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)


def _organizations(scope: Scope) -> Select[int, str, str]:
    return (
        select(Organization.id, Organization.name, Organization.slug)
        .where(scope.where(Organization.id))
        .order_by(Organization.name)
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


class Statistics:
    """The statistics of one overview, by event, category and days."""

    def __init__(self, overview: Overview, stats: Sequence[DailyStat]) -> None:
        self.overview, self.stats = overview, stats

    def total(self, event: str, *categories: str, before: bool = False) -> int:
        """How often in the span, or `before` it."""
        first, last = self._days(before)
        return sum(t.n for t in self._of(event, categories) if first <= t.day <= last)

    def by_day(self, event: str, *categories: str) -> Counter[date]:
        days: Counter[date] = Counter()
        for t in self._of(event, categories):
            days[t.day] += t.n
        return days

    def spread(self, event: str, *categories: str) -> list[int]:
        """How often in each slot of the span."""
        return charts.spread(self.overview.slots, self.by_day(event, *categories))

    def waits(self, event: str, before: bool = False, slot: Slot | None = None) -> Counter[int]:
        """How long it took, in buckets: over the span, `before` it, or in one slot."""
        first, last = (slot.first, slot.last) if slot else self._days(before)
        found: Counter[int] = Counter()
        for t in self._of(event, ()):
            if t.wait and first <= t.day <= last:
                found[t.wait] += t.n
        return found

    def _days(self, before: bool) -> tuple[date, date]:
        o = self.overview
        return (o.before, o.first - timedelta(days=1)) if before else (o.first, o.today)

    def _of(self, event: str, categories: Collection[str]) -> list[DailyStat]:
        return [t for t in self.stats if t.event == event and (not categories or t.category in categories)]
