"""The overview of the desk: prescreens received, decisions and their times, and what expires when."""

from collections import Counter
from datetime import date, timedelta

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import captions, charts
from app.dashboard.charts import Box, Chart, Picture, Row, Series, Word, share
from app.dashboard.overview import DELIVERED, Figure, Overview, Statistics, daily_chart, waiting_chart, weekly_chart
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize
from app.prescreens.models import ReviewStatus
from app.prescreens.queries import counts, questionnaires
from app.prescreens.rules import review
from app.prescreens.views.filters import READERS, pages

COMPLETED, DECIDED, EXPIRES = "prescreen.completed", "prescreen.decided", "prescreen.expires"
APPROVED, DENIED = ReviewStatus.APPROVED.value, ReviewStatus.DENIED.value
SOON = review.LIMITS[0]
AHEAD, MOST = 30, 6
"""Days of the forecast, and how many questionnaires have a bar of their own."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """Figures and charts of the last days and the coming thirty."""
    page = Overview(PRESCREENS)
    stats = page.read((COMPLETED, DECIDED, DELIVERED, EXPIRES), (EXPIRES,), AHEAD)
    now = counts.list_counts(db(), counts.reach_of(me().scope(PRESCREENS), page.organization_id), page.now)
    found = [
        _expiry(page, stats, now),
        _questionnaires(page, stats),
        _decided(page, stats),
        waiting_chart(
            stats, DECIDED, key="waiting", title="How long until a decision", done="decided", thing="Prescreens decided"
        ),
        _submitted(page, stats),
        weekly_chart(stats, DECIDED, key="weeks", title="Time to a decision, week by week", done="decided"),
    ]
    return page.answer(stats, "Prescreens overview", _figures(page, stats, now), found)


def _undecided(page: Overview, stats: Statistics) -> Counter[date]:
    """Number of completed prescreens without a decision, by their day of expiry."""
    return stats.by_day(EXPIRES, "waiting")


def _lost(page: Overview, stats: Statistics, before: bool) -> int:
    first, last = (page.before, page.first) if before else (page.first, page.today)
    return sum(n for day, n in stats.by_day(EXPIRES, "waiting").items() if first <= day < last)


def _figures(page: Overview, stats: Statistics, now: counts.ListCounts) -> list[Figure]:
    approved, denied = stats.total(DECIDED, APPROVED), stats.total(DECIDED, DENIED)
    all_before = stats.total(DECIDED, before=True)
    half = charts.percentile(stats.waits(DECIDED), 0.5)
    half_before = charts.percentile(stats.waits(DECIDED, before=True), 0.5)
    lost = _lost(page, stats, False)
    rate = share(approved, approved + denied)
    return [
        Figure("waiting for a decision", f"{now.waiting:,}", "now", page.url(".list")),
        Figure(
            "decided",
            f"{approved + denied:,}",
            captions.was(f"{all_before:,}" if all_before else ""),
            page.url(".list", state="decided"),
        ),
        Figure(
            "approved",
            rate or f"{approved:,}",
            f"of {approved + denied:,} decided",
            page.url(".list", state="approved"),
        ),
        Figure(
            "half decided within",
            captions.brief(half),
            captions.was(captions.brief(half_before) if half_before else "") if half else "none was decided",
        ),
        Figure(
            "expired undecided",
            f"{lost:,}",
            captions.was(f"{_lost(page, stats, True):,}"),
            page.url(".list", state="expired"),
            "danger" if lost else "",
        ),
    ]


def _expiry(page: Overview, stats: Statistics, now: counts.ListCounts) -> Chart:
    last = page.today + timedelta(days=AHEAD - 1)
    days = charts.slots(page.today, last, page.today)
    values = charts.spread(days, _undecided(page, stats))
    # The numbers of the lists, by the hour; the bars are whole days.
    soon, total = now.of("waiting", SOON), now.waiting
    caption = (
        f"{soon:,} in the next three days, {total:,} in {AHEAD}." if total else f"Nothing in the next {AHEAD} days."
    )
    return Chart(
        "expiry",
        "What expires when",
        caption,
        f"Undecided prescreens by the day they expire. {caption}",
        _ahead(values, charts.short(days[len(days) // 2].first), charts.short(last)) if sum(values) else None,
        ("Day", "Prescreens waiting"),
        tuple(Row(slot.name, (n,)) for slot, n in zip(days, values, strict=True) if n),
        links=(("Within three days", page.url(".list", left=SOON)),),
    )


def _ahead(values: list[int], middle: str, last: str) -> Picture:
    """Bars on a ruler of days; the first three have a background of their own, in red."""
    top, base, pitch = max(values), 90, 100 / len(values)
    boxes = [Box("track", 0, SOON * pitch, 6, base - 6, 3)]
    for n, value in enumerate(values):
        if value:
            tall = max(3.0, value / top * (base - 30))
            tone = "toned-fill danger" if n < SOON else "series-1"
            boxes.append(Box(tone, (n + 0.2) * pitch, pitch * 0.6, base - tall, tall, 1))
    strokes = [charts.Stroke("", 0, 100, base, base)]
    strokes += [
        charts.Stroke("", (n + 0.5) * pitch, (n + 0.5) * pitch, base, base + (6 if n % 5 == 4 else 3))
        for n in range(len(values))
    ]
    peak = values.index(top)
    texts = [
        Word("three days", SOON * pitch + 1, 20, "value"),
        Word("today", 0, 114),
        Word(middle, 50, 114, "", "middle"),
        Word(last, 100, 114, "", "end"),
    ]
    if peak >= SOON + 5 or peak < SOON:
        above = 24 if peak < SOON else 25
        texts.append(Word(f"{top:,}", (peak + 0.5) * pitch, above, "value", "middle"))
    return Picture(126, tuple(strokes), tuple(boxes), tuple(texts))


def _questionnaires(page: Overview, stats: Statistics) -> Chart:
    per: dict[str, Counter[str]] = {}
    for stat in stats.stats:
        if stat.event == DECIDED and page.first <= stat.day <= page.today:
            per.setdefault(stat.subcategory, Counter())[stat.category] += stat.n
    named = questionnaires.names(db(), counts.reach_of(me().scope(PRESCREENS), page.organization_id))
    several = len({row.organization_name for row in named}) > 1
    found = [
        (f"{row.name}, {row.organization_name}" if several else row.name, row.id, per[row.id.hex])
        for row in named
        if sum(per.get(row.id.hex, {}).values())
    ]
    found.sort(key=lambda each: -sum(each[2].values()))
    names = [name for name, _, _ in found]
    approved, totals = [n[APPROVED] for *_, n in found], [n[APPROVED] + n[DENIED] for *_, n in found]
    caption = captions.apart(names, approved, totals, "approved") if found else "Nothing was decided in this time."
    if len(found) > MOST:
        caption += f" Drawn are the {MOST} with most decisions."
    texts = [
        f"{a:,} of {t:,} approved" + (f", {share(a, t)}" if share(a, t) else "")
        for a, t in zip(approved, totals, strict=True)
    ]
    return Chart(
        "questionnaires",
        "Decisions by questionnaire",
        caption,
        f"Approved and denied, for each questionnaire. {caption}",
        charts.shares(names[:MOST], approved[:MOST], totals[:MOST], texts[:MOST]) if found else None,
        ("Questionnaire", "Approved", "Denied"),
        tuple(
            Row(name, (n[APPROVED], n[DENIED]), page.url(".list", state="decided", template=id))
            for name, id, n in found
        ),
    )


def _decided(page: Overview, stats: Statistics) -> Chart:
    values = (stats.spread(DECIDED, APPROVED), stats.spread(DECIDED, DENIED))
    total = sum(map(sum, values))
    caption = (
        f"{pluralize(total, 'decision')}, {captions.against(total, stats.total(DECIDED, before=True), page.span)}."
    )
    return daily_chart(
        page.slots,
        (Series("approved", "series-1"), Series("denied", "series-2")),
        values,
        key="decisions",
        title="Decisions",
        text=caption,
    )


def _submitted(page: Overview, stats: Statistics) -> Chart:
    values = stats.spread(COMPLETED)
    before = stats.total(COMPLETED, before=True)
    caption = f"{pluralize(sum(values), 'prescreen')} sent in, {captions.against(sum(values), before, page.span)}. "
    return daily_chart(
        page.slots,
        (Series("sent in", "series-1"),),
        (values,),
        key="submitted",
        title="Sent in by prospects",
        text=(caption + captions.fullest(page.slots, values, "prescreen")).strip(),
    )
