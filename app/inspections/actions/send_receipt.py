"""Mailing a field user the receipt of what they sent."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Organization
from app.inspections import emails, events, queries, receipts, rules
from app.inspections.actions._write import record
from app.inspections.locales import TRANSLATIONS
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Db
from app.kernel.outbox import outbox, recipient_limits
from app.kernel.outbox.email import Attachment

PIECES_MAILED = 6
"""Pieces of evidence that the e-mail shows; the page shows all."""


def send_receipt(
    db: Db, inspection_id: uuid.UUID, invite_id: uuid.UUID, pictures: Sequence[Attachment], *, now: datetime
) -> bool:
    """Mails the receipt once; returns whether. `pictures` are thumbnails, named as receipts.pictures names them.

    Who was revoked or erased meanwhile gets none. Raises RateLimited when their mailbox had enough receipts.
    """
    invite = queries.invite(db, invite_id, inspection_id)
    if not rules.gets_receipt(invite) or outbox.is_known(db, emails.receipt_name(invite)):
        return False
    mailbox = recipient_limits.mailbox(invite.recipient_email)
    limit = (recipient_limits.bucket("receipt", mailbox), rules.LINKS_OF_A_RECIPIENT, timedelta(hours=1))
    recipient_limits.check(db, [limit], now)
    inspection, items = queries.get(db, inspection_id), queries.evidence_of(db, invite)
    columns = select(Organization.name, Organization.time_zone)
    organization = db.execute(columns.where(Organization.id == inspection.organization_id)).one()
    t = TRANSLATIONS.translator(inspection.locale)
    pieces = receipts.pieces(items[:PIECES_MAILED], organization.time_zone, t)
    there = {f"{piece.picture}.jpg" for piece in pieces}
    message = emails.receipt(
        db,
        inspection,
        invite,
        organization,
        url=receipts.url(db.config, invite),
        address=receipts.address(db.config, inspection),
        kept=receipts.kept_text(organization.name, queries.kept_until(db, inspection), organization.time_zone, t),
        pieces=pieces,
        more=len(items) - len(pieces),
        pictures=[picture for picture in pictures if picture.name in there],  # not what was erased meanwhile
    )
    hint = rules.hint_email(invite.recipient_email)
    data = {"invite": str(invite.id), "recipient": invite.recipient_name, "email": hint}
    record(db, events.RECEIPT_SENT, inspection, by=WORKER, now=now, data=data, messages=[message])
    return True
