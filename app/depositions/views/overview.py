"""Depositions overview: load of the coming days, requests received, how long they waited, what became of them."""

from datetime import timedelta

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import captions, charts, estimates
from app.dashboard.charts import Chart, Row, Series
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
from app.depositions.models import State
from app.depositions.queries import counts, tabs
from app.depositions.views import capacity_chart
from app.depositions.views.filters import READERS, pages
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize

AHEAD, MOST = 14, 6
"""Days of the load, and how many organizations have a line of their own."""
RECEIVED, BOOKED, CANCELED, STARTS = "deposition.asked", "deposition.booked", "deposition.canceled", "deposition.starts"
PAST = (RECEIVED, BOOKED, CANCELED, DELIVERED)
OFFICE, UNUSUAL = "office", "odd"
HAPPENINGS = {
    RECEIVED: Happening(
        "Requests received",
        "request",
        {OFFICE: "between 7 AM and 8 PM there", UNUSUAL: "before 7 AM or after 8 PM there"},
    ),
    BOOKED: Happening("Requests scheduled", "request", waited="Waited"),
    CANCELED: Happening("Requests canceled", "request"),
    STARTS: Happening("Sessions by start", "session"),
    DELIVERED: Happening("Messages", "message"),
}
LOAD = (
    (Series("ended", "past"), (State.ENDED,), tabs.EVERYTHING),
    (Series("scheduled", "series-2"), tabs.STATES_OF[tabs.SCHEDULED], tabs.SCHEDULED),
    (Series("still waiting", "series-1"), tabs.STATES_OF[tabs.NEEDS], tabs.NEEDS),
)
"""What makes up a day's load: the states of each part, and the tab of the list that has exactly these."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """A sentence and charts of the last days and the coming two weeks; or the rows behind one of their numbers."""
    page = Overview(DEPOSITIONS, HAPPENINGS)
    if page.rows_wanted:
        return CountedPage(page).answer()
    stats = page.read(PAST, (STARTS,), AHEAD)
    fared = fare(stats)
    capacity = capacity_chart.read(page)
    found = [
        *capacity_chart.charts_of(page, capacity),
        _load(page, stats),
        weekly_chart(stats, BOOKED, key="weeks", title="How long requests wait, by week", done="scheduled"),
        counted_chart(
            stats,
            RECEIVED,
            (
                (Series("7 AM to 8 PM there", "series-2"), (OFFICE,)),
                (Series("before 7 AM or after 8 PM there", "series-1"), (UNUSUAL,)),
            ),
            key="requests",
            title="Requests received",
            things="request",
        ),
        waiting_chart(
            stats, BOOKED, key="waiting", title="How long requests wait", done="scheduled", thing="Requests scheduled"
        ),
        _unusual(page),
        deliveries_chart(stats, fared),
    ]
    sentence = [_now(page), capacity_chart.phrases(page, capacity), _past(page, stats), delivery_phrases(page, fared)]
    return page.answer("Depositions overview", sentence, [chart for chart in found if chart], not stats.stats)


def _now(page: Overview) -> list[Phrase]:
    scope = me().scope(DEPOSITIONS)
    within = None if scope.everything else scope.organization_ids
    organization_ids = frozenset({page.organization_id}) if page.organization_id else within
    numbers = counts.view_counts(db(), organization_ids, page.now)
    waiting, soon = numbers[tabs.NEEDS], numbers[tabs.STARTING]
    found = [Phrase(f"{waiting:,}", "waits" if waiting == 1 else "wait", url=page.url(".list"))]
    if soon:
        words = "starts within 24 h" if soon == 1 else "start within 24 h"
        found.append(Phrase(f"{soon:,}", words, url=page.url(".list", view=tabs.STARTING), tone="danger"))
    return found


def _past(page: Overview, stats: Statistics) -> list[Phrase]:
    received, canceled = stats.total(RECEIVED), stats.total(CANCELED)
    half, half_before = (estimates.percentile(stats.waits(BOOKED, before=b), 0.5) for b in (False, True))
    found = [
        Phrase(
            f"{received:,}",
            "came",
            lead=f"In {page.span} days",
            was=f"{stats.total(RECEIVED, before=True):,} before",
            url=page.rows(RECEIVED) if received else "",
        )
    ]
    if half is not None:
        was = f"{captions.about(half_before)} before" if half_before is not None else ""
        found.append(Phrase(captions.about(half), "", lead="half were scheduled within", was=was))
    canceled_before = stats.total(CANCELED, before=True)
    if canceled or canceled_before:
        url = page.rows(CANCELED) if canceled else ""
        found.append(Phrase(f"{canceled:,}", "canceled", was=f"{canceled_before:,} before", url=url))
    return found


def _load(page: Overview, stats: Statistics) -> Chart:
    last = page.today + timedelta(days=AHEAD - 1)
    slots = charts.slots(page.today, last, page.today, page.week)
    values = [charts.spread(slots, stats.by_day(STARTS, *states)) for _, states, _ in LOAD]
    shown = [
        (*part, counts) for part, counts in zip(LOAD, values, strict=True) if part[0].name != "ended" or any(counts)
    ]
    sums = [sum(each) for each in zip(*values, strict=True)]
    text = f"{pluralize(sum(sums), 'session')} in the next {AHEAD} days"
    text += f", {sum(values[-1]):,} of them not scheduled yet. " if sum(values[-1]) else ". "

    def day(slot: charts.Slot, states: tuple[State, ...], tab: str) -> str:
        state = {"state": states[0].value} if tab == tabs.EVERYTHING else {}
        days = {"from": slot.first.isoformat(), "to": slot.last.isoformat()}
        return page.url(".list", view=None if tab == tabs.NEEDS else tab, **state, **days)

    return daily_chart(
        slots,
        [series for series, *_ in shown],
        [counts for *_, counts in shown],
        [[day(slot, states, tab) for slot in slots] for _, states, tab, _ in shown],
        page.links(STARTS, *(state.value for _, states, _ in LOAD for state in states), slots=slots, sums=sums),
        key="load",
        title="Sessions by day",
        text=(text + captions.fullest(slots, sums, "session")).strip(),
    )


def _unusual(page: Overview) -> Chart | None:
    """The share of requests for unusual hours, organization by organization; nothing for a single one."""
    found = page.by_organization(RECEIVED)
    known = [
        (row.id, row.name, found[row.id][UNUSUAL], found[row.id].total())
        for row in page.organizations
        if row.id in found
    ]
    if len(known) < 2:
        return None
    known.sort(key=lambda each: -each[3])
    ids, names, parts, totals = zip(*known, strict=True)
    text = captions.apart(names, parts, totals, "outside 7 AM to 8 PM", "asks for it")
    if len(known) > MOST:
        text += f" Drawn are the {MOST} with most requests."
    urls = [(page.rows(RECEIVED, UNUSUAL, organization=id), page.rows(RECEIVED, organization=id)) for id in ids]
    links = [
        charts.Link(url, f"{pluralize(part, 'request')}, {name}") if part else None
        for (url, _), part, name in zip(urls, parts, names, strict=True)
    ]
    return Chart(
        "unusual",
        "Outside 7 AM to 8 PM, by organization",
        text,
        charts.shares(names[:MOST], parts[:MOST], totals[:MOST], links[:MOST]),
        ("Organization", "Outside 7 AM to 8 PM", "All requests"),
        tuple(
            Row(name, (part, total), (first if part else "", second))
            for name, part, total, (first, second) in zip(names, parts, totals, urls, strict=True)
        ),
        SHARE,
    )
