"""Calibration: the same decided cases for every agent, without names; and how far the agents agree."""

from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import MEASURES, PRESCREENS, QUESTIONNAIRES
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond, see_other
from app.prescreens import actions
from app.prescreens.events import EVENTS
from app.prescreens.events import MEASURES as MEASURES_SUBJECT
from app.prescreens.forms import ButtonForm
from app.prescreens.measures import Measure
from app.prescreens.presentation.calibration import agent_row, agent_rows, agents_of, case_row, finding
from app.prescreens.presentation.fairness import agent_names
from app.prescreens.queries import calibration as queries
from app.prescreens.queries import fairness
from app.prescreens.queries.calibration import Case, Round
from app.prescreens.queries.fairness import MeasuredOrganization
from app.prescreens.rules.calibration import Rated
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
    found = queries.rounds(db(), home.id)
    cases = queries.cases(db(), found)
    agent = me().may(PRESCREENS, True, home.id)
    # An agent sees nothing of a round that they may still answer; what others answer would lead them.
    waiting = next(
        (each for each in found if agent and _unanswered(each, cases) and is_on and each.closes_at > now), None
    )
    over = [each for each in found if each != waiting and (each.closes_at <= now or not _unanswered(each, cases))]
    rated = queries.counted(case for case in cases if any(each.id == case.round_id for each in over))
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
        finding=finding(rated) if over else "",
        agents=_agents(home, rated, admin),
        fixes={id: fixes(id) for id in {case.questionnaire_id for case in cases}}
        if me().may(QUESTIONNAIRES, True, home.id)
        else {},
        activity=EVENTS.timeline(events.timeline(reading(), MEASURES_SUBJECT, home.id, 20)) if admin else (),
        zone=me().time_zone,
        now=now,
    )


def _unanswered(each: Round, cases: list[Case]) -> bool:
    return not any(me().id in case.rated.choices for case in cases if case.round_id == each.id)


def _agents(home: MeasuredOrganization, rated: list[Rated], admin: bool) -> list[object]:
    """Administrators see everybody by name, auditors with letters, agents only themselves."""
    ids = agents_of(rated)
    if me().may(MEASURES, False, home.id):
        names = agent_names(queries.names(db(), ids), home.id, admin)
        return list(agent_rows(rated, {int(str(id)): name for id, name in names.items()}))
    return [agent_row("You", rated, me().id)] if me().id in ids else []


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
    words = "on: the first round comes within a minute" if on else "off"
    flash(f"Calibration is {words}." if changed else f"It was {'on' if on else 'off'} already.")
    return see_other(url_for(".calibration", organization=id))


@pages.post("/calibration/<uuid:id>/answers")
@allow(*READERS)
def answer_calibration(id: UUID) -> Response:
    """Keeps what the user would decide, once, and shows how it was decided."""
    found = queries.one(reading(), id)
    if found is None or not me().may(PRESCREENS, False, found.organization_id):
        raise NotFound("There is no such round, or it belongs to an organization that is not yours.")
    me().check(PRESCREENS, found.organization_id)
    ButtonForm().check()
    given = {place: request.form.get(f"choice-{place}", "") for place in queries.places(reading(), id)}
    actions.answer_round(db(), id, given, person_id=me().id, reach=writable(), by=me().actor(), now=clock.now())
    flash("Kept. This is how they were decided.", "good")
    return see_other(url_for(".calibration", organization=found.organization_id, _anchor=f"round-{found.number}"))
