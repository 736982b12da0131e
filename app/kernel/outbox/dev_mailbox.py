"""What a development machine "sends": kept here, shown at /mail. Nothing of this exists in production.

Encrypted like everything that carries links and codes.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, Text, Uuid, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.config import Config
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.outbox.outbox import Delivery


class DevelopmentMail(Base):
    """One letter or text message that would have been sent. `content` is the outbox payload, encrypted."""

    __tablename__ = "development_mail"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    outbox_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    channel: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


_m = DevelopmentMail.__table__.c


def is_open(config: Config) -> bool:
    """Whether the mail page exists: never in production, and only while something has no real way out."""
    return not config.production and not (config.smtp_url and config.sms_url)


def store(delivery: Delivery) -> None:
    """Stores the message instead of sending it; a second attempt changes nothing."""
    with delivery.database.write() as db:
        insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
        db.execute(
            insert(DevelopmentMail.__table__).on_conflict_do_nothing(index_elements=["outbox_id"]),
            {
                "outbox_id": delivery.id,
                "channel": delivery.channel,
                "content": db.vault.encrypt(json.dumps(delivery.payload)),
                "created_at": delivery.now,
            },
        )


def newest(db: Db, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
    """The latest messages in clear, newest first."""
    statement = select(_m.id, _m.outbox_id, _m.channel, _m.content, _m.created_at).order_by(_m.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_m.id < before)
    return [_opened(db, row) for row in db.execute(statement)]


def get(db: Db, id: int) -> dict[str, Any] | None:
    """One message in clear."""
    row = db.execute(select(*_m).where(_m.id == id)).one_or_none()
    return None if row is None else _opened(db, row)


def _opened(db: Db, row: Any) -> dict[str, Any]:
    """A letter has subject, text, html and attachments; a text message has a body."""
    try:
        content = json.loads(db.vault.decrypt(row.content))
    except ValueError:
        content = {"subject": "Written with other ENCRYPTION_KEYS, so it cannot be read"}
    parts = {"to": "", "name": "", "subject": "", "text": "", "html": "", "body": "", "attachments": [], **content}
    return {**parts, "id": row.id, "outbox_id": row.outbox_id, "channel": row.channel, "at": row.created_at}
