"""Tables of the roster: who manages sessions, when they work, and when they are away."""

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant, Json

BUFFER = 15
"""Minutes that a manager keeps free before and after a session, until their row says otherwise."""


class Manager(Base):
    """A row of the roster: somebody who manages sessions, with an account here (`person_id`) or an outsider.

    `email` is in lower case and names one row; `telephone` is as it was typed, or empty. `zone` is the IANA zone of
    their working hours and absences. `templates` has the addresses of their rooms by video provider. `feed_hash` is the
    SHA-256 of the token of their calendar feed. A row is never deleted: who no longer manages is not `active`.
    """

    __tablename__ = "managers"
    __table_args__ = (
        CheckConstraint("buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480", name="buffers_known"),
        Index("ix_managers_name", "active", "name", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    telephone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    zone: Mapped[str] = mapped_column(String(64))
    languages: Mapped[list[str]] = mapped_column(Json)
    skills: Mapped[list[str]] = mapped_column(Json)
    buffer_before: Mapped[int] = mapped_column(Integer, default=BUFFER)
    buffer_after: Mapped[int] = mapped_column(Integer, default=BUFFER)
    templates: Mapped[dict[str, str]] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    feed_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    feed_made_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class WorkingHours(Base):
    """A part of a weekday (Monday is 0) in which a manager works, in minutes after midnight of their zone.

    Who has none at all works at any hour; a weekday without one is free.
    """

    __tablename__ = "manager_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("starts >= 0 AND ends > starts AND ends <= 1440", name="within_a_day"),
    )

    manager_id: Mapped[int] = mapped_column(ForeignKey("managers.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(Integer, primary_key=True)
    starts: Mapped[int] = mapped_column(Integer, primary_key=True)
    ends: Mapped[int] = mapped_column(Integer)


class Absence(Base):
    """Days on which a manager is away, both included, on the calendar of their zone."""

    __tablename__ = "manager_absences"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="ends_after_start"),
        Index("ix_manager_absences_manager", "manager_id", "last_day"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("managers.id"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text)
