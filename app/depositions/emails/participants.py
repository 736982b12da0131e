"""E-mails about a deposition, to the deponent and every invitee."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app.accounts import hosts
from app.config import Config
from app.depositions import calendar
from app.depositions.locales import formerly, in_words, time_and_zone, translator
from app.depositions.models import Deposition, Kind
from app.depositions.queries import people
from app.kernel import signing
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text.i18n import Translator

INVITEE = "deposition.invitee"
"""Purpose of the signed part `k` of the links in e-mails: it names the invitee."""


class Participant(NamedTuple):
    """A recipient of the e-mails. `number` is their place in the list; for the manager the id of their row of the
    roster, below zero."""

    number: int
    email: str
    name: str
    host: bool

    @property
    def kind(self) -> Kind:
        """What they are to the session."""
        return Kind.MANAGER if self.number < 0 else Kind.PARTICIPANT


def participants(deposition: Deposition) -> list[Participant]:
    """The deponent and the invitees, each address once."""
    found: dict[str, Participant] = {}
    people = [(deposition.deponent_email, deposition.deponent_name or "", False)] if deposition.deponent_email else []
    people += [(invite["email"], "", invite["access_level"] == "host") for invite in deposition.invites]
    for email, name, host in people:
        earlier = found.get(email.casefold())
        if earlier is None:
            found[email.casefold()] = Participant(len(found), email, name, host)
        elif host:
            found[email.casefold()] = earlier._replace(host=True)
    return list(found.values())


def manager_of(deposition: Deposition) -> Participant | None:
    """The manager of a booked session, who enters by a link of their own too."""
    if deposition.manager_id is None or not deposition.manager_email:
        return None
    return Participant(-deposition.manager_id, deposition.manager_email, deposition.manager_name or "", host=True)


def everybody(deposition: Deposition) -> list[Participant]:
    """Everybody who gets e-mails about a deposition: the participants, and its manager."""
    manager = manager_of(deposition)
    return [*participants(deposition), *([manager] if manager else [])]


def join_url(deposition: Deposition, config: Config, participant: Participant) -> str:
    """The address of the session's page, with the signed part that names the participant."""
    proof = signing.sign(config, INVITEE, [deposition.id, participant.number, _mark(participant)])
    return f"{config.public_base_url}/sessions/{deposition.slug}?k={proof}"


def recognize(deposition: Deposition, config: Config, proof: str) -> Participant | None:
    """The participant or manager whose link this is; None for one who takes part no more. Raises Invalid when the link
    was changed.

    Invitees can be replaced, so the place in the list does not say who it is. Links of a former version have no mark,
    and that of a manager names the row of the roster, whose address can change.
    """
    deposition_id, number, *mark = signing.unsign(config, INVITEE, proof)
    if deposition_id != deposition.id:
        return None
    alike = [one for one in everybody(deposition) if (one.number < 0) == (number < 0)]
    by_mark = mark and number >= 0
    return next((one for one in alike if (_mark(one) == mark[0] if by_mark else one.number == number)), None)


def _mark(participant: Participant) -> str:
    """What tells a participant from whoever stands in their place later."""
    return sha256(participant.email.casefold())[:12]


def scheduled(
    db: Db, deposition: Deposition, organization: str, now: datetime, to: Sequence[Participant] | None = None
) -> list[Message]:
    """To every participant, or only to these: when the session is and how to join, with a calendar file."""
    recipients = participants(deposition) if to is None else to
    return _invitations(db, "deposition-scheduled", deposition, organization, now, recipients)


