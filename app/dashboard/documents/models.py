"""The table of documents."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant, Json, only
from app.kernel.json_types import JsonObject


class State(StrEnum):
    """How far a document is. EXPIRED: its file is being deleted, and the row with it."""

    QUEUED = "queued"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


UNFINISHED = (State.QUEUED, State.MAKING)


class Document(Base):
    """One file about one item. The file itself lies in the store, as `documents/<id>/<sha256>`.

    `key` says what it is made of (`actions.key_of`); it is unique, so that a file is made once however often it is
    requested, and None once the document has expired. `progress` and `failure` are sentences for the user.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'making', 'ready', 'failed', 'expired')", name="state_known"),
        Index("ix_documents_subject", "subject_type", "subject_id", "kind", "requested_at"),
        Index("ix_documents_expires", "expires_at", "id", **only("state <> 'expired'")),
        Index("ix_documents_failed", "id", **only("state = 'failed'")),
        Index("ix_documents_unfinished", "requested_at", "id", **only("state IN ('queued', 'making')")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    options: Mapped[JsonObject] = mapped_column(Json)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    progress: Mapped[str] = mapped_column(String(200))
    failure: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(200))
    mime: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column(Integer)
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    requested_name: Mapped[str] = mapped_column(String(320))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    made_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
