"""Outgoing messages: e-mails and text messages to field users and operators, and jobs for the worker.

Link and code never share a message.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Protocol, TypedDict

from app.accounts import hosts
from app.inspections import rules
from app.inspections.anchors import name_of
from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.models import Inspection, Invite
from app.kernel.db.engine import Db
from app.kernel.hosts import Host
from app.kernel.outbox import sms
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text import datetimes
from app.kernel.text.i18n import Translator
from app.kernel.text.normalization import region_of, telephone_key

REMIND = "job:inspections.remind"
"""Outbox channel: sends a reminder, if it is still needed then."""
ANCHOR = "job:inspections.anchor"
"""Outbox channel: asks an authority for a time stamp."""


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
        (until, datetimes.duration(invite_life(invite)) + " on"),
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


def nobody_invited(db: Db, inspection: Inspection, organization: Organization, hours: int) -> Message:
    """A warning for the operator of an inspection that is about to begin without an invite that still works."""
    starts_at, english = inspection.scheduled_for, TRANSLATIONS.translator("en")
    return email_message(
        db,
        "inspection-nobody-invited",
        to=inspection.operator_email,
        name=inspection.operator_name,
        dedupe=f"inspection-reminder:{inspection.id}:{hours}:operator",
        not_after=starts_at,
        url=f"{db.config.public_base_url}/inspections/{inspection.id}",
        when=date_time(starts_at, organization.time_zone, english) if starts_at else "",
        organization=organization.name,
        notes=inspection.notes,
    )
