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

SUBJECT = "inspection"
CREATED, ENDED, MADE, JOINED = "inspection.created", "inspection.ended", "invite.made", "invite.joined"
STAMPED = "anchor.stamped"
STEPS = (
    ("invited", ("made", "seen", "opened", "locked", "joined")),
    ("page opened", ("seen", "opened", "locked", "joined")),
    ("continue pressed", ("opened", "locked", "joined")),
    ("in the session", ("joined",)),
)
"""What an invite passes: the words of those who got at least so far."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """How the desk is doing, over the last days."""
    o = Overview(INSPECTIONS, SUBJECT)
    told = o.read((CREATED, ENDED, MADE, JOINED, STAMPED, DELIVERED))
    found = [
        _by_day(o, told, CREATED, "created", "Inspections created", "created"),
        _stuck(told),
        _by_day(o, told, ENDED, "ended", "Inspections ended", "ended"),
        _joined(told),
        _stamped(told),
        weekly_chart(told, JOINED, key="weeks", title="From invite to session, week by week", done="let in"),
    ]
    return o.answer(told, "How the inspections desk is doing", _figures(o, told), found)


def _joined(told: Statistics) -> Chart:
    title, thing = "From invite to session", "People who joined"
    return waiting_chart(told, JOINED, key="joining", title=title, done="let in", thing=thing, in_bands=MINUTES)


def _stamped(told: Statistics) -> Chart | None:
    """Nothing where no authority is asked."""
    if not told.total(STAMPED):
        return None
    title, thing = "From end to time stamp", "Time stamps"
    return waiting_chart(told, STAMPED, key="stamping", title=title, done="stamped", thing=thing, in_bands=MINUTES)


def _figures(o: Overview, told: Statistics) -> list[Figure]:
    made, joined = told.total(MADE), told.total(MADE, "joined")
    before = share(told.total(MADE, "joined", before=True), told.total(MADE, before=True))
    created, created_before = told.total(CREATED), told.total(CREATED, before=True)
    half = charts.percentile(told.waits(JOINED), 0.5)
    half_before = captions.about(charts.percentile(told.waits(JOINED, before=True), 0.5))
    ended, ended_before = told.total(ENDED), told.total(ENDED, before=True)
    locked = told.total(MADE, "locked")
    return [
        Figure(
            "inspections created",
            f"{created:,}",
            captions.was(f"{created_before:,}" if created_before else ""),
            o.url(".list", view="all"),
        ),
        Figure("ended", f"{ended:,}", captions.was(f"{ended_before:,}"), o.url(".list", view="ended")),
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
        Figure("locked by wrong codes", f"{locked:,}", captions.was(f"{told.total(MADE, 'locked', before=True):,}")),
    ]


def _by_day(o: Overview, told: Statistics, moment: str, key: str, title: str, verb: str) -> Chart:
    values = told.spread(moment)
    before = told.total(moment, before=True)
    said = f"{pluralize(sum(values), 'inspection')} {verb}, {captions.against(sum(values), before, o.span)}. "
    return daily_chart(
        o.slots,
        (Series(verb, "series-1"),),
        (values,),
        key=key,
        title=title,
        said=(said + captions.fullest(o.slots, values, "inspection")).strip(),
    )


def _stuck(told: Statistics) -> Chart:
    names = [name for name, _ in STEPS]
    values = [told.total(MADE, *words) for _, words in STEPS]
    said = f"Nobody was invited in the last {told.overview.span} days."
    if values[0]:
        said = f"Of {pluralize(values[0], 'invite')}, {values[-1]:,} reached the session." + captions.lost(
            names, values
        )
    return Chart(
        "invites",
        "Where invites get stuck",
        said,
        said,
        charts.funnel(names, values) if values[0] else None,
        ("Step", "Invites"),
        tuple(Row(name, (n,)) for name, n in zip(names, values, strict=True)),
    )
