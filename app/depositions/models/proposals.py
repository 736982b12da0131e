"""Tables of moving by agreement: the hours that participants are offered, and what they answer about each."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant, Json, only

_NUMBER = BigInteger().with_variant(Integer, "sqlite")


class Proposal(Base):
    """Hours that the participants of a session are offered instead of its own.

    `slots` are the starts of these hours, in UTC (`2026-12-17T13:00:00Z`); each lasts as long as the session. A
    deposition has one proposal that is open, whose slots can be changed (`version` counts that). `quorum` is how many
    of those who are asked have to be able to come. Answers are taken until `answers_until`. `state` is that of
    rules/proposals.py.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("quorum > 0", name="quorum_counts"),
        Index("ix_proposals_deposition", "deposition_id", "id"),
        Index("uq_proposals_open", "deposition_id", unique=True, **only("state = 'open'")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True)
    deposition_id: Mapped[int] = mapped_column(_NUMBER, ForeignKey("depositions.id"))
    state: Mapped[str] = mapped_column(String(10))
    slots: Mapped[list[str]] = mapped_column(Json)
    quorum: Mapped[int] = mapped_column(Integer)
    because: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[str] = mapped_column(Text)
    answers_until: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)


class ProposalPerson(Base):
    """A participant who was asked by a proposal. `address` is in lower case, `note` what they wrote besides their
    answers. `zone` is the one that their browser named; `reminded_at` is when they were reminded of these hours."""

    __tablename__ = "proposal_people"

    proposal_id: Mapped[int] = mapped_column(_NUMBER, ForeignKey("proposals.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)


class HourAnswer(Base):
    """What a participant answers about one hour of a deposition: on the page of a proposal, on the phone, or by their
    calendar. An hour that they suggest themselves is one that no proposal has. The latest answer counts."""

    __tablename__ = "hour_answers"

    deposition_id: Mapped[int] = mapped_column(_NUMBER, ForeignKey("depositions.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    answer: Mapped[str] = mapped_column(String(10))
    via: Mapped[str] = mapped_column(String(10))
    answered_at: Mapped[datetime] = mapped_column(Instant)


class OfferedKey(Base):
    """Something that an offered hour would take, as `ConflictKey` has it of sessions. Rows last as long as the proposal
    is open."""

    __tablename__ = "offered_keys"
    __table_args__ = (
        Index("ix_offered_keys_span", "key", "begins", "ends", "deposition_id"),
        {"sqlite_with_rowid": False},
    )

    deposition_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    begins: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    need: Mapped[str] = mapped_column(String(12))
    ends: Mapped[int] = mapped_column(BigInteger)


class CalendarReply(Base):
    """A calendar reply that was read, by the SHA-256 of its Message-ID, so that it is read once."""

    __tablename__ = "calendar_replies"

    message: Mapped[str] = mapped_column(String(64), primary_key=True)
    deposition_id: Mapped[int] = mapped_column(_NUMBER, ForeignKey("depositions.id"))
    read_at: Mapped[datetime] = mapped_column(Instant)


class Mailbox(Base):
    """How far a mailbox was read: the last UID under its UIDVALIDITY. `name` is the SHA-256 of its address."""

    __tablename__ = "mailboxes"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    validity: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime] = mapped_column(Instant)
