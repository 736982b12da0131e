"""E-mails to prospects: which are sent when, in the language of the prescreen. Never the notes, never a criterion."""

from typing import Any

from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.prescreens import links
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.queries.questionnaires import Workflow


def completed(db: Db, prescreen: Any, workflow: Workflow) -> list[Message]:
    """ "We have your answers", with the link to the status page. Nothing without an address."""
    if not prescreen.email:
        return []
    link = links.status_url(db.config, workflow.organization_slug, workflow.slug, prescreen.id)
    return [_letter(db, "prescreen-completed", prescreen, workflow, secret=True, status_url=link)]


def decided(db: Db, prescreen: Any, workflow: Workflow) -> list[Message]:
    """The decision, to the address given in this session, unless the organization sends its own."""
    return of_decision(db, prescreen, workflow, prescreen.review_status)


def of_decision(db: Db, prescreen: Any, workflow: Workflow, decision: str) -> list[Message]:
    """The letters that a decision (`approved`, `denied`) sends, or would send."""
    if not prescreen.email or not workflow.decision_emails:
        return []
    return [_letter(db, f"prescreen-{decision}", prescreen, workflow)]


def link(db: Db, prescreen: Any, workflow: Workflow) -> list[Message]:
    """The link with which the prospect goes on later, on request."""
    chat = links.chat_url(db.config, workflow.organization_slug, workflow.slug, prescreen.id)
    return [_letter(db, "prescreen-link", prescreen, workflow, secret=True, chat_url=chat)]


def _letter(db: Db, template: str, prescreen: Any, workflow: Workflow, **context: Any) -> Message:
    t = TRANSLATIONS.translator(prescreen.locale)
    return email_message(
        db,
        template,
        to=prescreen.email,
        name=prescreen.name,
        locale=t.lang,
        t=t,
        organization=workflow.organization_name,
        workflow=workflow.name,
        **context,
    )
