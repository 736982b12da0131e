"""The table of the files that prospects add to their answers.

An answer names its files by name and SHA-256 (rules.files); a row says what is kept of one. Each lies in a folder of
its own in the store, so that the worker can delete it whatever another row names.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant, only


class FileCopies(StrEnum):
    """How far the cleaned copy is that people look at."""

    PENDING = "pending"
    MADE = "made"
    FAILED = "failed"
    NONE = "none"
    """A PDF has none."""


class AnswerFile(Base):
    """One file that a prospect added, once in a prescreen. Its name stands in the answer alone.

    `erased_at` is when it was found that no answer names it any more, or that it is kept no longer: its hash stays, and
    the worker deletes the original and the copies. `fault` is what was wrong with the original when it was read last,
    `missing` or `changed`.
    """

    __tablename__ = "prescreen_files"
    __table_args__ = (
        CheckConstraint("copying IN ('pending', 'made', 'failed', 'none')", name="copying_known"),
        CheckConstraint("fault IN ('', 'missing', 'changed')", name="fault_known"),
        UniqueConstraint("prescreen_id", "sha256", name="uq_prescreen_files_sha256"),
        Index("ix_prescreen_files_read", "read_at", "id", **only("erased_at IS NULL")),
        Index("ix_prescreen_files_fault", "fault", **only("fault <> ''")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(60))
    copying: Mapped[str] = mapped_column(String(10))
    copy_sha256: Mapped[str | None] = mapped_column(String(64))
    thumbnail_sha256: Mapped[str | None] = mapped_column(String(64))
    failure: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime] = mapped_column(Instant)
    fault: Mapped[str] = mapped_column(String(10), default="")
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
