"""Who is told what about a deposition: letters to the deponent and everybody invited, and the webhook."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.config import Config
from app.depositions import calendar
from app.kernel import signing
from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text import datetimes

INVITEE = "deposition.invitee"
"""Purpose of the signed part `k` of mailed links: it knows who was invited."""


class Participant(NamedTuple):
    """Somebody who is told. `number` is their place in the list, which the mailed link carries."""

    number: int
    email: str
    name: str
    host: bool


def participants(d: Any) -> list[Participant]:
    """The deponent and the invitees, each address once."""
    found: dict[str, Participant] = {}
    people = [(d.deponent_email, d.deponent_name or "", False)] if d.deponent_email else []
    people += [(invite["email"], "", invite["access_level"] == "host") for invite in d.invites]
    for email, name, host in people:
        earlier = found.get(email.casefold())
        if earlier is None:
            found[email.casefold()] = Participant(len(found), email, name, host)
        elif host:
            found[email.casefold()] = earlier._replace(host=True)
    return list(found.values())


def join_url(d: Any, config: Config, participant: Participant) -> str:
    """The session's page, with the signed part that knows who comes."""
    proof = signing.sign(config, INVITEE, [d.id, participant.number])
    return f"{config.public_base_url}/sessions/{d.slug}?k={proof}"


def recognize(d: Any, config: Config, proof: str) -> Participant | None:
    """Who a mailed link was sent to. Raises Invalid when the link was changed."""
    deposition_id, number = signing.unsign(config, INVITEE, proof)
    return next((p for p in participants(d) if deposition_id == d.id and p.number == number), None)


def scheduled(db: Db, d: Any, organization: str, now: datetime) -> list[Message]:
    """To everybody: when it is and how to join, with a calendar file."""
    letters = []
    for one in participants(d):
        url = join_url(d, db.config, one)
        file = calendar.invitation(d, db.config, to=one.email, name=one.name, url=url, now=now)
        context = _context(d, organization, one)
        letters.append(
            email_message(
                db,
                "deposition-scheduled",
                to=one.email,
                name=one.name,
                attachments=[file],
                fresh=[(url.rpartition("=")[2], "their own proof")],
                join_url=url,
                **context,
            )
        )
    return letters


def canceled(db: Db, d: Any, organization: str, now: datetime) -> list[Message]:
    """To everybody: that it does not take place; with a calendar file where one was sent before."""
    letters = []
    for one in participants(d):
        files = []
        if d.booked_at is not None:
            files.append(calendar.cancellation(d, db.config, to=one.email, name=one.name, now=now))
        context = _context(d, organization, one)
        letters.append(
            email_message(db, "deposition-canceled", to=one.email, name=one.name, attachments=files, **context)
        )
    return letters


def _context(d: Any, organization: str, participant: Participant) -> dict[str, Any]:
    ends = d.ends_at > d.starts_at
    return {
        "what": calendar.title(d),
        "title": d.title,
        "case": d.case_name,
        "organization": organization,
        "when": datetimes.span(d.starts_at, d.ends_at, d.zone) if ends else datetimes.moment(d.starts_at, d.zone),
        "zone": d.time_zone,
        "day": datetimes.day(d.starts_at.astimezone(ZoneInfo(d.zone)).date()),
        "manager": d.manager_name or "",
        "host": participant.host,
    }
