"""The overview of the desk: inspections by day, how far invites got, how long joining and stamping took."""

from flask import Response

from app.accounts.access import allow
from app.accounts.roles import INSPECTIONS
from app.dashboard import captions, charts
from app.dashboard.charts import Chart, Row, Series, share
from app.dashboard.overview import (
    DELIVERED,
    MINUTES,
    Figure,
    Overview,
    Statistics,
    daily_chart,
    waiting_chart,
    weekly_chart,
)
from app.inspections.views.filters import READERS, pages
from app.kernel.text.template_filters import pluralize

CREATED, ENDED, MADE, JOINED = "inspection.created", "inspection.ended", "invite.made", "invite.joined"
STAMPED = "anchor.stamped"
STEPS = (
    ("invited", ("made", "seen", "opened", "locked", "joined")),
    ("page opened", ("seen", "opened", "locked", "joined")),
    ("continue pressed", ("opened", "locked", "joined")),
    ("in the session", ("joined",)),
)
"""Steps of an invite, each with the recorded states of those that got at least so far."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """Statistics of the last days."""
    overview_page = Overview(INSPECTIONS)
    statistics = overview_page.read((CREATED, ENDED, MADE, JOINED, STAMPED, DELIVERED))
    found = [
        _by_day(overview_page, statistics, CREATED, "created", "Inspections created", "created"),
        _stuck(statistics),
        _by_day(overview_page, statistics, ENDED, "ended", "Inspections ended", "ended"),
        _joined(statistics),
        _stamped(statistics),
        weekly_chart(statistics, JOINED, key="weeks", title="From invite to session, week by week", done="let in"),
    ]
    return overview_page.answer(statistics, "Inspections overview", _figures(overview_page, statistics), found)


def _joined(statistics: Statistics) -> Chart:
    title, thing = "From invite to session", "People who joined"
    return waiting_chart(statistics, JOINED, key="joining", title=title, done="let in", thing=thing, in_bands=MINUTES)


def _stamped(statistics: Statistics) -> Chart | None:
    """None when no authority is asked."""
    if not statistics.total(STAMPED):
        return None
    title, thing = "From end to time stamp", "Time stamps"
    return waiting_chart(
        statistics, STAMPED, key="stamping", title=title, done="stamped", thing=thing, in_bands=MINUTES
    )


def _figures(overview_page: Overview, statistics: Statistics) -> list[Figure]:
    made, joined = statistics.total(MADE), statistics.total(MADE, "joined")
    before = share(statistics.total(MADE, "joined", before=True), statistics.total(MADE, before=True))
    created, created_before = statistics.total(CREATED), statistics.total(CREATED, before=True)
    half = charts.percentile(statistics.waits(JOINED), 0.5)
    half_before = captions.about(charts.percentile(statistics.waits(JOINED, before=True), 0.5))
    ended, ended_before = statistics.total(ENDED), statistics.total(ENDED, before=True)
    locked = statistics.total(MADE, "locked")
    return [
        Figure(
            "inspections created",
            f"{created:,}",
            captions.was(f"{created_before:,}" if created_before else ""),
            overview_page.url(".list", view="all"),
        ),
        Figure("ended", f"{ended:,}", captions.was(f"{ended_before:,}"), overview_page.url(".list", view="ended")),
        Figure(
            "invites that got in",
            share(joined, made) or f"{joined:,} of {made:,}",
            captions.was(before) if before else "",
        ),
        Figure(
            "half got in within",
            captions.brief(half),
            captions.was(half_before) if half else "nobody joined",
        ),
        Figure(
            "locked by wrong codes", f"{locked:,}", captions.was(f"{statistics.total(MADE, 'locked', before=True):,}")
        ),
    ]


def _by_day(overview_page: Overview, statistics: Statistics, moment: str, key: str, title: str, verb: str) -> Chart:
    values = statistics.spread(moment)
    before = statistics.total(moment, before=True)
    summary = (
        f"{pluralize(sum(values), 'inspection')} {verb}, {captions.against(sum(values), before, overview_page.span)}. "
    )
    return daily_chart(
        overview_page.slots,
        (Series(verb, "series-1"),),
        (values,),
        key=key,
        title=title,
        text=(summary + captions.fullest(overview_page.slots, values, "inspection")).strip(),
    )


def _stuck(statistics: Statistics) -> Chart:
    names = [name for name, _ in STEPS]
    values = [statistics.total(MADE, *words) for _, words in STEPS]
    summary = f"Nobody was invited in the last {statistics.overview.span} days."
    if values[0]:
        summary = f"Of {pluralize(values[0], 'invite')}, {values[-1]:,} reached the session." + captions.lost(
            names, values
        )
    return Chart(
        "invites",
        "Where invites get stuck",
        summary,
        summary,
        charts.funnel(names, values) if values[0] else None,
        ("Step", "Invites"),
        tuple(Row(name, (n,)) for name, n in zip(names, values, strict=True)),
    )
