"""The templates of questionnaires, with their public addresses."""

from typing import Any
from uuid import UUID

from flask import Response, request

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.kernel.db.transaction import db
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond
from app.prescreens import presentation
from app.prescreens.queries import counts, questionnaires
from app.prescreens.views.filters import STAFF, pages


@pages.get("/templates", endpoint="templates")
@allow(*STAFF)
def template_list() -> Response:
    """The questionnaires of an organization, with their public addresses."""
    rows = questionnaires.listing(db(), counts.reach_of(me().scope(PRESCREENS)))
    return respond(
        "prescreens/templates.html",
        rows=[{**row._mapping, "asked": len(row.questions), "link": _public_link(row)} for row in rows],
        several=len({row.organization_id for row in rows}) > 1,
        zone=me().time_zone,
    )


@pages.get("/templates/<uuid:id>")
@allow(*STAFF)
def template(id: UUID) -> Response:
    """One questionnaire in one of its versions."""
    number = request.args.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 6 else None
    found = questionnaires.one(db(), counts.reach_of(me().scope(PRESCREENS)), id, wanted)
    if found is None:
        raise NotFound("There is no such template, or it belongs to an organization that is not yours.")
    versions = questionnaires.versions(db(), id)
    return respond(
        "prescreens/template.html",
        workflow=found,
        versions=versions,
        current=versions[0].number,
        types=presentation.TYPES,
        labels={question.key: question.label for question in found.questions},
        link=f"{db().config.public_base_url}/p/{found.organization_slug}/{found.slug}",
        zone=me().time_zone,
    )


def _public_link(row: Any) -> str:
    return f"{db().config.public_base_url}/p/{row.organization_slug}/{row.slug}"
