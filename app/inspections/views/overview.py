"""The overview of the desk: inspections by day, how far invites got, how long joining and stamping took."""

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import INSPECTIONS
from app.dashboard import captions, charts, estimates
from app.dashboard.charts import Chart, Link, Row, Series
from app.dashboard.estimates import share
from app.dashboard.overview import DELIVERED, Happening, Overview, Phrase, Statistics
from app.dashboard.overview_charts import (
    MINUTES,
    counted_chart,
    deliveries_chart,
    delivery_phrases,
    fare,
    waiting_chart,
    weekly_chart,
)
from app.dashboard.overview_rows import CountedPage
from app.inspections.queries import listing
from app.inspections.views.filters import READERS, pages
from app.kernel.db.transaction import db
from app.kernel.text.template_filters import pluralize

CREATED, ENDED, MADE, JOINED = "inspection.created", "inspection.ended", "invite.made", "invite.joined"
STAMPED = "anchor.stamped"
HAPPENINGS = {
    CREATED: Happening("Inspections created", "inspection"),
    ENDED: Happening("Inspections ended", "inspection"),
    MADE: Happening(
        "Invites",
        "invite",
        {
            "made": "not opened",
            "seen": "page opened",
            "opened": "continue pressed",
            "locked": "locked by wrong codes",
            "joined": "in the session",
        },
    ),
    JOINED: Happening("People who joined", "person", waited="After the invite"),
    STAMPED: Happening("Time stamps", "time stamp", waited="After the end"),
    DELIVERED: Happening("Messages", "message"),
}
STEPS = (
    ("Invited", ("made", "seen", "opened", "locked", "joined")),
    ("Page opened", ("seen", "opened", "locked", "joined")),
    ("Continue pressed", ("opened", "locked", "joined")),
    ("In the session", ("joined",)),
)
"""Steps of an invite, each with the recorded states of those that got at least so far."""


@pages.get("/overview", endpoint="overview")
@allow(*READERS)
def overview() -> Response:
    """A sentence and charts of the last days; or the rows behind one of their numbers."""
    page = Overview(INSPECTIONS, HAPPENINGS)
    if page.rows_wanted:
        return CountedPage(page).answer()
    stats = page.read((CREATED, ENDED, MADE, JOINED, STAMPED, DELIVERED))
    fared = fare(stats)
    found = [
        _by_day(stats, CREATED, "created", "Inspections created"),
        weekly_chart(stats, JOINED, key="weeks", title="From invite to session, by week", done="let in"),
        _stuck(page, stats),
        waiting_chart(
            stats,
            JOINED,
            key="joining",
            title="From invite to session",
            done="let in",
            thing="People who joined",
            in_bands=MINUTES,
        ),
        _by_day(stats, ENDED, "ended", "Inspections ended"),
        _stamped(stats),
        deliveries_chart(stats, fared),
    ]
    sentence = [_now(page), _past(page, stats), delivery_phrases(page, fared)]
    return page.answer("Inspections overview", sentence, [chart for chart in found if chart], not stats.stats)


def _stamped(stats: Statistics) -> Chart | None:
    """None when no authority is asked."""
    if not stats.total(STAMPED):
        return None
    title, thing = "From end to time stamp", "Time stamps"
    return waiting_chart(stats, STAMPED, key="stamping", title=title, done="stamped", thing=thing, in_bands=MINUTES)


def _now(page: Overview) -> list[Phrase]:
    scope = me().scope(INSPECTIONS)
    within = None if scope.everything else scope.organization_ids
    waiting = listing.waiting(db(), frozenset({page.organization_id}) if page.organization_id else within)
    if not waiting:
        return [Phrase("Nobody", "waits at the door", url=page.url(".list"))]
    words = "person waits at the door" if waiting == 1 else "people wait at the door"
    return [Phrase(f"{waiting:,}", words, url=page.url(".list", view=listing.ARRIVED), tone="danger")]


def _past(page: Overview, stats: Statistics) -> list[Phrase]:
    def counted(event: str, words: str, lead: str = "", *of: str) -> Phrase:
        n, before = (stats.total(event, *of, before=b) for b in (False, True))
        return Phrase(f"{n:,}", words, lead, f"{before:,} before", page.rows(event, *of) if n else "")

    made, joined = stats.total(MADE), stats.total(MADE, "joined")
    half, half_before = (estimates.percentile(stats.waits(JOINED, before=b), 0.5) for b in (False, True))
    found = [counted(CREATED, "created", f"In {page.span} days"), counted(ENDED, "ended")]
    if made:
        url = page.rows(MADE, "joined") if joined else ""
        found.append(Phrase(f"{joined:,}", f"of {pluralize(made, 'invite')} got in", was=share(joined, made), url=url))
    if half is not None:
        was = f"{captions.about(half_before)} before" if half_before is not None else ""
        found.append(Phrase(captions.about(half), "", lead="half within", was=was))
    if stats.total(MADE, "locked"):
        found.append(counted(MADE, "locked by wrong codes", "", "locked"))
    return found


def _by_day(stats: Statistics, event: str, verb: str, title: str) -> Chart:
    return counted_chart(stats, event, ((Series(verb, "series-1"), ()),), key=verb, title=title, things="inspection")


def _stuck(page: Overview, stats: Statistics) -> Chart:
    names = [name for name, _ in STEPS]
    values = [stats.total(MADE, *states) for _, states in STEPS]
    text = f"Nobody was invited in the last {page.span} days."
    if values[0]:
        reached = captions.lost(names, values)
        text = f"Of {pluralize(values[0], 'invite')}, {values[-1]:,} reached the session.{reached}"
    urls = [page.rows(MADE, *states) if n else "" for (_, states), n in zip(STEPS, values, strict=True)]
    links = [
        Link(url, f"{pluralize(n, 'invite')}, {name[:1].lower()}{name[1:]}") if url else None
        for url, n, name in zip(urls, values, names, strict=True)
    ]
    return Chart(
        "invites",
        "Where invites get stuck",
        text,
        charts.steps(names, values, links) if values[0] else None,
        ("Step", "Invites"),
        tuple(Row(name, (n,), (url,)) for name, n, url in zip(names, values, urls, strict=True)),
    )
