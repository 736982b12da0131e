"""The table of pending decisions."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Uuid, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant, Json, only
from app.kernel.json_types import JsonObject


class State(StrEnum):
    """How a decision stands. PENDING past its `final_at` is final and only not carried out yet."""

    PENDING = "held"
    UNDONE = "undone"
    FINAL = "final"
    OVERTAKEN = "overtaken"
    RETURNED = "returned"


PENDING_ROWS = only("state = 'held'")
ON_A_BAR = only("shown_to IS NOT NULL")


class PendingDecision(Base):
    """A decision that can be undone until `final_at`. The table keeps the name that it had at first.

    `kind` is the verb, `payload` what was typed with it, `version` and `digest` what the user had seen. `actor` is the
    user as events name them. `name` and `url` are the subject's, for the bar. `due_at` is `final_at` until carrying it
    out failed, then the next try. `shown_to` is the user whose bar shows it: until it is over, and when it did not
    become final, until they have read why.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'undone', 'final', 'overtaken', 'returned')", name="state_known"),
        # Decides between two users who press at once.
        Index("uq_holds_held", "subject_type", "subject_id", unique=True, **PENDING_ROWS),
        Index("ix_holds_due", "due_at", "id", **PENDING_ROWS),
        Index("ix_holds_subject", "subject_type", "subject_id", "pressed_at"),
        Index("ix_holds_bar", "shown_to", "pressed_at", **ON_A_BAR),
        Index("ix_holds_person", "person_id", "pressed_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    shown_to: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(254))
    url: Mapped[str] = mapped_column(String(200))
    actor: Mapped[JsonObject] = mapped_column(Json)
    payload: Mapped[JsonObject] = mapped_column(Json)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    pressed_at: Mapped[datetime] = mapped_column(Instant)
    final_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(10))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    why: Mapped[str | None] = mapped_column(String(500))
    """Why it was overtaken or returned: the sentence its user reads."""


TABLE = PendingDecision.__table__
IS_PENDING = PendingDecision.state == literal_column("'held'")
"""Not ended. A literal, because no database takes a partial index for a value it learns later."""


class Decision(Protocol):
    """A pending decision as it is read."""

    id: UUID
    subject_type: str
    subject_id: str
    organization_id: int
    person_id: int
    kind: str
    name: str
    url: str
    actor: JsonObject
    payload: JsonObject
    version: int
    digest: str
    pressed_at: datetime
    final_at: datetime
    state: str
    ended_at: datetime | None
    why: str | None
