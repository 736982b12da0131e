"""E-mails about other hours for a session: which of them suit its participants."""

from collections.abc import Sequence

from app.config import Config
from app.depositions.emails.own_links import own_link_message
from app.depositions.emails.participants import Participant, mail_context
from app.depositions.locales import in_words
from app.depositions.models import Deposition, Proposal
from app.depositions.queries.people import address_key
from app.depositions.rules.proposals import read_slot
from app.depositions.rules.transitions import busy
from app.kernel import signing
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message
from app.kernel.text.i18n import Translator

PROPOSAL = "deposition.proposal"
"""Purpose of the links by which participants say which hours suit them."""


def proposal(
    db: Db,
    deposition: Deposition,
    organization: str,
    offered: Proposal,
    to: Sequence[Participant],
    *,
    changed: bool = False,
    reminder: bool = False,
) -> list[Message]:
    """To these participants: which of these hours suit them; with `changed`, that they are others than before, with
    `reminder`, that no answer has come. The answer is given on the page behind the link. It names nobody else who is
    asked."""
    context = mail_context(db, deposition, organization)
    t: Translator = context["t"]
    span = busy(deposition.starts_at, deposition.ends_at)
    length = span.ends_at - span.starts_at
    starts = [read_slot(slot) for slot in offered.slots]
    hours = [in_words(at, at + length, deposition.zone, t)[1] for at in starts]
    until = in_words(offered.answers_until, offered.answers_until, deposition.zone, t)[1]
    facts = {"hours": hours, "until": until, "because": offered.because, "changed": changed, "reminder": reminder}

    def to_one(recipient: Participant) -> Message:
        url = proposal_url(db.config, offered.id, recipient.email)
        return own_link_message(
            db,
            "deposition-proposal",
            url,
            to=recipient.email,
            name=recipient.name,
            dedupe=hours_dedupe(offered, recipient.email, reminder=reminder),
            not_after=offered.answers_until,
            url=url,
            **facts,
            **context,
        )

    return [to_one(recipient) for recipient in to]


def hours_dedupe(offered: Proposal, address: str, *, reminder: bool = False) -> str:
    """The key of the one e-mail, or the one reminder, that somebody gets about the present hours of a proposal."""
    name = "deposition-proposal-reminder" if reminder else "deposition-proposal"
    return f"{name}:{offered.id}:{offered.version}:{proposal_mark(address)}"


def proposal_url(config: Config, proposal_id: int, address: str) -> str:
    """The address of the page on which one participant answers about the hours of a proposal."""
    proof = signing.sign(config, PROPOSAL, [proposal_id, proposal_mark(address)])
    return f"{config.public_base_url}/sessions/proposals/{proof}"


def proposal_mark(address: str) -> str:
    """What a link has of the address of its recipient."""
    return sha256(address_key(address))[:16]
