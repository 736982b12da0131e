"""E-mails to prospects by event, in the language of the prescreen. None contains notes or criteria."""

from typing import Any

from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.prescreens import links
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail


def completed(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[Message]:
    """The receipt, with the link to the status page. Empty without an e-mail address."""
    if not prescreen.email:
        return []
    url = links.status_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_email(db, "prescreen-completed", prescreen, questionnaire, secret=True, status_url=url)]


def decided(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[Message]:
    """The e-mails of the decision that was written."""
    return of_decision(db, prescreen, questionnaire, prescreen.review_status)


def of_decision(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, decision: str) -> list[Message]:
    """The e-mails that a decision (`approved`, `denied`) sends, or would send.

    They go to the address given in this session. Empty without one, and when the organization sends its own e-mails.
    """
    if not prescreen.email or not questionnaire.decision_emails:
        return []
    return [_email(db, f"prescreen-{decision}", prescreen, questionnaire)]


def link(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[Message]:
    """The link to continue later."""
    url = links.chat_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_email(db, "prescreen-link", prescreen, questionnaire, secret=True, chat_url=url)]


def _email(
    db: Db,
    template: str,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    *,
    secret: bool = False,
    **urls: Any,  # variables of the template
) -> Message:
    t = TRANSLATIONS.translator(prescreen.locale)
    return email_message(
        db,
        template,
        to=prescreen.email or "",
        name=prescreen.name,
        locale=t.lang,
        t=t,
        secret=secret,
        organization=questionnaire.organization_name,
        workflow=questionnaire.name,
        **urls,
    )
