"""What a prospect finds once the answers are sent: the chat's own page, with a way to withdraw, and the status page."""

from datetime import datetime
from urllib.parse import quote

from flask import Response
from markupsafe import Markup

from app.accounts.access import public
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import Conflict, Gone
from app.kernel.text.i18n import Translator
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links, presentation
from app.prescreens.forms import ButtonForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, ReviewStatus
from app.prescreens.public._pages import answered, by_token, limit_requests, page, prospect, public_pages, url
from app.prescreens.queries import waiting_times
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import review
from app.prescreens.rules.questions import applicable


def sent_page(prescreen: Prescreen, questionnaire: QuestionnaireDetail, token: str) -> Response:
    """The chat's page after sending. Its link showed the answers before, and goes on to."""
    import segno

    t = TRANSLATIONS.translator(questionnaire.locale)
    organization, slug, config = questionnaire.organization_slug, questionnaire.slug, db().config
    address = links.status_url(config, organization, slug, prescreen.id)
    pending = prescreen.review_status == ReviewStatus.PENDING
    waits = pending and not review.has_expired(prescreen, clock.now())
    return page(
        "prescreens/sent.html",
        questionnaire,
        token=token,
        form=ButtonForm(formdata=None),
        when=presentation.moment(prescreen.completed_at or prescreen.created_at, questionnaire.time_zone, t),
        withdrawn=presentation.moment(prescreen.withdrawn_at, questionnaire.time_zone, t)
        if prescreen.withdrawn_at
        else "",
        may_withdraw=waits,
        usually=_usually(questionnaire, t) if waits else "",
        next_url=url(".status", questionnaire, links.token(config, links.STATUS, prescreen.id)),
        status_link=address,
        message_url=f"sms:?&body={quote(address, safe='')}",
        qr=Markup(segno.make(address, error="l").svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)),
        given=[
            answered(question, prescreen.submission, t)
            for question in applicable(questionnaire.questions, prescreen.submission)
        ],
    )


@public_pages.post("/chat/<token>/withdraw")
@public
def withdraw(organization: str, questionnaire: str, token: str) -> Response:
    """Withdraws answers that wait for their decision, and shows the same page, which says how it stands."""
    ButtonForm().check()
    limit_requests("answer")
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT)
    try:
        actions.withdraw(db(), prescreen.id, by=prospect(found), now=clock.now())
    except (Conflict, Gone):  # decided, expired or not yet sent: the page says it
        return see_other(url(".chat", found, token))
    return see_other(url(".chat", found, token))


@public_pages.get("/status/<token>")
@public
def status(organization: str, questionnaire: str, token: str) -> Response:
    """Pending, approved or denied, as the end of what happened, and nothing else."""
    prescreen, found = by_token(organization, questionnaire, token, links.STATUS)
    t = TRANSLATIONS.translator(found.locale)
    decided = prescreen.review_status != ReviewStatus.PENDING
    expired = not decided and review.has_expired(prescreen, clock.now())
    waits = prescreen.completed_at and not decided and not expired

    def moment(at: datetime | None) -> str:
        return presentation.moment(at, found.time_zone, t) if at else ""

    return page(
        "prescreens/status.html",
        found,
        review_status=prescreen.review_status if decided else "pending",
        expired=expired and prescreen.completed_at,
        sent=moment(prescreen.completed_at),
        withdrawn=moment(prescreen.withdrawn_at),
        decided=moment(prescreen.reviewed_at),
        usually=_usually(found, t) if waits else "",
    )


def _usually(questionnaire: QuestionnaireDetail, t: Translator) -> str:
    """How long the organization's latest decisions took, where there are enough of them to say so."""
    days = waiting_times.usual_days(db(), questionnaire.organization_id, clock.now())
    return t("usually", n=days, organization=questionnaire.organization_name) if days else ""
