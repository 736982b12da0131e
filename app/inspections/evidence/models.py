"""Tables of evidence. What was captured is only ever added to; what becomes of it stands in a table of its own."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.append_only import keep_append_only
from app.kernel.db.engine import Base, Instant, only


class Kind(StrEnum):
    """What a piece of evidence is."""

    PHOTO = "photo"
    NOTE = "note"
    DOCUMENT = "document"


class Copying(StrEnum):
    """How far the cleaned copy is that people look at."""

    PENDING = "pending"
    MADE = "made"
    FAILED = "failed"
    NONE = "none"
    """Notes and documents have none."""


class Evidence(Base):
    """One piece of evidence, as it came. The file is in the store by its SHA-256, once in an inspection.

    `sequence` is its event in the chain. `invite_id` is whose it is; null where an operator added it. `record` is the
    SHA-256 of what is personal about it (`EvidenceState.content`), by which the chain names that.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("kind IN ('photo', 'note', 'document')", name="kind_known"),
        UniqueConstraint("inspection_id", "sha256"),
        Index("ix_evidence_inspection", "inspection_id", "sequence"),
        # Whose a file is that somebody wants to check.
        Index("ix_evidence_sha256", "sha256"),
    )

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True, default=uuid.uuid4)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invite_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invites.id"))
    sequence: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(60))
    record: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(Instant)


class EvidenceState(Base):
    """What becomes of one piece of evidence: its copies, and whether it was erased.

    `content` is its personal record (people.py) and `note` the text of a note; both are null once it is erased.
    `credentials` is whether the copy carries Content Credentials.
    """

    __tablename__ = "evidence_states"
    __table_args__ = (
        CheckConstraint("copying IN ('pending', 'made', 'failed', 'none')", name="copying_known"),
        Index("ix_evidence_states_inspection", "inspection_id"),
        Index("ix_evidence_states_copy", "copy_sha256", **only("copy_sha256 IS NOT NULL")),
    )

    evidence_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    content: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    copying: Mapped[str] = mapped_column(String(10))
    copy_sha256: Mapped[str | None] = mapped_column(String(64))
    thumbnail_sha256: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    failure: Mapped[str] = mapped_column(Text, default="")
    credentials: Mapped[bool] = mapped_column(Boolean, default=False)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class DeviceKey(Base):
    """The public half of a key that a field user's phone made when they joined; what it signs came from that phone.

    `sha256` is that of the key's DER. Rows are only ever added.
    """

    __tablename__ = "device_keys"
    __table_args__ = (Index("ix_device_keys_inspection", "inspection_id"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    invite_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invites.id"))
    public: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class EvidenceHold(Base):
    """A legal hold: while it is there, no evidence of the inspection is erased."""

    __tablename__ = "evidence_holds"

    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Instant)


class ItemHold(Base):
    """A legal hold on one piece of evidence: while it is there, that is not erased."""

    __tablename__ = "evidence_item_holds"
    __table_args__ = (Index("ix_evidence_item_holds_inspection", "inspection_id"),)

    evidence_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Instant)


class EvidenceMark(Base):
    """How far the evidence of an organization was erased because it keeps it only so long: that of all inspections that
    ended before `ended_at`, and of that moment those up to `after`."""

    __tablename__ = "evidence_marks"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, autoincrement=False)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    after: Mapped[uuid.UUID] = mapped_column(UuidType)


class FieldPhone(Base):
    """What the phone of a field user said last: how many pieces wait on it that have not arrived, and when."""

    __tablename__ = "field_phones"
    __table_args__ = (Index("ix_field_phones_inspection", "inspection_id"),)

    invite_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invites.id"), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    waiting: Mapped[int] = mapped_column(Integer, default=0)
    heard_at: Mapped[datetime] = mapped_column(Instant)


class EvidenceFault(Base):
    """An original that was missing from the store, or was another file, when it was read last."""

    __tablename__ = "evidence_faults"
    __table_args__ = (
        CheckConstraint("fault IN ('missing', 'changed')", name="fault_known"),
        Index("ix_evidence_faults_inspection", "inspection_id"),
    )

    evidence_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    fault: Mapped[str] = mapped_column(String(10))
    found_at: Mapped[datetime] = mapped_column(Instant)


class ReadingRun(Base):
    """One reading of every original, by the worker: how far it is. `after` is the piece of evidence that was read last;
    the worker that reads holds the lease. A run that a night is too short for goes on in the next one."""

    __tablename__ = "reading_runs"

    night: Mapped[str] = mapped_column(String(10), primary_key=True)
    after: Mapped[uuid.UUID | None] = mapped_column(UuidType)
    n: Mapped[int] = mapped_column(Integer, default=0)
    faulty: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class MadeFile(Base):
    """The SHA-256 of a bundle or report that was made of an inspection, kept for good, so that anybody who was given
    the file can check it. Rows are only ever added."""

    __tablename__ = "made_files"
    __table_args__ = (CheckConstraint("kind IN ('bundle', 'report')", name="kind_known"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    kind: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(Instant)


for _model in (Evidence, DeviceKey, MadeFile):
    keep_append_only(Base.metadata.tables[_model.__tablename__])
