"""The charts that desks share, each with its finding, its table, and the rows behind every number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, bindparam, select

from app.dashboard import captions, charts, estimates
from app.dashboard.charts import WEEKEND, Chart, Column, Link, Row, Series, Slot
from app.dashboard.delivery_problems import failing_by_channel
from app.dashboard.overview import DELIVERED, Overview, Phrase, Statistics
from app.kernel.db.hourly_stats import DAY, HOUR, MINUTE
from app.kernel.db.transaction import db
from app.kernel.outbox.outbox import WAITING, OutboxRow
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

HOURS = (
    (HOUR, "under 1 hour"),
    (4 * HOUR, "1–4 hours"),
    (8 * HOUR, "4–8 hours"),
    (DAY, "8–24 hours"),
    (2 * DAY, "1–2 days"),
)
MINUTES = (
    (2 * MINUTE, "under 2 min"),
    (5 * MINUTE, "2–5 min"),
    (15 * MINUTE, "5–15 min"),
    (HOUR, "15–60 min"),
    (DAY, "1–24 hours"),
)
"""Bands of a wait, each with its upper edge; what is longer comes last."""
CHANNELS = {"email": "E-mail", "sms": "SMS", "webhook": "Webhook"}
OUTCOMES = ("dead", "late", "sent")
LOOKED_AT = 1000
"""Waiting messages that are looked through for the oldest of a desk; behind so many none is the oldest."""


def waiting_chart(
    statistics: Statistics,
    event: str,
    *,
    key: str,
    title: str,
    done: str,
    thing: str,
    in_bands: Sequence[tuple[int, str]] = HOURS,
) -> Chart:
    """How long it took: a column for each band. What took over a day is drawn in amber."""
    o, waits = statistics.overview, statistics.waits(event)
    names = (*(name for _, name in in_bands), "longer")
    edges = [edge for edge, _ in in_bands]
    values = estimates.bands(waits, edges)
    tones = ["toned-fill warn" if low >= DAY else "series-1" for low in (0, *edges)]
    urls = [
        o.rows(event, over=low, under=high) if n else ""
        for low, high, n in zip((0, *edges), (*edges, None), values, strict=True)
    ]
    total, one = sum(values), o.happenings[event].one
    spread = estimates.spread_of(waits)
    links = [
        Link(url, f"{pluralize(n, one)}, {name}") if url else None
        for url, n, name in zip(urls, values, names, strict=True)
    ]
    columns = [Column(tuple(name.split(" ", 1))) for name in names]
    return Chart(
        key,
        title,
        captions.waited(spread, estimates.longer_than(waits, DAY), done),
        charts.bars(columns, (tones,), (values,), links) if total else None,
        ("Wait", thing),
        tuple(Row(name, (n,), (url,)) for name, n, url in zip(names, values, urls, strict=True)),
    )


def weekly_chart(statistics: Statistics, event: str, *, key: str, title: str, done: str) -> Chart | None:
    """The median and the tenth to ninetieth percentile, week by week; nothing for a single week."""
    o = statistics.overview
    if o.span < 2 * 7:
        return None
    weeks = charts.weeks(o.first, o.today, o.today, o.week)
    spreads = [estimates.spread_of(statistics.waits(event, slot=week)) for week in weeks]
    counts = [each.n if each else 0 for each in spreads]
    few = len(weeks) <= 6
    below = [f"n {n}" if few else str(n) for n in counts]
    columns = [week.column for week in charts.weeks(o.first, o.today, o.today, o.week, below)]
    medians = [captions.roughly(each.half) if each and few else "" for each in spreads]
    links = o.links(event, slots=weeks, sums=counts)
    rows = tuple(
        Row(
            week.name,
            (n, *(captions.about(v) for v in ((each.half, each.low, each.high) if each else (None, None, None)))),
            (link.url if link else "",),
        )
        for week, each, n, link in zip(weeks, spreads, counts, links, strict=True)
    )
    legend = [Series(f"half {done} within", "series-1"), Series("eight of ten between", "range-key")]
    if not few:
        legend.append(Series("below: how many", ""))
    return Chart(
        key,
        title,
        captions.by_week(weeks, spreads, done),
        charts.ranges(columns, spreads, medians, links) if any(spreads) else None,
        ("Week", done.capitalize(), "Half within", "One of ten within", "Nine of ten within"),
        rows,
        tuple(legend),
    )


def daily_chart(
    slots: Sequence[Slot],
    series: Sequence[Series],
    values: Sequence[Sequence[int]],
    urls: Sequence[Sequence[str]],
    links: Sequence[Link | None],
    *,
    key: str,
    title: str,
    text: str,
    tones: Sequence[Sequence[str]] = (),
    bands: Sequence[tuple[float, float] | None] = (),
) -> Chart:
    """Stacked bars, a slot each, with their table. `urls[s][n]` holds what series s counted in slot n, `links[n]` the
    whole slot. `bands[n]` is the range in which something of it may lie."""
    some = any(n for of in values for n in of)
    tones = tones or [[one.tone] * len(slots) for one in series]
    rows = tuple(
        Row(
            slot.name,
            tuple(of[n] for of in values),
            tuple(url[n] if of[n] else "" for url, of in zip(urls, values, strict=True)),
        )
        for n, slot in enumerate(slots)
    )
    legend = tuple(series) if len(series) > 1 else ()
    if any(slot.column.weekend for slot in slots):
        legend = (*legend, WEEKEND)
    return Chart(
        key,
        title,
        text,
        charts.bars([slot.column for slot in slots], tones, values, links, bands) if some else None,
        ("Day" if slots[0].first == slots[0].last else "Week", *(one.name for one in series)),
        rows,
        legend,
    )


def counted_chart(
    statistics: Statistics,
    event: str,
    series: Sequence[tuple[Series, tuple[str, ...]]],
    *,
    key: str,
    title: str,
    things: str,
) -> Chart:
    """How often something happened in each slot of the span, by categories; `things` is what came: `request`."""
    o = statistics.overview
    values = [statistics.spread(event, *categories) for _, categories in series]
    urls = [[o.rows(event, *categories, slot=slot) for slot in o.slots] for _, categories in series]
    sums = [sum(each) for each in zip(*values, strict=True)]
    text = captions.counted(o.slots, sums, statistics.total(event, before=True), o.span, things)
    every = [category for _, categories in series for category in categories]
    links = o.links(event, *every, slots=o.slots, sums=sums)
    return daily_chart(o.slots, [one for one, _ in series], values, urls, links, key=key, title=title, text=text)


SHARE = (Series("share", "series-1"), Series("range of the true share, 95%", "range-key"))
"""The legend of shares with their intervals."""


@dataclass(frozen=True, slots=True)
class Fare:
    """How the messages of a desk fared in the span, by channel: `sums` by outcome, `failing` now."""

    sums: dict[str, Counter[str]]
    failing: dict[str, int]

    @property
    def still(self) -> int:
        return sum(self.failing.values())

    def total(self, *outcomes: str) -> int:
        return sum(count[outcome] for count in self.sums.values() for outcome in outcomes)


def fare(statistics: Statistics) -> Fare:
    """How the messages of this desk fared."""
    o = statistics.overview
    sums: dict[str, Counter[str]] = {channel: Counter() for channel in CHANNELS}
    for t in statistics.stats:
        channel, _, outcome = t.category.partition(" ")
        if t.event == DELIVERED and t.subcategory in o.subjects and channel in sums and o.first <= t.day <= o.today:
            sums[channel][outcome] += t.n
    failing = failing_by_channel(db(), o.subjects, o.scope)
    return Fare(sums, {channel: failing.get(channel, 0) for channel in CHANNELS})


def delivery_phrases(o: Overview, fared: Fare) -> list[Phrase]:
    """Whether the messages arrived, for the sentence on top; empty when none was sent."""
    arrived, dead, still = fared.total("sent", "late"), fared.total("dead"), fared.still
    total = arrived + dead + still
    if not total:
        return []
    everything = [f"{channel} {outcome}" for channel in CHANNELS for outcome in ("sent", "late")]
    first = Phrase(
        f"{arrived:,}",
        f"{'message' if total == 1 else 'messages'} arrived"
        if arrived == total
        else f"of {pluralize(total, 'message')} arrived",
        lead="All" if arrived == total > 1 else "",
        url=o.rows(DELIVERED, *everything) if arrived else "",
    )
    found = [first]
    if still:
        words = "is still being tried" if still == 1 else "are still being tried"
        found.append(Phrase(f"{still:,}", words, url=o.messages("failing"), tone="danger"))
    if dead:
        lost = [f"{channel} dead" for channel in CHANNELS]
        found.append(Phrase(f"{dead:,}", "failed", url=o.rows(DELIVERED, *lost), tone="danger"))
    return found


def deliveries_chart(statistics: Statistics, fared: Fare) -> Chart:
    """Whether the messages of this desk arrived, by channel and day."""
    o = statistics.overview
    days: dict[tuple[str, str], Counter[date]] = {}
    for t in statistics.stats:
        if t.event == DELIVERED and t.subcategory in o.subjects:
            channel, _, outcome = t.category.partition(" ")
            days.setdefault((channel, outcome), Counter())[t.day] += t.n
    tones, links = [], []
    for channel in CHANNELS:
        dead, late, sent = (charts.spread(o.slots, days.get((channel, how), {})) for how in OUTCOMES)
        finished = [sum(each) for each in zip(dead, late, sent, strict=True)]
        links.append(o.links(DELIVERED, *(f"{channel} {how}" for how in OUTCOMES), slots=o.slots, sums=finished))
        failing = fared.failing[channel]
        late[-1] += failing
        if failing and not finished[-1]:
            links[-1][-1] = charts.Link(o.messages("failing", channel), f"{failing:,} still being tried")
        marks = zip(dead, late, sent, strict=True)
        tones.append(
            [
                "toned-fill danger" if d else "toned-fill warn" if slow else "series-2" if s else ""
                for d, slow, s in marks
            ]
        )
    columns = [slot.column for slot in o.slots]
    legend = [
        Series("all at once", "series-2"),
        Series("some later, or still being tried", "toned-fill warn"),
        Series("some failed", "toned-fill danger"),
    ]
    return Chart(
        "deliveries",
        "Delivery",
        _arrived(o, fared),
        charts.cells(list(CHANNELS.values()), columns, tones, links) if any(any(row) for row in tones) else None,
        ("Channel", "Sent at once", "Sent later", "Still being tried", "Failed"),
        tuple(_channel(o, fared, channel, name) for channel, name in CHANNELS.items()),
        (*legend, WEEKEND) if any(column.weekend for column in columns) else tuple(legend),
    )


def _channel(o: Overview, fared: Fare, channel: str, name: str) -> Row:
    count, failing = fared.sums[channel], fared.failing[channel]

    def finished(outcome: str) -> str:
        return o.rows(DELIVERED, f"{channel} {outcome}") if count[outcome] else ""

    urls = (finished("sent"), finished("late"), o.messages("failing", channel) if failing else "", finished("dead"))
    return Row(name, (count["sent"], count["late"], failing, count["dead"]), urls)


def _arrived(o: Overview, fared: Fare) -> str:
    late, dead, failing = fared.total("late"), fared.total("dead"), fared.still
    arrived = fared.total("sent") + late
    total = arrived + dead + failing
    retried = f", {late:,} after a retry" if late else ""
    if not total:
        text = f"Nothing was sent in the last {o.span} days."
    elif arrived == total:
        text = f"All {total:,} of the last {o.span} days arrived{retried}."
    else:
        text = f"{arrived:,} of {pluralize(total, 'message')} of the last {o.span} days arrived{retried}."
        missing = [(failing, "still being tried"), (dead, "failed")]
        text += f" {', '.join(f'{n:,} {what}' for n, what in missing if n)}."
    oldest = _oldest(o)
    if oldest is not None:
        text += f" The oldest still waiting has been due for {datetimes.duration(o.now - oldest)}."
    return text


def _oldest(o: Overview) -> datetime | None:
    """Since when the longest overdue message of this desk waits."""
    scope = o.scope
    for due_at, organization_id in db().execute(_OLDEST, {"now": o.now, "subjects": o.subjects}):
        if scope.covers(organization_id or 0):
            return due_at
    return None


def _overdue() -> Select[Any]:  # two columns of a subquery, whose types are not known to it
    due = (
        select(OutboxRow.due_at, OutboxRow.organization_id, OutboxRow.subject_type)
        .where(WAITING, OutboxRow.due_at < bindparam("now"), OutboxRow.channel.not_like("job:%"))
        .order_by(OutboxRow.due_at)
        .limit(LOOKED_AT)
        .subquery()
    )
    mine = due.c.subject_type.in_(bindparam("subjects", expanding=True))
    return select(due.c.due_at, due.c.organization_id).where(mine).order_by(due.c.due_at)


_OLDEST = _overdue()
