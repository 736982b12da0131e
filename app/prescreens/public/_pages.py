"""What the pages for prospects share: their blueprint, who a link belongs to, limits, and how a page is drawn."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from app.accounts import hosts
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import NotFound
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator, language_of
from app.kernel.web.htmx import see_other
from app.kernel.web.visitors import VisitorPages, page_context
from app.prescreens import links, presentation
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, Submission
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules.questions import Question

public_pages = Blueprint("prescreens_public", __name__, url_prefix="/p/<organization>/<questionnaire>")


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    return hosts.by_slug(db, segments[0]) if segments else None


VISITOR_PAGES = VisitorPages("p", _host)

REQUESTS_A_MINUTE = 240
"""Of one network (an IPv4 address, a /64 of IPv6), which a household or an office may share."""


def questionnaire_at(organization: str, questionnaire: str) -> QuestionnaireDetail:
    """The questionnaire of an address. Raises NotFound."""
    found = questionnaires.by_address(db(), organization, questionnaire)
    if found is None:
        raise NotFound(
            "There is no questionnaire at this address. Check the link, or ask the person who gave it to you."
        )
    return found


def by_token(
    organization: str, questionnaire: str, token: str, purpose: str, source: Db | None = None
) -> tuple[Prescreen, QuestionnaireDetail]:
    """The prescreen of a link, and its version of the questionnaire. Raises NotFound.

    `source` is where it is read, for a page that must not keep a transaction open.
    """
    source = source or db()
    id: UUID = links.read(source.config, purpose, token)
    prescreen = detail.get(source, id)
    if prescreen is None:
        raise Forgotten("This link leads nowhere any more. Start again from the first page.")
    found = questionnaires.of_prescreen(source, prescreen)
    if (found.organization_slug, found.slug) != (organization, questionnaire):
        raise NotFound("This link leads nowhere any more. Ask the person who gave it to you.")
    return prescreen, found


class Forgotten(NotFound):
    """The link is right, but its draft was never answered and is forgotten by now: nothing is lost."""


@public_pages.errorhandler(Forgotten)
def _start_again(_refusal: Forgotten) -> Response:
    arguments = request.view_args or {}
    names = ("organization", "questionnaire")
    return see_other(url_for(".welcome", **{name: arguments[name] for name in names}))


def prospect(questionnaire: QuestionnaireDetail) -> Actor:
    """Who acts on these pages."""
    name, address = "The prospect", request.remote_addr
    return Actor("prospect", None, name, questionnaire.organization_id, "page", g.get("request_id"), address)


def limit_requests(what: str, limit: int = REQUESTS_A_MINUTE, seconds: int = 60) -> None:
    """Refuses more than so many requests of the visitor's network."""
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(by_network(f"prescreens.{what}", request.remote_addr), limit, seconds))


def url(endpoint: str, questionnaire: QuestionnaireDetail, token: str | None = None, **arguments: Any) -> str:
    """The address of a page. `Any`: whatever `url_for` takes."""
    if token:
        arguments["token"] = token
    organization, slug = questionnaire.organization_slug, questionnaire.slug
    return url_for(endpoint, organization=organization, questionnaire=slug, **arguments)


def page(template: str, questionnaire: QuestionnaireDetail, *, status: int = 200, **context: object) -> Response:
    """A page in the language of the questionnaire."""
    t = TRANSLATIONS.translator(questionnaire.locale)
    text = render_template(
        template,
        questionnaire=questionnaire,
        **page_context(hosts.by_id(db(), questionnaire.organization_id), t),
        languages=[
            (language, presentation.language_name(language), language == language_of(questionnaire.locale))
            for language in questionnaire.languages
        ],
        their_lang=None if questionnaire.locale.split("-")[0] == t.lang else questionnaire.locale,
        **context,
    )
    return Response(text, status, headers={"Cache-Control": "no-store"})


def answered(question: Question, given: Submission, t: Translator) -> dict[str, str | bool]:
    """One question with its answer, as a list of answers shows it."""
    return {
        "required": question.required,
        "key": question.key,
        "question": question.label,
        "answer": presentation.answer_text(question, given.get(question.key), t),
    }