def _invitations(
    db: Db,
    template: str,
    deposition: Deposition,
    organization: str,
    now: datetime,
    recipients: Sequence[Participant],
) -> list[Message]:
    """One e-mail to each recipient, with their own link and a calendar file that adds or updates the session."""
    context = mail_context(db, deposition, organization)
    t: Translator = context["t"]
    context |= {"before": formerly(deposition, t), "because": deposition.moved_because or ""}
    messages = []
    for recipient in recipients:
        url = join_url(deposition, db.config, recipient)
        file = calendar.invitation(
            deposition, db.config, to=recipient.email, name=recipient.name, url=url, now=now, t=t
        )
        proof = (url.rpartition("=")[2], "their own proof")
        own = {"join_url": url, "fresh": [proof], "attachments": [file]}
        messages.append(_to_participant(db, template, deposition, recipient, context | own))
    return messages


def _to_participant(
    db: Db,
    template: str,
    deposition: Deposition,
    recipient: Participant,
    context: dict[str, Any],
    *,
    canceled: bool = False,
) -> Message:
    """An e-mail with a receipt: what its recipient knows of the session once their server has accepted it. `Any`, as
    in `mail_context`."""
    return email_message(
        db,
        template,
        to=recipient.email,
        name=recipient.name,
        receipt=people.receipt(deposition, recipient.email, name=recipient.name, canceled=canceled),
        is_host=recipient.host,
        **context,
    )


def moved(
    db: Db,
    deposition: Deposition,
    organization: str,
    now: datetime,
    informed: Container[str],
    to: Sequence[Participant] | None = None,
) -> list[Message]:
    """To every participant, or to these: from when to when the session moved, with the file that updates calendars.

    `informed` are the addresses (`address_key`) that were told of the session before: the others are invited to it.
    """
    recipients = participants(deposition) if to is None else to
    invited = [one for one in recipients if people.address_key(one.email) in informed]
    others = [one for one in recipients if one not in invited]
    return [
        *_invitations(db, "deposition-moved", deposition, organization, now, invited),
        *_invitations(db, "deposition-scheduled", deposition, organization, now, others),
    ]


def canceled(
    db: Db, deposition: Deposition, organization: str, now: datetime, to: Sequence[Participant] | None = None
) -> list[Message]:
    """To every participant, or only to these: that the session does not take place; with a calendar file where one was
    sent before."""
    recipients = participants(deposition) if to is None else to
    return _withdrawals(db, "deposition-canceled", deposition, organization, now, recipients)


def uninvited(
    db: Db, deposition: Deposition, organization: str, now: datetime, to: Sequence[Participant]
) -> list[Message]:
    """To people who take part no longer: that they need not come, with a file that removes the session."""
    return _withdrawals(db, "deposition-uninvited", deposition, organization, now, to)


def _withdrawals(
    db: Db,
    template: str,
    deposition: Deposition,
    organization: str,
    now: datetime,
    recipients: Sequence[Participant],
) -> list[Message]:
    """One e-mail to each recipient, with a calendar file where one was sent before."""
    context = mail_context(db, deposition, organization)
    t: Translator = context["t"]
    messages = []
    for to in recipients:
        sent = deposition.booked_at is not None
        file = calendar.cancellation(deposition, db.config, to=to.email, name=to.name, now=now, t=t) if sent else None
        files = {"attachments": [file] if file else []}
        messages.append(_to_participant(db, template, deposition, to, context | files, canceled=True))
    return messages


def mail_context(db: Db, deposition: Deposition, organization: str, own: Translator | None = None) -> dict[str, Any]:
    """What every e-mail says, in the session's language or in `own`. `Any`, because the values join other arguments of
    `email_message`."""
    host = hosts.by_id(db, deposition.organization_id)
    t = own or translator(deposition.details, host.locale)
    day, _ = in_words(deposition.starts_at, deposition.ends_at, deposition.zone, t)
    when, zone = time_and_zone(deposition, t)
    return {
        "host": host,
        "locale": t.lang,
        "t": t,
        "what": calendar.title(deposition, t),
        "title": deposition.title,
        "case": deposition.case_name,
        "organization": organization,
        "when": when,
        "zone": zone,
        "day": day,
        "manager": deposition.manager_name or "",
    }
