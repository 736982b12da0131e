"""Messages to field users and operators: e-mails and texts by event. Link and code never share a message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.models import Inspection, Invite
from app.kernel.db.engine import Db
from app.kernel.outbox import sms
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text import datetimes


def link_name(invite: Invite) -> str:
    """The outbox name of the message that carries this invite's current link."""
    return f"inspection-link:{invite.id}:{invite.issue}"


def code_name(invite: Invite, channel: str) -> str:
    """The outbox name of the message that carries this invite's current code."""
    return f"inspection-code:{invite.id}:{invite.code_issue}:{channel}"


def number(phone: str) -> str:
    """A telephone number as gateways want it."""
    return ("+" if phone.strip().startswith("+") else "") + re.sub(r"\D", "", phone)


def _facts(inspection: Inspection, organization: Any) -> dict[str, Any]:
    t = TRANSLATIONS.translator(inspection.locale)
    when = date_time(inspection.scheduled_for, organization.time_zone, t) if inspection.scheduled_for else ""
    return {
        "organization": organization.name,
        "notes": inspection.notes,
        "when": when,
        "t": t,
        "locale": t.lang,
    }


def invite_life(invite: Invite) -> timedelta:
    """How long its link works once it is made."""
    return timedelta(minutes=invite.ttl_minutes)


def invitation(db: Db, inspection: Inspection, invite: Invite, organization: Any, url: str) -> list[Message]:
    """The link: by mail, or as a text message to somebody of whom only a telephone number is known."""
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
                **_facts(inspection, organization),
            )
        ]
    if invite.recipient_phone:
        body = t("sms_link", organization=organization.name, url=url, until=until)
        return [
            sms.text_message(
                db, number(invite.recipient_phone), body, secret=True, dedupe=link_name(invite), fresh=fresh
            )
        ]
    return []


def code(db: Db, inspection: Inspection, invite: Invite, organization: Any, code: str) -> list[Message]:
    """The code, on every channel that is known."""
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
                **_facts(inspection, organization),
            )
        )
    if invite.recipient_phone:
        body = t("sms_code", organization=organization.name, code=code)
        name = code_name(invite, "sms")
        messages.append(
            sms.text_message(db, number(invite.recipient_phone), body, secret=True, dedupe=name, fresh=fresh)
        )
    return messages


def reminder(db: Db, inspection: Inspection, invite: Invite, organization: Any, hours: int) -> Message:
    """To an invitee who has not joined yet. The link cannot be repeated: only its hash is kept."""
    return email_message(
        db,
        "inspection-reminder",
        to=invite.recipient_email,
        name=invite.recipient_name,
        dedupe=f"inspection-reminder:{inspection.id}:{hours}:{invite.id}",
        not_after=inspection.scheduled_for,
        **_facts(inspection, organization),
    )


def nobody_invited(db: Db, inspection: Inspection, organization: Any, hours: int) -> Message:
    """To the operator, when an inspection is about to begin and nobody has an invitation that still works."""
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
