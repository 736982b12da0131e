"""Outgoing messages: e-mails and text messages to field users and operators, and jobs for the worker.

Link and code never share a message.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypedDict

from app.accounts import hosts
from app.inspections import rules
from app.inspections.anchors import name_of
from app.inspections.events import CONSENT_SUBJECTS
from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.models import Inspection, Invite
from app.inspections.queries.operators import in_charge
from app.kernel.db.engine import Db
from app.kernel.hosts import Host
from app.kernel.outbox import sms
from app.kernel.outbox.email import Attachment, email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text import datetimes
from app.kernel.text.i18n import Translator
from app.kernel.text.normalization import region_of, telephone_key

if TYPE_CHECKING:
    from app.inspections.receipts import Piece

REMIND = "job:inspections.remind"
"""Outbox channel: sends a reminder, if it is still needed then."""
ANCHOR = "job:inspections.anchor"
"""Outbox channel: asks an authority for a time stamp."""
CHECKPOINT = "job:inspections.checkpoint"
"""Outbox channel: has what happened since the last time stamp stamped, while an inspection goes on."""
COPY = "job:inspections.copy"
"""Outbox channel: makes the copies of a photo that people look at."""
ERASE = "job:inspections.erase"
"""Outbox channel: deletes the files of erased evidence."""
RECEIPT = "job:inspections.receipt"
"""Outbox channel: mails a field user the receipt of what they sent, once an inspection has ended."""
RECEIPT_AFTER = timedelta(minutes=1)
"""How long after the end that is, so that the last photos have their copies."""


class Organization(Protocol):
    """The organization as messages print it. A row of those columns is one."""

    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


def reminder_jobs(inspection: Inspection, now: datetime) -> list[Message]:
    """Jobs for the reminders that still lie ahead."""
    return [
        Message(
            channel=REMIND,
            payload={
                "inspection": str(inspection.id),
                "hours": hours,
                "scheduled_for": inspection.scheduled_for.isoformat() if inspection.scheduled_for else "",
            },
            due_at=moment,
            dedupe=f"inspection-reminder:{inspection.id}:{hours}",
            summary=f"Reminder {hours} h before",
        )
        for hours, moment in rules.reminders(inspection.scheduled_for, now)
    ]


def anchor_job(id: uuid.UUID, authority: str) -> Message:
    """The job that asks an authority for a time stamp."""
    host = name_of(authority)
    return Message(ANCHOR, {"anchor": str(id)}, destination=host, summary=f"Time stamp from {host}")


def checkpoint_job(inspection_id: uuid.UUID, started_at: datetime, now: datetime, *, over: bool = False) -> Message:
    """The job of the next full ten minutes since the first join; one, however much happens until then. `over` is
    whether the inspection has ended, which dropped the one of before."""
    number = (now - started_at) // rules.CHECKPOINT_EVERY + 1
    return Message(
        CHECKPOINT,
        {"inspection": str(inspection_id)},
        due_at=started_at + number * rules.CHECKPOINT_EVERY,
        dedupe=f"inspection-{'addition' if over else 'checkpoint'}:{inspection_id}:{number}",
        summary="Time stamp of the record so far",
    )


def copy_job(evidence_id: uuid.UUID) -> Message:
    """The job that makes the copies of a photo."""
    return Message(COPY, {"evidence": str(evidence_id)}, destination="store", summary="Copy of a photo")


def erase_job(evidence_id: uuid.UUID) -> Message:
    """The job that deletes the files of an erased piece of evidence."""
    return Message(ERASE, {"evidence": str(evidence_id)}, destination="store", summary="Files of erased evidence")


def receipt_job(invite: Invite, now: datetime) -> Message:
    """The job that mails a field user their receipt."""
    return Message(
        RECEIPT,
        {"invite": str(invite.id)},
        due_at=now + RECEIPT_AFTER,
        dedupe=f"inspection-receipt-job:{invite.id}",
        summary=f"Receipt by e-mail to {invite.recipient_name or invite.recipient_email}",
    )


def receipt_name(invite: Invite) -> str:
    """Deduplication name of the receipt of this invite."""
    return f"inspection-receipt:{invite.id}"


def link_name(invite: Invite) -> str:
    """Deduplication name of the message that carries this invite's current link."""
    return f"inspection-link:{invite.id}:{invite.issue}"


def code_name(invite: Invite, channel: str) -> str:
    """Deduplication name of the message that carries this invite's current code."""
    return f"inspection-code:{invite.id}:{invite.code_issue}:{channel}"


def dialable(invite: Invite, organization: Organization) -> str:
    """The telephone number of an invite as gateways take it: in E.164, as far as its country is known."""
    return invite.recipient_phone_key or telephone_key(invite.recipient_phone, region_of(organization.time_zone))


class Facts(TypedDict):
    """What the templates of messages to field users say of an inspection."""

    organization: str
    notes: str
    when: str
    t: Translator
    locale: str
    host: Host


