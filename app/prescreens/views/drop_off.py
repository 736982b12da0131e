"""Where prospects leave a questionnaire, question by question."""

from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS, QUESTIONNAIRES
from app.dashboard import charts
from app.dashboard.charts import Chart, Row
from app.dashboard.overview_charts import SHARE
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond
from app.prescreens.presentation.drop_off import finding, name_of, refusals, share_left
from app.prescreens.queries import counts, drafts
from app.prescreens.queries import drop_off as queries
from app.prescreens.queries import questionnaires as known
from app.prescreens.rules.drop_off import Asked
from app.prescreens.views.filters import READERS, pages

DRAWN = 8
"""How many questions are drawn, those where most leave; the table has all."""


@pages.get("/questionnaires/<uuid:id>/drop-off")
@allow(*READERS)
def drop_off(id: UUID) -> Response:
    """What became of each question of one version: shown, answered, refused and why, left."""
    number = request.args.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 6 else None
    reach = counts.reach_of(me().scope(PRESCREENS))
    found = known.one(db(), reach, id, wanted)
    if found is None:
        raise NotFound("There is no such questionnaire, or it belongs to an organization that is not yours.")
    seen = queries.drop_off(db(), found)
    return respond(
        "prescreens/drop-off.html",
        questionnaire=found,
        versions=known.versions(db(), id),
        seen=seen,
        finding=finding(seen),
        chart=_chart(seen.asked),
        rows=[(each, name_of(each), refusals(each), share_left(each)) for each in seen.asked],
        fixes=fixes(id) if me().may(QUESTIONNAIRES, True, found.organization_id) else {},
    )


def _chart(asked: tuple[Asked, ...]) -> Chart | None:
    """The share of those who were shown a question and left there, with its interval."""
    left = sorted((each for each in asked if each.left), key=lambda each: -each.left)[:DRAWN]
    if not left:
        return None
    names = [name_of(each) for each in left]
    parts, totals = [each.left for each in left], [each.shown for each in left]
    return Chart(
        "left",
        "Where they leave",
        "Of those who were shown the question, how many neither answered nor skipped it.",
        charts.shares(names, parts, totals),
        ("Question", "Left", "Shown"),
        tuple(Row(name, (part, total)) for name, part, total in zip(names, parts, totals, strict=True)),
        SHARE,
    )


def fixes(id: UUID) -> dict[str, str]:
    """Where each question can be changed in the draft, by its key; those that the draft has no more are not in it."""
    row = drafts.get(reading(), counts.reach_of(me().scope(QUESTIONNAIRES, write=True)), id)
    if row is None:
        return {}
    questions = drafts.drafted(reading(), row).questions
    return {
        question.key: url_for(".edit_questionnaire", id=id, question=place, _anchor=f"q{place}")
        for place, question in enumerate(questions, 1)
    }
