"""E-mails by event: to prospects in the language of the prescreen, and to the team. None contains notes or criteria,
and none to the team what a prospect typed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from babel.dates import format_date

from app.accounts import hosts
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.db.engine import Db
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text import datetimes
from app.prescreens import links
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.recipients import Recipient

KINDS = ("again", "asked", "completed", "expired", "link", "reminder")
"""Those that the address is not proven for; the others are of decisions."""

A_DAY = 6
"""E-mails that visitors set off to one mailbox within a day, over all prescreens and organizations: the address that a
visitor typed may be a stranger's. Nothing tells the visitor that the next one was not sent."""


def completed(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """The receipt, with the link to the status page. Empty without an e-mail address."""
    if not prescreen.email or not _may_send(db, prescreen.email, now):
        return []
    closing = paragraphs(questionnaire.closing.sent)
    return [_unproven(db, "prescreen-completed", prescreen, questionnaire, closing=closing)]


def of_decision(
    db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, decision: str, seen: str = ""
) -> list[Message]:
    """The e-mails that a decision (`approved`, `denied`) sends, or would send. `seen` is the fingerprint of those that
    its agent was shown, for a decision that was pending.

    They go to the address given in this session. Empty without one, and when the organization sends its own e-mails.
    """
    if not prescreen.email or not questionnaire.decision_emails:
        return []
    template, questionnaire = f"prescreen-{decision}", questionnaire.in_language(prescreen.locale)
    if seen and questionnaire.texts is None:
        former = of_decision_formerly(db, prescreen, questionnaire, decision)
        if fingerprint([former]) == seen:
            return [former]
    closing = paragraphs(getattr(questionnaire.closing, decision))
    # No secret: its link shows what the e-mail says. So it is kept, and a case file has it as it was sent.
    return [_email(db, template, prescreen, questionnaire, closing=closing, proof="status link")]


def of_decision_formerly(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, decision: str) -> Message:
    """As earlier versions of this product wrote it, without a status link: a decision that is pending since then
    sends what its agent saw."""
    return _email(db, f"prescreen-{decision}", prescreen, questionnaire, closing=[], status_url="")


def link(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """The link to continue later."""
    if not prescreen.email or not _may_send(db, prescreen.email, now):
        return []
    url = links.chat_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_unproven(db, "prescreen-link", prescreen, questionnaire, chat_url=url)]


def asked(
    db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, inquiry_id: UUID, text: str
) -> list[Message]:
    """What an agent asks again, with the link to answer it. The address is not proven: nothing that the prospect typed
    is in it."""
    url = links.inquiry_url(db.config, questionnaire.organization_slug, questionnaire.slug, inquiry_id)
    return [_unproven(db, "prescreen-asked", prescreen, questionnaire, chat_url=url, text_of_agent=text)]


def reminder(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[Message]:
    """The one reminder of answers that were not sent, with the link to go on."""
    url = links.chat_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    t = TRANSLATIONS.translator(prescreen.locale)
    day = format_date(datetimes.local(prescreen.expires_at, questionnaire.time_zone), "long", locale=t.lang)
    return [_unproven(db, "prescreen-reminder", prescreen, questionnaire, chat_url=url, day=day)]


def again(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[Message]:
    """The link to start with the old answers, which expired without a decision."""
    url = links.again_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    return [_unproven(db, "prescreen-again", prescreen, questionnaire, chat_url=url)]


def expired(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """That nobody decided in time, with the way to start again. None where decisions are not mailed either.

    The address is not proven: nothing that the prospect typed is in it, and one mailbox gets so many a day.
    """
    if not prescreen.email or not questionnaire.decision_emails or not _may_send(db, prescreen.email, now, "expired"):
        return []
    path = f"/p/{questionnaire.organization_slug}/{questionnaire.slug}"
    again = f"{db.config.public_base_url}{path}" if questionnaire.is_open else ""
    return [_unproven(db, "prescreen-expired", prescreen, questionnaire, again_url=again)]


def expiring(
    db: Db,
    person: Recipient,
    organization_id: int,
    organization: str,
    day: date,
    content: Sequence[tuple[str, int]],
    dedupe: str,
) -> Message:
    """To a lead: how many wait and expire on a day, by questionnaire."""
    return email_message(
        db,
        "prescreens-expiring",
        to=person.email,
        name=person.name,
        dedupe=dedupe,
        organization=organization,
        day=datetimes.day(day),
        total=sum(n for _, n in content),
        content=content,
        link=f"{db.config.public_base_url}/prescreens?organization={organization_id}",
    )


def new_answers(
    db: Db, person: Recipient, questionnaire: QuestionnaireDetail, dedupe: str, due_at: datetime | None
) -> Message:
    """To an agent: that answers came in. With `due_at` it is about all that come in until then."""
    return email_message(
        db,
        "prescreens-new",
        to=person.email,
        name=person.name,
        dedupe=dedupe,
        due_at=due_at,
        organization=questionnaire.organization_name,
        questionnaire="" if due_at else questionnaire.name,
        link=f"{db.config.public_base_url}/prescreens?organization={questionnaire.organization_id}",
        settings=f"{db.config.public_base_url}/settings",
    )


def daily_news(db: Db, person: Recipient, until: date, came: int, waiting: int, dedupe: str) -> Message:
    """To an agent, once a day: how many sent their answers until the morning of a day, and how many wait."""
    return email_message(
        db,
        "prescreens-daily",
        to=person.email,
        name=person.name,
        dedupe=dedupe,
        until=datetimes.day(until),
        came=came,
        waiting=waiting,
        link=f"{db.config.public_base_url}/prescreens",
        settings=f"{db.config.public_base_url}/settings",
    )


def calibration_round(
    db: Db,
    person: Recipient,
    organization: tuple[int, str],
    number: int,
    cases: int,
    closes_at: datetime,
    dedupe: str,
    due_at: datetime | None,
) -> Message:
    """To an agent: that a calibration round can be answered. It says nothing of its cases."""
    id, name = organization
    return email_message(
        db,
        "calibration-round",
        to=person.email,
        name=person.name,
        dedupe=dedupe,
        due_at=due_at,
        organization=name,
        number=number,
        cases=cases,
        until=datetimes.moment(closes_at, person.time_zone),
        link=f"{db.config.public_base_url}/prescreens/calibration?organization={id}",
        settings=f"{db.config.public_base_url}/settings",
    )


def _may_send(db: Db, address: str, now: datetime, purpose: str = "visitor") -> bool:
    name = recipient_limits.bucket(purpose, recipient_limits.mailbox(address))
    return recipient_limits.count(db, [(name, A_DAY, timedelta(days=1))], now) is None


def paragraphs(text: str) -> list[str]:
    """A text that somebody wrote, a paragraph each."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def _unproven(
    db: Db,
    template: str,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    **more: Any,  # variables of the template
) -> Message:
    """An e-mail that a visitor sets off, before the address is proven theirs: nothing that they typed is in it."""
    return _email(db, template, prescreen, questionnaire, name="", secret=True, **more)


def _email(
    db: Db,
    template: str,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    *,
    name: str | None = None,
    secret: bool = False,
    chat_url: str = "",
    status_url: str | None = None,
    proof: str = "",
    **more: Any,  # variables of the template
) -> Message:
    """An e-mail to the prospect, each with the link of the status page. `proof` is what previews show instead of it;
    otherwise they show all links without their proofs."""
    t = TRANSLATIONS.translator(prescreen.locale)
    if status_url is None:
        status_url = links.status_url(db.config, questionnaire.organization_slug, questionnaire.slug, prescreen.id)
    proofs = [(url.rpartition("/")[2], "their own proof") for url in (chat_url, status_url) if url]
    message = email_message(
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
        fresh=[(status_url, proof)] if proof else proofs,
        chat_url=chat_url,
        status_url=status_url,
        **more,
    )
    # A case file has what was sent, but for links that are the prospect's alone.
    return replace(message, remains=secret)