def _facts(db: Db, inspection: Inspection, organization: Organization) -> Facts:
    t = TRANSLATIONS.translator(inspection.locale)
    when = date_time(inspection.scheduled_for, organization.time_zone, t) if inspection.scheduled_for else ""
    return {
        "organization": organization.name,
        "notes": inspection.notes,
        "when": when,
        "t": t,
        "locale": t.lang,
        "host": hosts.by_id(db, inspection.organization_id),
    }


def invite_life(invite: Invite) -> timedelta:
    """How long the link of an invite works once it is issued."""
    return timedelta(minutes=invite.ttl_minutes)


def invitation(db: Db, inspection: Inspection, invite: Invite, organization: Organization, url: str) -> list[Message]:
    """The link: by e-mail, or as a text message when only a telephone number is known."""
    t = TRANSLATIONS.translator(inspection.locale)
    until = date_time(invite.expires_at, organization.time_zone, t)
    fresh = [
        (url, "their link, made at the moment it is sent"),
        (until, datetimes.duration(invite_life(invite)) + " after it is sent"),
    ]
    if invite.recipient_email:
        return [
            email_message(
                db,
                "inspection-invited",
                to=invite.recipient_email,
                name=invite.recipient_name,
                secret=True,
                dedupe=link_name(invite),
                fresh=fresh,
                url=url,
                until=until,
                **_facts(db, inspection, organization),
            )
        ]
    if invite.recipient_phone:
        body = t("sms_link", organization=organization.name, url=url, until=until)
        return [
            sms.text_message(
                db, dialable(invite, organization), body, secret=True, dedupe=link_name(invite), fresh=fresh
            )
        ]
    return []


def code(db: Db, inspection: Inspection, invite: Invite, organization: Organization, code: str) -> list[Message]:
    """The code, to every address that is known."""
    t = TRANSLATIONS.translator(inspection.locale)
    fresh = [(code, "the code is made at the moment it is sent")]
    messages = []
    if invite.recipient_email:
        messages.append(
            email_message(
                db,
                "inspection-code",
                to=invite.recipient_email,
                name=invite.recipient_name,
                secret=True,
                dedupe=code_name(invite, "email"),
                fresh=fresh,
                code=code,
                **_facts(db, inspection, organization),
            )
        )
    if invite.recipient_phone:
        body = t("sms_code", organization=organization.name, code=code)
        name = code_name(invite, "sms")
        messages.append(
            sms.text_message(db, dialable(invite, organization), body, secret=True, dedupe=name, fresh=fresh)
        )
    return messages


def reminder(db: Db, inspection: Inspection, invite: Invite, organization: Organization, hours: int) -> Message:
    """A reminder for an invitee who has not joined yet. It cannot repeat the link, of which only a hash is stored."""
    return email_message(
        db,
        "inspection-reminder",
        to=invite.recipient_email,
        name=invite.recipient_name,
        dedupe=f"inspection-reminder:{inspection.id}:{hours}:{invite.id}",
        not_after=inspection.scheduled_for,
        **_facts(db, inspection, organization),
    )


def receipt(
    db: Db,
    inspection: Inspection,
    invite: Invite,
    organization: Organization,
    *,
    url: str,
    address: str,
    kept: str,
    pieces: Sequence[Piece],
    more: int,
    pictures: Sequence[Attachment],
) -> Message:
    """The receipt of what a field user sent: some of it with its thumbnails, and the link to all of it."""
    return email_message(
        db,
        "inspection-receipt",
        to=invite.recipient_email,
        name=invite.recipient_name,
        secret=True,
        dedupe=receipt_name(invite),
        attachments=pictures,
        url=url,
        address=address,
        kept=kept,
        pieces=pieces,
        more=more,
        **_facts(db, inspection, organization),
    )


def withdrawn(db: Db, inspection: Inspection, invite: Invite, subject: str) -> list[Message]:
    """A word to who has an inspection that has ended: a field user allows something no longer."""
    operator = in_charge(db, inspection)
    if operator is None:
        return []
    host = hosts.by_id(db, inspection.organization_id)
    return [
        email_message(
            db,
            "inspection-withdrawn",
            to=operator.email,
            name=operator.name,
            dedupe=f"inspection-withdrawn:{invite.id}:{subject}",
            who=invite.recipient_name or "A field user",
            what=CONSENT_SUBJECTS[subject].lower(),
            organization=host.name,
            notes=inspection.notes,
            url=f"{db.config.public_base_url}/inspections/{inspection.id}",
        )
    ]


def nobody_invited(db: Db, inspection: Inspection, organization: Organization, hours: int) -> list[Message]:
    """A warning for who has an inspection that is about to begin without an invite that still works."""
    operator = in_charge(db, inspection)
    if operator is None:
        return []
    starts_at, english = inspection.scheduled_for, TRANSLATIONS.translator("en")
    return [
        email_message(
            db,
            "inspection-nobody-invited",
            to=operator.email,
            name=operator.name,
            dedupe=f"inspection-reminder:{inspection.id}:{hours}:operator",
            not_after=starts_at,
            url=f"{db.config.public_base_url}/inspections/{inspection.id}",
            when=date_time(starts_at, organization.time_zone, english) if starts_at else "",
            organization=organization.name,
            notes=inspection.notes,
        )
    ]
