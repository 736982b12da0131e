"""E-mails before a session: reminders to the participants, whether it takes place, and questions of the team."""

from collections.abc import Sequence
from typing import Protocol

from app.accounts import hosts
from app.config import Config
from app.depositions.emails.own_links import own_link_message
from app.depositions.emails.participants import Participant, join_url, mail_context
from app.depositions.locales import TRANSLATIONS
from app.depositions.models import Deposition, DepositionQuestion, Kind
from app.kernel import signing
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message

RECONFIRM = "deposition.reconfirm"
"""Purpose of the links by which people say whether a session takes place."""
QUESTION = "deposition.question"
"""Purpose of the links by which organizations answer questions."""


def reminders(
    db: Db, deposition: Deposition, organization: str, recipients: Sequence[Participant], hours: int
) -> list[Message]:
    """To these participants: that the session is soon. It carries no calendar file, for nothing is new."""
    context = mail_context(db, deposition, organization)

    def to_one(recipient: Participant) -> Message:
        url = join_url(deposition, db.config, recipient)
        return own_link_message(
            db,
            "deposition-reminder",
            url,
            to=recipient.email,
            name=recipient.name,
            dedupe=f"deposition-reminder:{deposition.id}:{deposition.sequence}:{hours}:{recipient.number}",
            not_after=deposition.starts_at,
            join_url=url,
            is_host=recipient.host,
            **context,
        )

    return [to_one(recipient) for recipient in recipients]


class Respondent(Protocol):
    """Somebody who is asked whether a session takes place."""

    @property
    def kind(self) -> Kind: ...
    @property
    def key(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int: ...


def reconfirmation(
    db: Db, deposition: Deposition, organization: str, respondents: Sequence[Respondent]
) -> list[Message]:
    """To organization and hosts: whether the session takes place. The answer is given on the page behind the link."""
    host = hosts.by_id(db, deposition.organization_id)

    def to_one(one: Respondent) -> Message:
        own = TRANSLATIONS.translator(host.locale) if one.kind is Kind.ORGANIZATION else None
        url = reconfirm_url(deposition, db.config, one)
        return own_link_message(
            db,
            "deposition-reconfirm",
            url,
            to=one.address,
            name=one.name,
            dedupe=f"deposition-reconfirm:{deposition.id}:{deposition.sequence}:{one.number}",
            not_after=deposition.starts_at,
            url=url,
            **mail_context(db, deposition, organization, own),
        )

    return [to_one(one) for one in respondents]


def reconfirm_url(deposition: Deposition, config: Config, who: Respondent) -> str:
    """The address of the page on which one respondent says whether the session, as it is now, takes place."""
    proof = signing.sign(config, RECONFIRM, [deposition.id, deposition.sequence, sha256(who.key)[:16]])
    return f"{config.public_base_url}/sessions/{deposition.slug}/reconfirm/{proof}"


def question(db: Db, deposition: Deposition, organization: str, asked: DepositionQuestion) -> Message:
    """To the organization: a question of the team, in its language. The answer is given on the page behind the link."""
    host = hosts.by_id(db, deposition.organization_id)
    url = question_url(db.config, asked.id)
    return own_link_message(
        db,
        "deposition-question",
        url,
        to=asked.asked_to,
        dedupe=question_keys(deposition, asked.id)[-1],
        url=url,
        question=asked.question,
        **mail_context(db, deposition, organization, TRANSLATIONS.translator(host.locale)),
    )


def question_keys(deposition: Deposition, question_id: int) -> list[str]:
    """The keys of the e-mails that ask a question: of an earlier version of the program, and of each state of the
    session up to the present one, in which it is asked anew where it has reached nobody yet."""
    key = f"deposition-question:{question_id}"
    return [key, *(f"{key}:{sequence}" for sequence in range(deposition.sequence + 1))]


def question_url(config: Config, question_id: int) -> str:
    """The address of the page on which a question is answered."""
    return f"{config.public_base_url}/sessions/questions/{signing.sign(config, QUESTION, question_id)}"
