"""Depositions overview: load of the coming days, requests received, how long they waited, what became of them."""

from datetime import timedelta

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import captions, charts
from app.dashboard.charts import Chart, Series, share
from app.dashboard.overview import DELIVERED, Figure, Overview, Statistics, daily_chart, waiting_chart, weekly_chart
from app.depositions.models import State
from app.depositions.queries import listing
from app.depositions.views.filters import READERS, pages
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize

AHEAD = 14
RECEIVED, BOOKED, CANCELED, STARTS = "deposition.asked", "deposition.booked", "deposition.canceled", "deposition.starts"
PAST = (RECEIVED, BOOKED, CANCELED, DELIVERED)


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """Figures and charts of the last days and the coming two weeks."""
    page = Overview(DEPOSITIONS)
    stats = page.read(PAST, (STARTS,), AHEAD)
    found = [
        _load(page, stats),
        waiting_chart(
            stats, BOOKED, key="waiting", title="How long requests wait", done="scheduled", thing="Requests scheduled"
        ),
        _received(page, stats),
        weekly_chart(stats, BOOKED, key="weeks", title="Waiting, week by week", done="scheduled"),
    ]
    return page.answer(stats, "Depositions overview", _figures(page, stats), found)


def _figures(page: Overview, stats: Statistics) -> list[Figure]:
    scope = me().scope(DEPOSITIONS)
    within = None if scope.everything else scope.organization_ids
    organization_ids = frozenset({page.organization_id}) if page.organization_id else within
    waiting = listing.waiting(db(), organization_ids, page.now)
    received, received_before = stats.total(RECEIVED), stats.total(RECEIVED, before=True)
    half = charts.percentile(stats.waits(BOOKED), 0.5)
    half_before = charts.percentile(stats.waits(BOOKED, before=True), 0.5)
    unusual, unusual_before = stats.total(RECEIVED, "odd"), stats.total(RECEIVED, "odd", before=True)
    return [
        Figure("waiting to be scheduled", f"{waiting:,}", "now", page.url(".list")),
        Figure("requests received", f"{received:,}", captions.was(f"{received_before:,}" if received_before else "")),
        Figure("half scheduled within", captions.brief(half), _was(half, half_before)),
        Figure(
            "canceled",
            f"{stats.total(CANCELED):,}",
            captions.was(f"{stats.total(CANCELED, before=True):,}"),
            page.url(".list", view=listing.EVERYTHING, state=State.CANCELED.value),
        ),
        Figure(
            "requested outside 7 AM to 8 PM there",
            share(unusual, received) or f"{unusual:,}",
            captions.was(share(unusual_before, received_before) or f"{unusual_before:,}"),
        ),
    ]


def _was(now: float | None, before: float | None) -> str:
    if now is None:
        return "none was scheduled"
    return captions.was(captions.brief(before) if before else "")


def _load(page: Overview, stats: Statistics) -> Chart:
    slots = charts.slots(page.today, page.today + timedelta(days=AHEAD - 1), page.today)
    booked = (State.SCHEDULED, State.READY, State.ACTIVE, State.ENDED)
    values = (
        charts.spread(slots, stats.by_day(STARTS, *(state.value for state in booked))),
        charts.spread(slots, stats.by_day(STARTS, State.INITIAL.value)),
    )
    sums = [sum(each) for each in zip(*values, strict=True)]
    text = f"{pluralize(sum(sums), 'session')} in the next {AHEAD} days"
    text += f", {sum(values[1]):,} of them not scheduled yet. " if sum(values[1]) else ". "
    return daily_chart(
        slots,
        (Series("scheduled", "series-1"), Series("still waiting", "series-2")),
        values,
        key="load",
        title="Load by day",
        text=(text + captions.fullest(slots, sums, "session")).strip(),
        urls=[
            page.url(".list", view=listing.EVERYTHING, **{"from": slot.first.isoformat(), "to": slot.last.isoformat()})
            for slot in slots
        ],
    )


def _received(page: Overview, stats: Statistics) -> Chart:
    values = (stats.spread(RECEIVED, "office"), stats.spread(RECEIVED, "odd"))
    sums = [sum(each) for each in zip(*values, strict=True)]
    before = stats.total(RECEIVED, before=True)
    text = f"{pluralize(sum(sums), 'request')}, {captions.against(sum(sums), before, page.span)}. "
    return daily_chart(
        page.slots,
        (Series("office hours there", "series-1"), Series("before 7 AM or after 8 PM there", "series-2")),
        values,
        key="requests",
        title="Requests received",
        text=(text + captions.fullest(page.slots, sums, "request")).strip(),
    )
