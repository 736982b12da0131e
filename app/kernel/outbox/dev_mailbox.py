"""The mailbox of a development machine: messages are stored instead of sent and shown at /mail, never in production.

They are encrypted, because they have links and codes.
"""

import json
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, Text, Uuid, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from app.config import Config
from app.kernel.db.columns import Values
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.db.inserts import insert_once
from app.kernel.outbox.outbox import Delivery, OutboxRow


class DevelopmentMail(Base):
    """An e-mail or text message that was not sent. `content` is the outbox payload, encrypted."""

    __tablename__ = "development_mail"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    outbox_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    channel: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class EncodedAttachment(TypedDict):
    """An attachment in a payload; `content` is base64."""

    name: str
    type: str
    content: str


class StoredMessage(TypedDict):
    """A stored message in clear: an e-mail has subject, text, html and attachments, a text message has a body."""

    id: int
    outbox_id: UUID
    channel: str
    at: datetime
    to: str
    name: str
    subject: str
    text: str
    html: str
    body: str
    attachments: list[EncodedAttachment]


def is_open(config: Config) -> bool:
    """Whether the mail page exists: never in production, and only while e-mail or SMS is not configured."""
    return not config.production and not (config.smtp_url and config.sms_url)


def store(delivery: Delivery) -> None:
    """Stores the message instead of sending it; a second attempt changes nothing."""
    with delivery.database.write() as db:
        values: Values = {
            DevelopmentMail.outbox_id: delivery.id,
            DevelopmentMail.channel: delivery.channel,
            DevelopmentMail.content: db.vault.encrypt(json.dumps(delivery.payload)),
            DevelopmentMail.created_at: delivery.now,
        }
        insert_once(db, DevelopmentMail, values)


def erase(db: Db, subject_type: str, subject_id: object) -> None:
    """Deletes the messages about one item."""
    about = (OutboxRow.subject_type == subject_type, OutboxRow.subject_id == str(subject_id))
    ids = select(OutboxRow.id).where(*about)
    db.execute(delete(DevelopmentMail).where(DevelopmentMail.outbox_id.in_(ids)))


def newest(db: Db, limit: int = 100, before: int | None = None) -> list[StoredMessage]:
    """The latest messages in clear, newest first."""
    statement = select(DevelopmentMail).order_by(DevelopmentMail.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(DevelopmentMail.id < before)
    return [_decrypted(db, row) for row in db.execute(statement).scalars()]


def get(db: Db, id: int) -> StoredMessage | None:
    """One message in clear."""
    row = db.get(DevelopmentMail, id)
    return None if row is None else _decrypted(db, row)


def _decrypted(db: Db, row: DevelopmentMail) -> StoredMessage:
    try:
        content = json.loads(db.vault.decrypt(row.content))
    except ValueError:
        content = {"subject": "Written with other ENCRYPTION_KEYS, so it cannot be read"}
    return {
        "id": row.id,
        "outbox_id": row.outbox_id,
        "channel": row.channel,
        "at": row.created_at,
        "to": content.get("to", ""),
        "name": content.get("name", ""),
        "subject": content.get("subject", ""),
        "text": content.get("text", ""),
        "html": content.get("html", ""),
        "body": content.get("body", ""),
        "attachments": content.get("attachments", []),
    }
