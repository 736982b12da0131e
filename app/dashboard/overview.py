"""What the overviews of the three desks share: span and organization from the address, the hourly statistics by the
reader's days, how deliveries fare, and the page itself. A desk adds its figures and charts.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from sqlalchemy import bindparam, select

from app.accounts.access import me
from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.dashboard import captions, charts, csv_export
from app.dashboard.charts import Chart, Row, Series, Slot
from app.dashboard.delivery_problems import failing_by_channel
from app.dashboard.desk import subjects
from app.kernel import clock
from app.kernel.db.hourly_stats import DAY, HOUR, MINUTE, DailyStat, Days, by_day
from app.kernel.db.transaction import db
from app.kernel.errors import BadRequest, NotFound
from app.kernel.outbox.outbox import WAITING, OutboxRow
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.htmx import personal, respond

SPANS = (7, 30, 90)
USUAL = 30
HOURS = ((HOUR, "under 1 h"), (4 * HOUR, "1–4 h"), (8 * HOUR, "4–8 h"), (DAY, "8–24 h"), (2 * DAY, "1–2 days"))
MINUTES = (
    (2 * MINUTE, "under 2 min"),
    (5 * MINUTE, "2–5 min"),
    (15 * MINUTE, "5–15 min"),
    (HOUR, "15–60 min"),
    (DAY, "1–24 h"),
)
"""Bands of a wait, each with its upper edge; what is longer comes last."""
CHANNELS = {"email": "E-mail", "sms": "SMS", "webhook": "Webhook"}
DELIVERED = "delivery.finished"
LOOKED_AT = 1000
"""Waiting messages that are looked through for the oldest of a desk; behind so many none is the oldest."""

_g = Organization.__table__.c
_o = OutboxRow.__table__.c


@dataclass(frozen=True, slots=True)
class Figure:
    """One number in short: what it counts, what it was, and the list that holds it."""

    label: str
    value: str
    small: str = ""
    url: str = ""
    tone: str = ""


class Overview:
    """One request for an overview. Raises BadRequest for an address that cannot be read, NotFound for an
    organization that is not within this person's reach."""

    def __init__(self, desk: str) -> None:
        self.desk, self.subjects, self.now = desk, subjects().of_desks[desk], clock.now()
        self.zone = me().time_zone
        self.today = self.now.astimezone(ZoneInfo(self.zone)).date()
        span, organization = request.args.get("span", str(USUAL)), request.args.get("organization", "")
        if span not in [str(n) for n in SPANS] or not (organization == "" or _is_id(organization)):
            raise BadRequest("This address asks for a span that does not exist. Start again from the overview.")
        self.span = int(span)
        self.organization_id = int(organization) if organization else None
        self.organizations = db().execute(_organizations(me().scope(desk))).all()
        if self.organization_id and self.organization_id not in {row.id for row in self.organizations}:
            raise NotFound("There is no such organization, or it is not yours.")
        self.first = self.today - timedelta(days=self.span - 1)
        self.before = self.first - timedelta(days=self.span)
        self.slots = charts.slots(self.first, self.today, self.today)

    def read(self, past: Sequence[str], ahead: Sequence[str] = (), days_ahead: int = 0) -> "Statistics":
        """The hourly statistics: of `past` over the span and the one before, of `ahead` from today on. One query."""
        own = {row.id for row in self.organizations}
        past_days = Days(self.zone, self.before, self.today)
        ahead_days = Days(self.zone, self.today, self.today + timedelta(days=max(0, days_ahead - 1)))
        found = by_day(
            db(), {self.organization_id} if self.organization_id else own, (past, past_days), (ahead, ahead_days)
        )
        # Both read today: an event that is in both is read twice.
        return Statistics(self, list(dict.fromkeys(found)))

    def url(self, endpoint: str, **args: Any) -> str:
        """A list of this desk, narrowed to the organization of the overview."""
        if self.organization_id:
            args["organization"] = self.organization_id
        return url_for(endpoint, **args)

    def here(self, **changes: Any) -> str:
        """This overview with changed arguments; defaults are omitted."""
        args = {"span": None if self.span == USUAL else self.span, "organization": self.organization_id, **changes}
        return url_for(f"{self.desk}.overview", **{name: value for name, value in args.items() if value})

    def answer(
        self, statistics: "Statistics", title: str, figures: Sequence[Figure], found: Sequence[Chart | None]
    ) -> Response:
        """The page; or one chart's numbers as a file, when the address asks for that."""
        shown = [*(chart for chart in found if chart), self._deliveries(statistics)]
        wanted = request.args.get("csv")
        if wanted is not None:
            return self._file(next((chart for chart in shown if chart.key == wanted), None))
        return respond(
            "dashboard/overview.html",
            title=title,
            lede=self._lede(),
            figures=figures,
            shown=shown,
            o=self,
            spans=[(n, f"{n} days") for n in SPANS],
            organizations=self.organizations,
            nothing=not statistics.stats,
        )

    def _lede(self) -> str:
        text = f"As of {datetimes.moment(self.now, self.zone)}, in your days. The last {self.span} days"
        return f"{text}, against the {self.span} before."

    def _file(self, chart: Chart | None) -> Response:
        if chart is None:
            raise BadRequest("There is no such table. Start again from the overview.")
        name = csv_export.file_name(self.desk, chart.key, self.now, self.zone)
        answer = Response(
            csv_export.lines(chart.head, ((row.name, *row.values) for row in chart.rows)), mimetype="text/csv"
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return personal(answer)

    def _deliveries(self, statistics: "Statistics") -> Chart:
        """Whether the messages of this desk arrived, by channel."""
        since = max(self.first, self.today - timedelta(days=29))
        slots = charts.slots(since, self.today, self.today)
        ours = [
            t for t in statistics.stats if t.event == DELIVERED and t.subcategory in self.subjects and t.day >= since
        ]
        sums: dict[str, Counter[str]] = {channel: Counter() for channel in CHANNELS}
        by_slot: dict[tuple[str, str], Counter[date]] = {}
        for t in ours:
            channel, _, how = t.category.partition(" ")
            if channel in sums:
                sums[channel][how] += t.n
                by_slot.setdefault((channel, how), Counter())[t.day] += t.n
        failing = failing_by_channel(db(), self.subjects, self._scope())
        tones = []
        for channel in CHANNELS:
            dead, late, sent = (
                charts.spread(slots, by_slot.get((channel, how), {})) for how in ("dead", "late", "sent")
            )
            late[-1] += failing.get(channel, 0)
            marks = zip(dead, late, sent, strict=True)
            tones.append(
                [
                    "toned-fill danger" if d else "toned-fill warn" if slow else "series-2" if s else ""
                    for d, slow, s in marks
                ]
            )
        days, shown = len(slots), any(any(row) for row in tones)
        picture = charts.cells(list(CHANNELS.values()), tones, slots[0].name, "today") if shown else None
        return Chart(
            "deliveries",
            "Delivery",
            self._arrived(sums, sum(failing.get(channel, 0) for channel in CHANNELS), days),
            f"Messages by day and channel over {days} days",
            picture,
            ("Channel", "Sent at once", "Sent later", "Failing now", "Failed"),
            tuple(
                Row(
                    name,
                    (count["sent"], count["late"], failing.get(channel, 0), count["dead"]),
                    self._messages(channel, count["dead"], failing.get(channel, 0)),
                )
                for channel, name in CHANNELS.items()
                for count in (sums[channel],)
            ),
            (
                Series("all at once", "series-2"),
                Series("some later, or still failing", "toned-fill warn"),
                Series("some failed", "toned-fill danger"),
            ),
        )

    def _arrived(self, sums: dict[str, Counter[str]], failing: int, days: int) -> str:
        sent, late, dead = (sum(each[how] for each in sums.values()) for how in ("sent", "late", "dead"))
        arrived, total = sent + late, sent + late + dead + failing
        retried = f", {late:,} after a retry" if late else ""
        if not total:
            text = f"Nothing was sent in the last {days} days."
        elif arrived == total:
            text = f"All {total:,} of the last {days} days arrived{retried}."
        else:
            text = f"{arrived:,} of {pluralize(total, 'message')} of the last {days} days arrived{retried}."
            missing = [(failing, "still failing and tried again"), (dead, "failed")]
            text += f" {', '.join(f'{n:,} {what}' for n, what in missing if n)}."
        oldest = self._oldest()
        if oldest is not None:
            text += f" The oldest still waiting has been due for {datetimes.duration(self.now - oldest)}."
        return text

    def _scope(self) -> Scope:
        """The reader's organizations, or the chosen one of them."""
        return Scope(False, frozenset({self.organization_id})) if self.organization_id else me().scope(self.desk)

    def _oldest(self) -> datetime | None:
        """Since when the longest overdue message of this desk waits."""
        scope = self._scope()
        for due_at, organization_id in db().execute(_OLDEST, {"now": self.now, "subjects": self.subjects}):
            if scope.covers(organization_id or 0):
                return due_at
        return None

    def _messages(self, channel: str, dead: int, failing: int) -> str:
        view = "failed" if dead or not failing else "failing"
        return url_for("messages.list", view=view, desk=self.desk, channel=channel)


_DUE = (
    select(_o.due_at, _o.organization_id, _o.subject_type)
    .where(WAITING, _o.due_at < bindparam("now"), _o.channel.not_like("job:%"))
    .order_by(_o.due_at)
    .limit(LOOKED_AT)
    .subquery()
)
_OLDEST = (
    select(_DUE.c.due_at, _DUE.c.organization_id)
    .where(_DUE.c.subject_type.in_(bindparam("subjects", expanding=True)))
    .order_by(_DUE.c.due_at)
)


def _organizations(scope: Any) -> Any:
    return select(_g.id, _g.name).where(scope.where(_g.id)).order_by(_g.name)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


class Statistics:
    """The statistics of one overview, by event, category and days."""

    def __init__(self, overview: Overview, stats: Sequence[DailyStat]) -> None:
        self.overview, self.stats = overview, stats

    def total(self, moment: str, *words: str, before: bool = False) -> int:
        """How often in the span, or `before` it."""
        o = self.overview
        first, last = (o.before, o.first - timedelta(days=1)) if before else (o.first, o.today)
        return sum(t.n for t in self._of(moment, words) if first <= t.day <= last)

    def by_day(self, moment: str, *words: str) -> Counter[date]:
        days: Counter[date] = Counter()
        for t in self._of(moment, words):
            days[t.day] += t.n
        return days

    def spread(self, moment: str, *words: str) -> list[int]:
        """How often in each slot of the span."""
        return charts.spread(self.overview.slots, self.by_day(moment, *words))

    def waits(self, moment: str, *words: str, before: bool = False, slot: Slot | None = None) -> Counter[int]:
        """How long it took, in buckets: over the span, `before` it, or in one slot."""
        o = self.overview
        first, last = (o.before, o.first - timedelta(days=1)) if before else (o.first, o.today)
        if slot:
            first, last = slot.first, slot.last
        found: Counter[int] = Counter()
        for t in self._of(moment, words):
            if t.wait and first <= t.day <= last:
                found[t.wait] += t.n
        return found

    def _of(self, moment: str, words: Collection[str]) -> list[DailyStat]:
        return [t for t in self.stats if t.event == moment and (not words or t.category in words)]


def waiting_chart(
    statistics: Statistics,
    moment: str,
    *,
    key: str,
    title: str,
    done: str,
    thing: str,
    in_bands: Sequence[tuple[int, str]] = HOURS,
) -> Chart:
    """How long it took: one line a band. What took over a day is drawn in amber."""
    waits = statistics.waits(moment)
    names = (*(name for _, name in in_bands), "longer")
    values = charts.bands(waits, [edge for edge, _ in in_bands])
    tones = tuple("toned-fill warn" if low >= DAY else "series-1" for low in (0, *(edge for edge, _ in in_bands)))
    total = sum(waits.values())
    text = captions.waited(
        charts.percentile(waits, 0.5), charts.percentile(waits, 0.9), charts.longer_than(waits, DAY), total, done
    )
    picture = charts.lines(names, values, tones) if total else None
    rows = tuple(Row(name, (n,)) for name, n in zip(names, values, strict=True))
    return Chart(key, title, text, f"{title}: {text}", picture, ("Wait", thing), rows)


def weekly_chart(statistics: Statistics, moment: str, *, key: str, title: str, done: str) -> Chart | None:
    """Half and nine of ten, week by week; nothing for a single week."""
    o = statistics.overview
    if o.span < 2 * 7:
        return None
    # Whole weeks that end today; a rest of days at the beginning is no week.
    ends = [o.today - timedelta(days=7 * n) for n in reversed(range(o.span // 7))]
    weeks = []
    for n, end in enumerate(ends):
        begin = end - timedelta(days=6)
        marked = len(ends) <= 5 or n % 3 == 0
        name = f"{charts.short(begin)} to {charts.short(end)}"
        weeks.append(Slot(begin, end, name, charts.short(begin) if marked else ""))
    each = [statistics.waits(moment, slot=week) for week in weeks]
    half, most = ([charts.percentile(waits, q) for waits in each] for q in (0.5, 0.9))
    series = (Series("half within", "series-1"), Series("nine of ten within", "series-2"))
    known = [(value, week) for value, week in zip(half, weeks, strict=True) if value is not None]
    text = f"Nothing was {done} in this time."
    if known:
        text = f"Half within about {captions.about(known[-1][0])} in the week from {charts.short(known[-1][1].first)}."
        if len(known) > 1:
            text = text[:-1] + f", {captions.about(known[0][0])} in the one from {charts.short(known[0][1].first)}."
    rows = tuple(
        Row(week.name, (sum(waits.values()), captions.about(h), captions.about(m)))
        for week, waits, h, m in zip(weeks, each, half, most, strict=True)
    )
    return Chart(
        key,
        title,
        text,
        f"{title}. {text}",
        charts.steps(weeks, series, (half, most)) if known else None,
        ("Week", done.capitalize(), "Half within", "Nine of ten within"),
        rows,
        series,
    )


def daily_chart(
    slots: Sequence[Slot],
    series: Sequence[Series],
    values: Sequence[Sequence[int]],
    *,
    key: str,
    title: str,
    text: str,
    urls: Sequence[str] = (),
) -> Chart:
    """Stacked bars, a slot each, with their table."""
    some = any(n for of in values for n in of)
    rows = tuple(Row(slot.name, tuple(of[n] for of in values), urls[n] if urls else "") for n, slot in enumerate(slots))
    return Chart(
        key,
        title,
        text,
        f"{title}, {slots[0].name} to {slots[-1].name}. {text}",
        charts.bars(slots, series, values) if some else None,
        ("Day" if slots[0].first == slots[0].last else "Week", *(one.name for one in series)),
        rows,
        tuple(series) if len(series) > 1 else (),
    )
