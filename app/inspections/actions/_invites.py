"""What the verbs of an invite share. Link and code are sent in two messages and stored as hashes only.

Source: the Sessions API document, "Two-factor join". The messages that carry them are encrypted, and blanked once sent.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from app.accounts.models import Organization
from app.inspections import emails, payloads, queries, rules
from app.inspections.actions._write import LockedInspection, lock, record
from app.inspections.events import SUBJECT
from app.inspections.models import Invite
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.outbox import dropping, recipient_limits
from app.kernel.outbox.outbox import Message

CHANGED_MEANWHILE = "A new link or code was issued for this invite just now."


@dataclass(frozen=True, slots=True)
class Minted:
    """An invite with its secrets, which are known only at this moment. `join_url` is None after a mere new code."""

    invite: Invite
    join_url: str | None
    otp_code: str | None


def update_invite(db: Db, invite: Invite, values: Values, *conditions: ColumnElement[bool]) -> bool:
    """Changes the invite if the conditions hold and its link and code are still those that were read."""
    unchanged = (Invite.id == invite.id, Invite.issue == invite.issue, Invite.code_issue == invite.code_issue)
    statement = update(Invite).where(*unchanged, *conditions).values(dict(values))
    return db.execute(statement.returning(Invite.id)).one_or_none() is not None


def sealed(invite: Invite) -> dict[str, object]:
    """How the chain names an invite: its participant, and which link and which code, 0 where none is needed."""
    code = invite.code_issue if invite.otp_required else 0
    return {"participant": str(invite.id), "link": invite.issue, "code": code}


def lock_live_inspection(db: Db, inspection_id: uuid.UUID, now: datetime) -> LockedInspection:
    """Locks the inspection of an invite. Raises Conflict when it is over.

    The invite is locked before the inspection, as joining does, so that the two never deadlock.
    """
    locked = lock(db, inspection_id, rules.LIVE_STATES, now=now)
    if locked is None:
        rules.check_invite(queries.get(db, inspection_id), now)
        raise Conflict(CHANGED_MEANWHILE)
    return locked


def check_sending(db: Db, invite: Invite, now: datetime) -> None:
    """Counts a link that is issued. Raises RateLimited when its recipient or organization has had enough of them."""
    keys = []
    if invite.recipient_email:
        keys.append(recipient_limits.mailbox(invite.recipient_email))
    if invite.recipient_phone:
        keys.append(recipient_limits.telephone(invite.recipient_phone))
    hour = timedelta(hours=1)
    limits = [(recipient_limits.bucket("invited", key), rules.LINKS_OF_A_RECIPIENT, hour) for key in sorted(keys)]
    organization = recipient_limits.bucket("inviting", invite.organization_id)
    recipient_limits.check(db, [*limits, (organization, rules.LINKS_OF_AN_ORGANIZATION, hour)], now)


def drop_unsent(db: Db, invite: Invite, reason: str, now: datetime, *, link: bool = True) -> None:
    """Drops the messages that carry the invite's present link and code, or the code alone, and have not been sent."""
    names = [emails.code_name(invite, channel) for channel in ("email", "sms")]
    if link:
        names.append(emails.link_name(invite))
    dropping.drop(db, SUBJECT, invite.inspection_id, reason=reason, now=now, dedupe=names)


def send(
    db: Db, event_type: EventType, invite: Invite, token: str | None, code: str | None, *, by: Actor, now: datetime
) -> Minted:
    """Records the event with the messages that carry link and code; returns these secrets."""
    inspection = queries.get(db, invite.inspection_id)
    columns = select(Organization.name, Organization.time_zone)
    organization = db.execute(columns.where(Organization.id == inspection.organization_id)).one()
    url = payloads.join_url(db.config.public_base_url, inspection.id, token) if token else None
    messages: list[Message] = []
    if url and invite.send_email:
        messages += emails.invitation(db, inspection, invite, organization, url)
    if code:
        messages += emails.code(db, inspection, invite, organization, code)
    record(db, event_type, inspection, by=by, now=now, data=event_data(invite), messages=messages)
    return Minted(invite, url, code)


def event_data(invite: Invite) -> dict[str, object]:
    """What an event says of an invite: its recipient, with masked addresses."""
    return {
        "invite": str(invite.id),
        "recipient": invite.recipient_name,
        "email": rules.hint_email(invite.recipient_email),
        "phone": rules.hint_phone(invite.recipient_phone),
        "otp": invite.otp_required,
    }
