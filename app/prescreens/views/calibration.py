"""Calibration: the same decided cases for every agent, without names; and how far the agents agree."""

from datetime import datetime
from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import MEASURES, PRESCREENS, QUESTIONNAIRES
from app.dashboard import csv_export
from app.dashboard.charts import Chart
from app.dashboard.overview import chart_file
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading, side_transaction
from app.kernel.errors import Conflict, NotFound
from app.kernel.web.forms import call_fields
from app.kernel.web.htmx import personal, respond, see_other
from app.prescreens import actions
from app.prescreens.events import EVENTS
from app.prescreens.events import MEASURES as MEASURES_SUBJECT
from app.prescreens.forms import ButtonForm
from app.prescreens.measures import Measure
from app.prescreens.presentation.calibration import (
    agent_charts,
    agent_rows,
    agents_of,
    case_row,
    finding,
    round_chart,
    round_file,
)
from app.prescreens.presentation.fairness import agent_names
from app.prescreens.queries import calibration as queries
from app.prescreens.queries import fairness
from app.prescreens.queries.calibration import Case, Round
from app.prescreens.queries.fairness import MeasuredOrganization
from app.prescreens.rules.calibration import CASES, Rated
from app.prescreens.views.drop_off import fixes
from app.prescreens.views.fairness import homes
from app.prescreens.views.filters import READERS, pages, writable

LISTED = 6
"""So many rounds are shown with their cases; the figures count those of half a year."""


@pages.get("/calibration")
@allow(*READERS)
def calibration() -> Response:
    """The round that runs, to be answered; then the rounds that are open to the user, and how far agents agree."""
    known, home = homes(PRESCREENS, request.args.get("organization", ""))
    if home is None:
        return respond("prescreens/calibration.html", home=None, known=known, is_on=False, denied=None, activity=())
    is_on, now = fairness.is_on(db(), home.id, Measure.CALIBRATION), clock.now()
    found, cases, over = _open_rounds(home.id, now)
    agent = me().may(PRESCREENS, True, home.id)
    # An agent sees nothing of a round that they may still answer; what others answer would lead them.
    waiting = next((each for each in found if agent and each not in over and is_on and each.closes_at > now), None)
    drawn = _drawn(home, over, cases)
    if "csv" in request.args:
        return chart_file(PRESCREENS, drawn, request.args["csv"], now, me().time_zone)
    admin = me().may(MEASURES, True, home.id)
    return respond(
        "prescreens/calibration.html",
        home=home,
        known=known,
        is_on=is_on,
        denied=me().why_not(MEASURES, home.id),
        waiting=waiting,
        waiting_cases=[case_row(each, me().id, False) for each in cases if waiting and each.round_id == waiting.id],
        running=next((each for each in found if each.closes_at > now), None),
        rounds=[
            (each, [(case_row(case, me().id, True), case) for case in cases if case.round_id == each.id])
            for each in over[:LISTED]
        ],
        finding=finding(_rated(over, cases)) if over else "",
        drawn=drawn,
        fixes={id: fixes(id) for id in {case.questionnaire_id for case in cases}}
        if me().may(QUESTIONNAIRES, True, home.id)
        else {},
        activity=EVENTS.timeline(events.timeline(reading(), MEASURES_SUBJECT, home.id, 20)) if admin else (),
        zone=me().time_zone,
        now=now,
    )


def _open_rounds(organization_id: int, now: datetime) -> tuple[list[Round], list[Case], list[Round]]:
    """The rounds of an organization, their cases, and which of them are open to the user: over, or answered by them."""
    found = queries.rounds(db(), organization_id)
    cases = queries.cases(db(), found)
    answered = {case.round_id for case in cases if me().id in case.rated.choices}
    return found, cases, [each for each in found if each.closes_at <= now or each.id in answered]


def _rated(rounds: list[Round], cases: list[Case]) -> list[Rated]:
    ids = {each.id for each in rounds}
    return queries.counted(case for case in cases if case.round_id in ids)


