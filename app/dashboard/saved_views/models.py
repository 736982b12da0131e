"""Tables of saved views: the views, when a person last looked at a list, the notes handed over on one."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant


class SavedView(Base):
    """A name for the address of one list. `place` says whose it is (owners.py): a person's, a team's, the staff's.

    `query` is the canonical query string; `view_sha256` the list's key, which last-seen rows and notes share.
    `name_key` is the name as compared: two views of one place at one desk never share it.
    """

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("uq_saved_views_name", "desk", "place", "name_key", unique=True),
        Index("ix_saved_views_made_by", "made_by_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    desk: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(32))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(Text)
    view_sha256: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_by_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


class LastSeen(Base):
    """When a person last looked at a list, and since when what they see there counts as new (last_seen.py)."""

    __tablename__ = "view_looks"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(16), primary_key=True)
    view_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    looked_at: Mapped[datetime] = mapped_column(Instant)
    since: Mapped[datetime | None] = mapped_column(Instant)


class HandoverNote(Base):
    """A note that a member of a team left on a list for the others. Cleared, it is empty and keeps its version."""

    __tablename__ = "handover_notes"
    __table_args__ = (Index("uq_handover_notes_list", "desk", "place", "view_sha256", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    desk: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(32))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    query: Mapped[str] = mapped_column(Text)
    view_sha256: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    written_by_name: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer, default=1)


class SavedViewRow(Protocol):
    """A saved view as it is read."""

    id: int
    desk: str
    place: str
    name: str
    query: str
    view_sha256: str
    position: int
    made_by_id: int
    made_by_name: str
    version: int
    created_at: datetime


class NoteRow(Protocol):
    """A handover note as it is read."""

    id: int
    desk: str
    place: str
    query: str
    text: str
    written_by_id: int
    written_by_name: str
    written_at: datetime
    version: int


VIEW_COLUMNS = tuple(SavedView.__table__.columns)
NOTE_COLUMNS = tuple(HandoverNote.__table__.columns)
