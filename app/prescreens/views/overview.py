"""The overview of the desk: what came in, what was decided and how fast, what expires when."""

from collections import Counter
from datetime import timedelta
from typing import Any

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
from app.prescreens.views.filters import READERS, pages

SUBJECT = "prescreen"
COMPLETED, DECIDED, EXPIRES = "prescreen.completed", "prescreen.decided", "prescreen.expires"
APPROVED, DENIED = ReviewStatus.APPROVED.value, ReviewStatus.DENIED.value
AHEAD, SOON, MOST = 30, 3, 6
"""Days of the forecast, how many of them are red, and how many templates have a line of their own."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """How the desk is doing, over the last days, and what expires in the coming thirty."""
    o = Overview(PRESCREENS, SUBJECT)
    told = o.read((COMPLETED, DECIDED, DELIVERED, EXPIRES), (EXPIRES,), AHEAD)
    found = [
        _expiry(o, told),
        _templates(o, told),
        _decided(o, told),
        waiting_chart(
            told, DECIDED, key="waiting", title="How long until a decision", done="decided", thing="Prescreens decided"
        ),
        _submitted(o, told),
        weekly_chart(told, DECIDED, key="weeks", title="Time to a decision, week by week", done="decided"),
    ]
    return o.answer(told, "How the prescreens desk is doing", _figures(o, told), found)


def _undecided(o: Overview, told: Statistics) -> Counter[Any]:
    """Complete prescreens that nobody decided, by the day they expire on."""
    return told.by_day(EXPIRES, "waiting")


def _lost(o: Overview, told: Statistics, before: bool) -> int:
    first, last = (o.before, o.first) if before else (o.first, o.today)
    return sum(n for day, n in told.by_day(EXPIRES, "waiting").items() if first <= day < last)


def _figures(o: Overview, told: Statistics) -> list[Figure]:
    approved, denied = told.total(DECIDED, APPROVED), told.total(DECIDED, DENIED)
    all_before = told.total(DECIDED, before=True)
    half = charts.percentile(told.waits(DECIDED), 0.5)
    half_before = charts.percentile(told.waits(DECIDED, before=True), 0.5)
    lost = _lost(o, told, False)
    waiting = counts.list_counts(db(), counts.reach_of(me().scope(PRESCREENS), o.organization_id), o.now).of("waiting")
    rate = share(approved, approved + denied)
    return [
        Figure("waiting for a decision", f"{waiting:,}", "now", o.url(".list")),
        Figure(
            "decided",
            f"{approved + denied:,}",
            captions.was(f"{all_before:,}" if all_before else ""),
            o.url(".list", state="decided"),
        ),
        Figure(
            "approved",
            rate or f"{approved:,}",
            f"of {approved + denied:,} decided",
            o.url(".list", state="approved"),
        ),
        Figure(
            "half decided within",
            captions.brief(half),
            captions.was(captions.brief(half_before) if half_before else "") if half else "none was decided",
        ),
        Figure(
            "expired undecided",
            f"{lost:,}",
            captions.was(f"{_lost(o, told, True):,}"),
            o.url(".list", state="expired"),
            "danger" if lost else "",
        ),
    ]


def _expiry(o: Overview, told: Statistics) -> Chart:
    last = o.today + timedelta(days=AHEAD - 1)
    days = charts.slots(o.today, last, o.today)
    values = charts.spread(days, _undecided(o, told))
    soon, total = sum(values[:SOON]), sum(values)
    said = f"{soon:,} in the next three days, {total:,} in {AHEAD}." if total else f"Nothing in the next {AHEAD} days."
    return Chart(
        "expiry",
        "What expires when",
        said,
        f"Undecided prescreens by the day they expire. {said}",
        _ahead(values, charts.short(days[len(days) // 2].first), charts.short(last)) if total else None,
        ("Day", "Prescreens waiting"),
        tuple(Row(slot.name, (n,)) for slot, n in zip(days, values, strict=True) if n),
        links=(("Within three days", o.url(".list", left=SOON)),),
    )


def _ahead(values: list[int], middle: str, last: str) -> Picture:
    """Bars on a ruler of days; the first three stand on a ground of their own, in red."""
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
    words = [
        Word("three days", SOON * pitch + 1, 20, "value"),
        Word("today", 0, 114),
        Word(middle, 50, 114, "", "middle"),
        Word(last, 100, 114, "", "end"),
    ]
    if peak >= SOON + 5 or peak < SOON:
        above = 24 if peak < SOON else 25
        words.append(Word(f"{top:,}", (peak + 0.5) * pitch, above, "value", "middle"))
    return Picture(126, tuple(strokes), tuple(boxes), tuple(words))


def _templates(o: Overview, told: Statistics) -> Chart:
    per: dict[str, Counter[str]] = {}
    for tally in told.tallies:
        if tally.event == DECIDED and o.first <= tally.day <= o.today:
            per.setdefault(tally.subcategory, Counter())[tally.category] += tally.n
    named = questionnaires.names(db(), counts.reach_of(me().scope(PRESCREENS), o.organization_id))
    several = len({row.organization_name for row in named}) > 1
    found = [
        (f"{row.name}, {row.organization_name}" if several else row.name, row.id, per[row.id.hex])
        for row in named
        if sum(per.get(row.id.hex, {}).values())
    ]
    found.sort(key=lambda each: -sum(each[2].values()))
    names = [name for name, _, _ in found]
    approved, totals = [n[APPROVED] for *_, n in found], [n[APPROVED] + n[DENIED] for *_, n in found]
    said = captions.apart(names, approved, totals, "approved") if found else "Nothing was decided in this time."
    if len(found) > MOST:
        said += f" Drawn are the {MOST} with most decisions."
    words = [
        f"{a:,} of {t:,} approved" + (f", {share(a, t)}" if share(a, t) else "")
        for a, t in zip(approved, totals, strict=True)
    ]
    return Chart(
        "templates",
        "Decisions by template",
        said,
        f"Approved and denied, for each template. {said}",
        charts.shares(names[:MOST], approved[:MOST], totals[:MOST], words[:MOST]) if found else None,
        ("Template", "Approved", "Denied"),
        tuple(
            Row(name, (n[APPROVED], n[DENIED]), o.url(".list", state="decided", template=id)) for name, id, n in found
        ),
    )


def _decided(o: Overview, told: Statistics) -> Chart:
    values = (told.spread(DECIDED, APPROVED), told.spread(DECIDED, DENIED))
    total = sum(map(sum, values))
    said = f"{pluralize(total, 'decision')}, {captions.against(total, told.total(DECIDED, before=True), o.span)}."
    return daily_chart(
        o.slots,
        (Series("approved", "series-1"), Series("denied", "series-2")),
        values,
        key="decisions",
        title="Decisions",
        said=said,
    )


def _submitted(o: Overview, told: Statistics) -> Chart:
    values = told.spread(COMPLETED)
    before = told.total(COMPLETED, before=True)
    said = f"{pluralize(sum(values), 'prescreen')} sent in, {captions.against(sum(values), before, o.span)}. "
    return daily_chart(
        o.slots,
        (Series("sent in", "series-1"),),
        (values,),
        key="submitted",
        title="Sent in by prospects",
        said=(said + captions.fullest(o.slots, values, "prescreen")).strip(),
    )
