"""The overview of the desk: load of the coming days, what came in, how long it waited, what became of it."""

from datetime import timedelta

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import captions, charts
from app.dashboard.charts import Chart, Series, share
from app.dashboard.overview import DELIVERED, Figure, Overview, Told, daily_chart, waiting_chart, weekly_chart
from app.depositions.events import SUBJECT
from app.depositions.models import State
from app.depositions.queries import listing
from app.depositions.views.filters import READERS, pages
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize

AHEAD = 14
ASKED, BOOKED, CANCELED, STARTS = "deposition.asked", "deposition.booked", "deposition.canceled", "deposition.starts"
PAST = (ASKED, BOOKED, CANCELED, DELIVERED)


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """How the desk is doing, over the last days and the coming two weeks."""
    o = Overview(DEPOSITIONS, SUBJECT)
    told = o.read(PAST, (STARTS,), AHEAD)
    found = [
        _load(o, told),
        waiting_chart(
            told, BOOKED, key="waiting", title="How long requests wait", done="scheduled", thing="Requests scheduled"
        ),
        _asked(o, told),
        weekly_chart(told, BOOKED, key="weeks", title="Waiting, week by week", done="scheduled"),
    ]
    return o.answer(told, "How the depositions desk is doing", _figures(o, told), found)


def _figures(o: Overview, told: Told) -> list[Figure]:
    scope = me().scope(DEPOSITIONS)
    reach = None if scope.everything else scope.organization_ids
    whose = frozenset({o.organization_id}) if o.organization_id else reach
    asked, asked_before = told.total(ASKED), told.total(ASKED, before=True)
    half = charts.percentile(told.waits(BOOKED), 0.5)
    half_before = charts.percentile(told.waits(BOOKED, before=True), 0.5)
    odd, odd_before = told.total(ASKED, "odd"), told.total(ASKED, "odd", before=True)
    return [
        Figure("waiting to be scheduled", f"{listing.waiting(db(), whose, o.now):,}", "now", o.url(".list")),
        Figure("requests received", f"{asked:,}", captions.was(f"{asked_before:,}" if asked_before else "")),
        Figure("half scheduled within", captions.brief(half), _was(half, half_before)),
        Figure(
            "canceled",
            f"{told.total(CANCELED):,}",
            captions.was(f"{told.total(CANCELED, before=True):,}"),
            o.url(".list", view=listing.EVERYTHING, state=State.CANCELED.value),
        ),
        Figure(
            "asked for outside 7 AM to 8 PM there",
            share(odd, asked) or f"{odd:,}",
            captions.was(share(odd_before, asked_before) or f"{odd_before:,}"),
        ),
    ]


def _was(now: float | None, before: float | None) -> str:
    if now is None:
        return "none was scheduled"
    return captions.was(captions.brief(before) if before else "")


def _load(o: Overview, told: Told) -> Chart:
    slots = charts.slots(o.today, o.today + timedelta(days=AHEAD - 1), o.today)
    booked = (State.SCHEDULED, State.READY, State.ACTIVE, State.ENDED)
    values = (
        charts.spread(slots, told.by_day(STARTS, *(state.value for state in booked))),
        charts.spread(slots, told.by_day(STARTS, State.INITIAL.value)),
    )
    sums = [sum(each) for each in zip(*values, strict=True)]
    said = f"{pluralize(sum(sums), 'session')} in the next {AHEAD} days"
    said += f", {sum(values[1]):,} of them not scheduled yet. " if sum(values[1]) else ". "
    return daily_chart(
        slots,
        (Series("scheduled", "series-1"), Series("still waiting", "series-2")),
        values,
        key="load",
        title="Load by day",
        said=(said + captions.fullest(slots, sums, "session")).strip(),
        urls=[
            o.url(".list", view=listing.EVERYTHING, **{"from": slot.first.isoformat(), "to": slot.last.isoformat()})
            for slot in slots
        ],
    )


def _asked(o: Overview, told: Told) -> Chart:
    values = (told.spread(ASKED, "office"), told.spread(ASKED, "odd"))
    sums = [sum(each) for each in zip(*values, strict=True)]
    said = f"{pluralize(sum(sums), 'request')}, {captions.against(sum(sums), told.total(ASKED, before=True), o.span)}. "
    return daily_chart(
        o.slots,
        (Series("office hours there", "series-1"), Series("before 7 AM or after 8 PM there", "series-2")),
        values,
        key="requests",
        title="Requests received",
        said=(said + captions.fullest(o.slots, sums, "request")).strip(),
    )
