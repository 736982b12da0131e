"""The page behind a fresh link: start with the answers of a prescreen that has expired."""

from flask import Response

from app.accounts.access import public
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import Gone
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links
from app.prescreens.forms import ButtonForm
from app.prescreens.models import Prescreen
from app.prescreens.public._pages import by_token, limit_requests, page, prospect, public_pages, questionnaire_at, url
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules.reminders import renewable_until


@public_pages.get("/again/<token>")
@public
def again(organization: str, questionnaire: str, token: str) -> Response:
    """What pressing does; once it was pressed, the chat that it started."""
    former, found = by_token(organization, questionnaire, token, links.AGAIN)
    if former.renewed_as:
        return see_other(url(".chat", found, links.token(db().config, links.CHAT, former.renewed_as)))
    current = questionnaire_at(organization, questionnaire)
    if _is_over(former) or not current.is_open:
        return _over(current)
    return page("prescreens/again.html", current.in_language(former.locale), form=ButtonForm(), token=token)


@public_pages.post("/again/<token>/start")
@public
def start_with_answers(organization: str, questionnaire: str, token: str) -> Response:
    """Starts with the old answers and goes to the first question that is due, or to the review."""
    ButtonForm().check()
    limit_requests("answer")
    former, found = by_token(organization, questionnaire, token, links.AGAIN)
    current = questionnaire_at(organization, questionnaire)
    try:
        id = actions.start_again(db(), former.id, current, by=prospect(current), now=clock.now())
    except Gone:
        return _over(current)
    return see_other(url(".chat", found, links.token(db().config, links.CHAT, id)))


def _is_over(former: Prescreen) -> bool:
    return not former.renewed_at or bool(former.withdrawn_at) or clock.now() >= renewable_until(former.renewed_at)


def _over(questionnaire: QuestionnaireDetail) -> Response:
    next_url = url(".welcome", questionnaire) if questionnaire.is_open else ""
    return page("prescreens/over.html", questionnaire, next_url=next_url, status=410)
