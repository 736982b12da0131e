"""E-mails to prospects by event, in the language of the prescreen. None contains notes or criteria."""

from datetime import datetime, timedelta
from typing import Any

from app.accounts import hosts
from app.kernel.db.engine import Db
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.prescreens import links
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail

A_DAY = 6
"""E-mails that visitors set off to one mailbox within a day, over all prescreens and organizations: the address that a
visitor typed may be a stranger's. Nothing tells the visitor that the next one was not sent."""


def completed(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """The receipt, with the link to the status page. Empty without an e-mail address."""
    if not prescreen.email or not _may_send(db, prescreen.email, now):
        return []
    url = links.status_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_unproven(db, "prescreen-completed", prescreen, questionnaire, status_url=url)]


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


def link(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """The link to continue later."""
    if not prescreen.email or not _may_send(db, prescreen.email, now):
        return []
    url = links.chat_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_unproven(db, "prescreen-link", prescreen, questionnaire, chat_url=url)]


def _may_send(db: Db, address: str, now: datetime) -> bool:
    name = recipient_limits.bucket("visitor", recipient_limits.mailbox(address))
    return recipient_limits.count(db, [(name, A_DAY, timedelta(days=1))], now) is None


def _unproven(db: Db, template: str, prescreen: Prescreen, questionnaire: QuestionnaireDetail, **urls: str) -> Message:
    """An e-mail that a visitor sets off, before the address is proven theirs: nothing that they typed is in it."""
    return _email(db, template, prescreen, questionnaire, name="", secret=True, **urls)


def _email(
    db: Db,
    template: str,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    *,
    name: str | None = None,
    secret: bool = False,
    **urls: Any,  # variables of the template
) -> Message:
    t = TRANSLATIONS.translator(prescreen.locale)
    return email_message(
        db,
        template,
        to=prescreen.email or "",
        name=prescreen.name if name is None else name,
        locale=t.lang,
        host=hosts.by_id(db, prescreen.organization_id),
        t=t,
        secret=secret,
        organization=questionnaire.organization_name,
        workflow=questionnaire.name,
        **urls,
    )
