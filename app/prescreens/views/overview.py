"""The overview of the desk: prescreens received, decisions and their times, and what expires when."""

from collections import Counter
from datetime import timedelta

from flask import Response

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
from app.prescreens.queries import counts, questionnaires
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
    last = page.today + timedelta(days=AHEAD - 1)
    slots = charts.slots(page.today, last, page.today, page.week)
    values = charts.spread(slots, stats.by_day(EXPIRES, UNDECIDED))
    # The numbers of the lists, by the hour; the bars are whole days.
    soon, total = now.of("waiting", SOON), now.waiting
    text = f"{soon:,} within {SOON} days, {total:,} in all." if total else "Nothing waits for a decision."
    series = Series("not decided", "series-1")
    soon_tone = "toned-fill danger"
    chart = daily_chart(
        slots,
        (series,),
        (values,),
        ([page.rows(EXPIRES, UNDECIDED, slot=slot) for slot in slots],),
        page.links(EXPIRES, UNDECIDED, slots=slots, sums=values),
        key="expiry",
        title="What expires when",
        text=text,
        tones=([soon_tone if n <= SOON else series.tone for n in range(len(slots))],),
    )
    return chart


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
