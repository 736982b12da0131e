"""How alike an organization's decisions are: off until an administrator switches it on."""

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import MEASURES, PRESCREENS, Role
from app.dashboard import charts
from app.dashboard.charts import Chart, Link, Row
from app.dashboard.overview import chart_file
from app.dashboard.overview_charts import SHARE
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import respond, see_other
from app.prescreens.actions import switch_measure
from app.prescreens.events import EVENTS
from app.prescreens.events import MEASURES as MEASURES_SUBJECT
from app.prescreens.forms import ButtonForm
from app.prescreens.measures import Measure
from app.prescreens.presentation.fairness import Line, Table, opening, tables
from app.prescreens.queries import alike, questionnaires
from app.prescreens.queries import fairness as queries
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.fairness import Measured, MeasuredOrganization
from app.prescreens.views.filters import pages
from app.prescreens.views.measured import OF_TABLE

VIEWERS = (Role.ADMIN, Role.AUDITOR)


@pages.get("/fairness")
@allow(*VIEWERS)
def fairness() -> Response:
    """The decisions of one organization by criteria, agent, hour, wait, language and version; or one table as CSV."""
    known, home = homes(MEASURES, request.args.get("organization", ""))
    sentences: list[str] = []
    drawn: list[Chart] = []
    is_on = home is not None and queries.is_on(db(), home.id, Measure.FAIRNESS)
    if home and is_on:
        measured = queries.measured(db(), home.id, home.time_zone)
        shown = tables(measured, home.id, named=me().may(MEASURES, True, home.id))
        sentences = opening(measured, shown, home.time_zone)
        drawn = [_chart(table, home, measured) for table in shown]
    if "csv" in request.args:
        return chart_file(PRESCREENS, drawn, request.args["csv"], clock.now(), me().time_zone)
    activity = events.timeline(reading(), MEASURES_SUBJECT, home.id, 50) if home else ()
    return respond(
        "prescreens/fairness.html",
        home=home,
        known=known,
        is_on=is_on,
        opening=sentences,
        compared=alike.compared(reading()) if is_on else None,
        drawn=drawn,
        denied=me().why_not(MEASURES, home.id) if home else None,
        activity=EVENTS.timeline(activity),
        zone=me().time_zone,
    )


def homes(desk: str, wanted: str) -> tuple[list[MeasuredOrganization], MeasuredOrganization | None]:
    """The organizations with questionnaires that the user may look at, and the one in the address, else the first."""
    ids = [id for id, _ in questionnaires.organizations(reading(), reach_of(me().scope(desk)))]
    known = queries.organizations(reading(), ids)
    home = next((each for each in known if str(each.id) == wanted or not wanted), None)
    if wanted and home is None:
        raise NotFound("There is no such organization, or it is not yours.")
    return known, home


def _chart(table: Table, home: MeasuredOrganization, measured: Measured) -> Chart:
    """A table as a picture of its shares with their ranges, and the list of what was decided in that time."""
    names = [line.name for line in table.lines]
    parts, totals = [line.share.part for line in table.lines], [line.share.n for line in table.lines]
    urls = [_rows(table, line, home) for line in table.lines]
    links = [
        Link(decided, f"{pluralize(line.share.n, 'decision')}, {line.name}") if decided else None
        for line, (_, decided) in zip(table.lines, urls, strict=True)
    ]
    return Chart(
        table.key,
        table.title,
        table.finding,
        charts.shares(names, parts, totals, links) if names else None,
        table.head,
        tuple(Row(line.name, table.values(line), each) for line, each in zip(table.lines, urls, strict=True)),
        SHARE,
        further=_decided(home, measured) if table.key == "criteria" else (),
    )


def _rows(table: Table, line: Line, home: MeasuredOrganization) -> tuple[str, str]:
    """The lists of those approved and of all that a line counts; empty for a rest, and for an agent without a name:
    the rows say who decided them."""
    group = OF_TABLE[table.key]
    if line.share.key is None or (table.key == "agents" and not me().may(MEASURES, True, home.id)):
        return "", ""
    narrowed: Arguments = {"organization": home.id, group.name: group.serialize(line.share.key)}
    approved = url_for(".list", state="approved", **narrowed) if line.share.part else ""
    return approved, url_for(".list", state="decided", **narrowed)


def _decided(home: MeasuredOrganization, measured: Measured) -> tuple[Link, ...]:
    """The list that has them, with those made by API."""
    if not measured.first or not measured.last:
        return ()
    first, last = (datetimes.local(at, me().time_zone).date() for at in (measured.first, measured.last))
    days: Arguments = {"from": first.isoformat(), "to": last.isoformat()}
    url = url_for(".list", state="decided", organization=home.id, **days)
    return (Link(url, "All decisions of these days"),)


@pages.post("/fairness/<int:id>")
@allow(*VIEWERS)
def switch_fairness(id: int) -> Response:
    """Switches the page on or off for an organization."""
    _, home = homes(MEASURES, str(id))
    assert home is not None
    me().check(MEASURES, id)
    ButtonForm().check()
    on = request.form.get("on") == "on"
    changed = switch_measure(db(), id, Measure.FAIRNESS, on, by=me().actor(), now=clock.now())
    word = "on" if on else "off"
    flash(f"The fairness page of {home.name} is {word}." if changed else f"It was {word} already.")
    return see_other(url_for(".fairness", organization=id))