def _names(organization_id: int, rated: list[Rated]) -> dict[int, str]:
    """Those whose answers the user may see: administrators see everybody by name, auditors with letters, which are
    the same in all rounds that are open to them, agents only themselves."""
    ids = agents_of(rated)
    if me().may(MEASURES, False, organization_id):
        names = agent_names(queries.names(db(), ids), organization_id, me().may(MEASURES, True, organization_id))
        return {int(str(id)): name for id, name in names.items()}
    return {me().id: "You"} if me().id in ids else {}


def _drawn(home: MeasuredOrganization, over: list[Round], cases: list[Case]) -> list[Chart]:
    """The agents beside each other, and the rounds that are open to the user."""
    rated = _rated(over, cases)
    rounds = [
        (each.number, _rated([each], cases), f"#round-{each.number}" if place < LISTED else "")
        for place, each in enumerate(over)
    ]
    by_round = round_chart(rounds)
    return [*agent_charts(agent_rows(rated, _names(home.id, rated))), *([by_round] if by_round else [])]


@pages.get("/calibration/<uuid:id>/csv")
@allow(*READERS)
def calibration_csv(id: UUID) -> Response:
    """A round that is open to the user as a file: each case, how it was decided, and what agents chose."""
    found, now = queries.one(reading(), id), clock.now()
    if found is None or not me().may(PRESCREENS, False, found.organization_id):
        raise NotFound("There is no such round, or it belongs to an organization that is not yours.")
    known, cases, over = _open_rounds(found.organization_id, now)
    if found not in known:
        raise NotFound("This round is older than half a year, and counts no more.")
    if found not in over:
        raise Conflict("This round still runs: its file is there once it has ended.", code="calibration.running")
    names = _names(found.organization_id, _rated(over, cases))
    rows = [(case_row(case, me().id, True), case) for case in cases if case.round_id == id]
    head, content = round_file(rows, names)
    with side_transaction() as own:
        csv_export.record_export(
            own,
            PRESCREENS,
            address=request.path,
            rows=len(content),
            organization_id=found.organization_id,
            by=me().actor(),
            now=now,
        )
    name = csv_export.file_name(PRESCREENS, f"calibration round {found.number}", now, me().time_zone)
    answer = Response(csv_export.lines(head, content), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)


@pages.post("/calibration/<int:id>")
@allow(*READERS)
def switch_calibration(id: int) -> Response:
    """Switches the rounds on or off for an organization."""
    _, home = homes(PRESCREENS, str(id))
    assert home is not None
    me().check(MEASURES, id)
    ButtonForm().check()
    on = request.form.get("on") == "on"
    changed = actions.switch_measure(db(), id, Measure.CALIBRATION, on, by=me().actor(), now=clock.now())
    words = f"on: {_what_comes(id)}" if on else "off"
    flash(f"Calibration is {words}." if changed else f"It was {'on' if on else 'off'} already.")
    return see_other(url_for(".calibration", organization=id))


def _what_comes(organization_id: int) -> str:
    """When there is a round to answer, now that there are rounds."""
    if any(each.closes_at > clock.now() for each in queries.rounds(db(), organization_id)):
        return "the round that runs goes on"
    if len(queries.candidates(db(), organization_id)) < CASES:
        return "a round comes as soon as five decided cases are there that were in no round yet"
    return "a round comes within a minute"


@pages.post("/calibration/<uuid:id>/answers")
@allow(*READERS)
def answer_calibration(id: UUID) -> Response:
    """Keeps what the user would decide, once, and shows how it was decided."""
    found = queries.one(reading(), id)
    if found is None or not me().may(PRESCREENS, False, found.organization_id):
        raise NotFound("There is no such round, or it belongs to an organization that is not yours.")
    me().check(PRESCREENS, found.organization_id)
    ButtonForm().check()
    places = queries.places(reading(), id)
    call_fields({f"choice-{place}": f"Case {place}" for place in places})
    given = {place: request.form.get(f"choice-{place}", "") for place in places}
    actions.answer_round(db(), id, given, person_id=me().id, reach=writable(), by=me().actor(), now=clock.now())
    flash("Kept. This is how they were decided.", "good")
    return see_other(url_for(".calibration", organization=found.organization_id, _anchor=f"round-{found.number}"))
