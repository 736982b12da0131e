"""The overview of the desk: prescreens received, decisions and their times, and what expires when."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import captions, charts, estimates
from app.dashboard.charts import Chart, Link, Row, Series, Slot
from app.dashboard.estimates import share
from app.dashboard.overview import DELIVERED, Happening, Overview, Phrase, Statistics
from app.dashboard.overview_charts import (
    SHARE,
    counted_chart,
    daily_chart,
    deliveries_chart,
    delivery_phrases,
    fare,
    waiting_chart,
    weekly_chart,
)
from app.dashboard.overview_rows import CountedPage
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize
from app.prescreens.models import ReviewStatus
from app.prescreens.presentation import first_looks
from app.prescreens.presentation.forecast import at_this_pace
from app.prescreens.queries import counts, forecast, questionnaires
from app.prescreens.queries.first_looks import decided_by_choice
from app.prescreens.rules import review
from app.prescreens.views.filters import READERS, pages

COMPLETED, DECIDED, EXPIRES = "prescreen.completed", "prescreen.decided", "prescreen.expires"
APPROVED, DENIED, UNDECIDED = ReviewStatus.APPROVED.value, ReviewStatus.DENIED.value, "waiting"
HAPPENINGS = {
    COMPLETED: Happening("Prescreens sent in", "prescreen"),
    DECIDED: Happening("Prescreens decided", "prescreen", {APPROVED: "approved", DENIED: "denied"}, waited="Waited"),
    EXPIRES: Happening("Prescreens by expiry", "prescreen", {UNDECIDED: "not decided", "decided": "decided"}),
    DELIVERED: Happening("Messages", "message"),
}
SOON = review.LIMITS[0]
AHEAD, MOST = 30, 6
"""Days of the forecast, and how many questionnaires have a line of their own."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """A sentence and charts of the last days and the coming thirty; or the rows behind one of their numbers."""
    page = Overview(PRESCREENS, HAPPENINGS)
    if page.rows_wanted:
        return CountedPage(page).answer()
    stats = page.read((COMPLETED, DECIDED, DELIVERED, EXPIRES), (EXPIRES,), AHEAD)
    now = counts.list_counts(db(), counts.reach_of(me().scope(PRESCREENS), page.organization_id), page.now)
    fared = fare(stats)
    found = [
        _expiry(page, stats, now),
        weekly_chart(stats, DECIDED, key="weeks", title="Time to a decision, by week", done="decided"),
        counted_chart(
            stats,
            DECIDED,
            ((Series("approved", "series-2"), (APPROVED,)), (Series("denied", "series-1"), (DENIED,))),
            key="decisions",
            title="Decisions",
            things="decision",
        ),
        waiting_chart(
            stats, DECIDED, key="waiting", title="How long until a decision", done="decided", thing="Prescreens decided"
        ),
        _questionnaires(page, stats),
        _first_looks(page),
        counted_chart(
            stats,
            COMPLETED,
            ((Series("sent in", "series-1"), ()),),
            key="submitted",
            title="Sent in by prospects",
            things="prescreen",
        ),
        deliveries_chart(stats, fared),
    ]
    sentence = [_now(page, now), _past(page, stats), delivery_phrases(page, fared)]
    return page.answer("Prescreens overview", sentence, [chart for chart in found if chart], not stats.stats)


def _first_looks(page: Overview) -> Chart | None:
    since = datetime.combine(page.first, time(), ZoneInfo(page.zone))
    return first_looks.chart(decided_by_choice(db(), page.organization_ids, since))


def _now(page: Overview, now: counts.ListCounts) -> list[Phrase]:
    soon = now.of("waiting", SOON)
    words = "waits for a decision" if now.waiting == 1 else "wait for a decision"
    found = [Phrase(f"{now.waiting:,}", words, url=page.url(".list"))]
    if soon:
        words = f"{'expires' if soon == 1 else 'expire'} within {SOON} days"
        found.append(Phrase(f"{soon:,}", words, url=page.url(".list", left=SOON), tone="danger"))
    return found


def _past(page: Overview, stats: Statistics) -> list[Phrase]:
    decided, approved = stats.total(DECIDED), stats.total(DECIDED, APPROVED)
    half, half_before = (estimates.percentile(stats.waits(DECIDED, before=b), 0.5) for b in (False, True))
    found = [
        Phrase(
            f"{decided:,}",
            "decided" if decided == 1 else "were decided",
            lead=f"In {page.span} days",
            was=f"{stats.total(DECIDED, before=True):,} before",
            url=page.rows(DECIDED) if decided else "",
        )
    ]
    if decided:
        rate = share(approved, decided)
        url = page.rows(DECIDED, APPROVED) if approved else ""
        found.append(Phrase(f"{approved:,}", "approved", was=rate, url=url))
    if half is not None:
        was = f"{captions.about(half_before)} before" if half_before is not None else ""
        found.append(Phrase(captions.about(half), "", lead="half within", was=was))
    lost, lost_before = (_lost(page, stats, before) for before in (False, True))
    if lost or lost_before:
        yesterday = Slot(page.first, page.today - timedelta(days=1), "")
        url = page.rows(EXPIRES, UNDECIDED, slot=yesterday) if lost else ""
        tone = "danger" if lost else ""
        found.append(Phrase(f"{lost:,}", "expired undecided", was=f"{lost_before:,} before", url=url, tone=tone))
    return found


def _lost(page: Overview, stats: Statistics, before: bool) -> int:
    """How many expired undecided, on whole days."""
    first, last = (page.before, page.first) if before else (page.first, page.today)
    return sum(n for day, n in stats.by_day(EXPIRES, UNDECIDED).items() if first <= day < last)


def _expiry(page: Overview, stats: Statistics, now: counts.ListCounts) -> Chart:
    """What expires when; of one organization also what its agents will not have decided by then."""
    last = page.today + timedelta(days=AHEAD - 1)
    slots = charts.slots(page.today, last, page.today, page.week)
    values = charts.spread(slots, stats.by_day(EXPIRES, UNDECIDED))
    # The numbers of the lists, by the hour; the bars are whole days.
    soon, total = now.of("waiting", SOON), now.waiting
    text = f"{soon:,} within {SOON} days, {total:,} in all." if total else "Nothing waits for a decision."
    urls = [page.rows(EXPIRES, UNDECIDED, slot=slot) for slot in slots]
    links = page.links(EXPIRES, UNDECIDED, slots=slots, sums=values)
    key, title = "expiry", "What expires when"
    if len(page.organization_ids) != 1 or not total:
        if total:
            text += " Choose one organization to see what expires undecided at its pace."
        series = Series("not decided", "series-1")
        tones = ["toned-fill danger" if n <= SOON else series.tone for n in range(len(slots))]
        return daily_chart(slots, (series,), (values,), (urls,), links, text=text, tones=(tones,), key=key, title=title)
    (organization_id,) = page.organization_ids
    seen = forecast.outlook(db(), organization_id, page.zone, page.now)
    # What has expired today already is in its bar.
    over = [n - seen.on(slot.first).waiting if slot.today else 0 for n, slot in zip(values, slots, strict=True)]
    lapses = [seen.on(slot.first) for slot in slots]
    lapsing = [min(n, each.likely + gone) for n, each, gone in zip(values, lapses, over, strict=True)]
    bands = [(each.low + gone, each.high + gone) for each, gone in zip(lapses, over, strict=True)]
    both = (
        Series("expires undecided at this pace, with the 80% band", "toned-fill danger"),
        Series("decided in time", "series-2"),
    )
    chart = daily_chart(
        slots,
        both,
        (lapsing, [n - lapsed for n, lapsed in zip(values, lapsing, strict=True)]),
        (urls, urls),
        links,
        text=f"{text} {at_this_pace(seen)}",
        bands=[band if band[0] != band[1] else None for band in bands],
        key=key,
        title=title,
    )
    rows = tuple(
        Row(slot.name, (n, lapsed, f"{low} to {high}"), (url,))
        for slot, n, lapsed, (low, high), url in zip(slots, values, lapsing, bands, urls, strict=True)
        if n
    )
    first = forecast.first_to_decide(db(), organization_id, page.now)
    return replace(
        chart,
        head=("Day", "Not decided", "Expires undecided at this pace", "In eight of ten cases"),
        rows=rows,
        finding=f"{chart.finding} Decide first:" if first else chart.finding,
        further=tuple(
            Link(url_for(".detail", id=each.id), f"{each.questionnaire}, {time_left(each.expires_at - page.now)}")
            for each in first
        ),
    )


def time_left(left: timedelta) -> str:
    """`5 h left` within two days, else `3 days left`."""
    hours = max(0, int(left.total_seconds() // 3600))
    return f"{hours} h left" if hours < 48 else f"{hours // 24} days left"


def _questionnaires(page: Overview, stats: Statistics) -> Chart:
    per: dict[str, Counter[str]] = {}
    for stat in stats.stats:
        if stat.event == DECIDED and page.first <= stat.day <= page.today:
            per.setdefault(stat.subcategory, Counter())[stat.category] += stat.n
    named = questionnaires.names(db(), counts.reach_of(me().scope(PRESCREENS), page.organization_id))
    several = len({row.organization_name for row in named}) > 1
    found = [
        (f"{row.name}, {row.organization_name}" if several else row.name, row.id.hex, per[row.id.hex])
        for row in named
        if sum(per.get(row.id.hex, {}).values())
    ]
    found.sort(key=lambda each: -each[2].total())
    names = [name for name, _, _ in found]
    approved, totals = [n[APPROVED] for *_, n in found], [n.total() for *_, n in found]
    text = "Nothing was decided in this time."
    if found:
        text = captions.apart(names, approved, totals, "approved", "is approved")
    if len(found) > MOST:
        text += f" Drawn are the {MOST} with most decisions."
    urls = [[page.rows(DECIDED, *of, part=part) for of in ((APPROVED,), (DENIED,))] for _, part, _ in found]
    links = [
        Link(yes, f"{pluralize(n, 'prescreen')}, {name}") if n else None
        for (yes, _), n, name in zip(urls, approved, names, strict=True)
    ]
    return Chart(
        "questionnaires",
        "Approved, by questionnaire",
        text,
        charts.shares(names[:MOST], approved[:MOST], totals[:MOST], links[:MOST]) if found else None,
        ("Questionnaire", "Approved", "Denied"),
        tuple(
            Row(name, (n[APPROVED], n[DENIED]), (yes if n[APPROVED] else "", no if n[DENIED] else ""))
            for (name, _, n), (yes, no) in zip(found, urls, strict=True)
        ),
        SHARE if found else (),
    )
