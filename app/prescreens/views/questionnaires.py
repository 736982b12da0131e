"""The organization's questionnaires, with their public addresses."""

from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import redirects
from app.kernel.db.transaction import db
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond
from app.prescreens import presentation
from app.prescreens.queries import counts
from app.prescreens.queries import questionnaires as queries
from app.prescreens.rules.question_types import TYPES
from app.prescreens.views.filters import READERS, pages


@pages.get("/questionnaires")
@allow(*READERS)
def questionnaires() -> Response:
    """The questionnaires that the user may see, by organization and name."""
    rows = queries.listing(db(), counts.reach_of(me().scope(PRESCREENS)))
    return respond(
        "prescreens/questionnaires.html",
        rows=[(row, _public_url(row.organization_slug, row.slug)) for row in rows],
        several=len({row.organization_id for row in rows}) > 1,
        zone=me().time_zone,
    )


@pages.get("/questionnaires/<uuid:id>")
@allow(*READERS)
def questionnaire(id: UUID) -> Response:
    """One questionnaire in one of its versions."""
    number = request.args.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 6 else None
    found = queries.one(db(), counts.reach_of(me().scope(PRESCREENS)), id, wanted)
    if found is None:
        raise NotFound("There is no such questionnaire, or it belongs to an organization that is not yours.")
    versions = queries.versions(db(), id)
    return respond(
        "prescreens/questionnaire.html",
        questionnaire=found,
        versions=versions,
        current=versions[0].number,
        types=TYPES,
        conditions={
            question.key: presentation.condition_text(question.condition, found.questions)
            for question in found.questions
            if question.condition
        },
        link=_public_url(found.organization_slug, found.slug),
        zone=me().time_zone,
    )


@pages.get("/templates")
@allow(*READERS)
def templates() -> Response:
    """The former address of the questionnaires, for bookmarks."""
    return redirects.moved(url_for(".questionnaires"))


@pages.get("/templates/<uuid:id>")
@allow(*READERS)
def template(id: UUID) -> Response:
    """The former address of a questionnaire, for bookmarks."""
    return redirects.moved(url_for(".questionnaire", id=id, version=request.args.get("version")))


def _public_url(organization: str, questionnaire: str) -> str:
    return f"{db().config.public_base_url}/p/{organization}/{questionnaire}"
