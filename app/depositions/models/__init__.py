"""Tables of the depositions desk (the Session Requests document, "Example Request" and "Example Response")."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.depositions.models.proposals import (
    CalendarReply,
    HourAnswer,
    Mailbox,
    OfferedKey,
    Proposal,
    ProposalPerson,
)
from app.depositions.models.roster import BUFFER, Absence, Manager, WorkingHours
from app.kernel.db.counters import keep_counters
from app.kernel.db.engine import Base, Instant, Json, only
from app.kernel.db.hourly_stats import StatEvent, keep_hourly_stats

__all__ = [
    "BOOKED",
    "BUFFER",
    "COUNTS",
    "IS_SESSION",
    "NOT_PROMISED",
    "OVERLAPPING",
    "SESSIONS",
    "UNFINISHED",
    "Absence",
    "Access",
    "CalendarReply",
    "ChecklistItem",
    "ConflictKey",
    "Deposition",
    "DepositionPerson",
    "DepositionQuestion",
    "DepositionSettings",
    "HourAnswer",
    "Kind",
    "Mailbox",
    "Manager",
    "MessageState",
    "OfferedKey",
    "Proposal",
    "ProposalPerson",
    "Role",
    "State",
    "WorkingHours",
]


class State(StrEnum):
    """The state of a deposition. All but `ended` are words of the document."""

    INITIAL = "initial"
    SCHEDULED = "scheduled"
    READY = "ready"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELED = "canceled"


BOOKED = (State.SCHEDULED, State.READY)
"""A session with a link that has not begun."""


class Access(StrEnum):
    """What an invitee may do in the room."""

    PARTICIPANT = "participant"
    HOST = "host"


class Role(StrEnum):
    """What the person questioned is called."""

    DEPONENT = "deponent"
    WITNESS = "witness"


SESSIONS = (*BOOKED, State.ACTIVE, State.ENDED)
"""What was booked and not canceled."""
IS_SESSION = f"state IN ({', '.join(repr(state.value) for state in SESSIONS)})"
"""The same as a condition without parameters, as a partial index needs it."""

_STATES = ", ".join(f"'{state.value}'" for state in State)
_CANCELLATION = "cancellation_open"
UNFINISHED = "ended_at IS NULL AND canceled_at IS NULL"
"""SQL: what is neither over nor canceled."""
NOT_PROMISED = datetime(1970, 1, 1, tzinfo=UTC)
"""`promised_by` of rows of earlier programs, until the upgrade or the worker has found it."""


def _true(column: str) -> dict[str, Any]:
    """The keyword arguments of an index of the rows whose boolean column is true, as each database writes it. `Any`, as
    those of an index have many types."""
    return {"sqlite_where": text(f"{column} = 1"), "postgresql_where": text(column)}


class Deposition(Base):
    """One session request and the session it becomes.

    `start_date`, `start_time`, `time_zone` and `estimated_duration` are kept as they were sent, for the echo; `zone` is
    the IANA name behind the name, `starts_at` and `ends_at` are what they mean. Without a duration, `ends_at` is the
    start. `estimated_duration` is the number of hours as JSON wrote it, so that 2 stays 2 and 1.25 stays 1.25.
    `ambiguous`: the wall time comes twice that day and the first is meant.
    `remote_session_id` and `slug` are minted at creation and shown from `booked_at` on.
    `cancellation_open` is true while the organization waits for an answer to `cancellation_requested_at`.
    `overlapping` is true while another open session needs the same at the same hour (actions/overlaps.py keeps it).
    `zone_version` is the version of the zone rules by which `starts_at` was found, empty for rows of earlier programs;
    `hour_moved` is true while newer rules give its wall time another moment, until the team has decided which counts.
    `promised_by` is when the team has promised an answer, in its own hours (rules/promises.py).
    `reconfirm_at` is 10:00, on the session's own clock, of the business day before it; `reconfirmation` is what those
    who were asked say (rules/reconfirmation.py), None while nobody was asked.
    `agreement` says how a session stands of which other hours are offered until `answers_until`, None while none are
    (rules/proposals.py; actions/proposals.py keeps both).
    `sequence` counts what participants and systems had to learn: the booking, each move, the cancellation. It is the
    SEQUENCE of the calendar files, and `sequence_at` is when it last grew. `not_up_to_date` is true while somebody who
    heard of an earlier one has not heard of this one (actions/people.py keeps it).
    `moved_at` is when it was moved last, and `moved_because` why, as participants read it; `previous_…` is what they
    were last told before that, and stays as it is over moves of which nobody was told (`moved_silently`).
    `before_start` are the facts that a start changed, with which it is taken back.
    `manager_id` is the manager's row of the roster; `manager_name` and `manager_email` are what it said when the
    session was booked. It has no foreign key, which a large table does not get while it is in use; rosters only grow.
    """

    __tablename__ = "depositions"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        CheckConstraint("ends_at >= starts_at", name="ends_after_start"),
        # The queue: one range an urgency group, for all organizations and for one.
        Index("ix_depositions_starts", "state", "starts_at", "id"),
        Index("ix_depositions_created", "state", "created_at", "id", "starts_at"),
        Index("ix_depositions_organization_starts", "organization_id", "state", "starts_at", "id"),
        Index("ix_depositions_organization_created", "organization_id", "state", "created_at", "id", "starts_at"),
        # The API's list in id order, and the ids that its epoch filters choose.
        Index("ix_depositions_organization", "organization_id", "id"),
        Index("ix_depositions_organization_span", "organization_id", "starts_at", "ends_at", "id"),
        # The API's list of sessions alone, in id order, with what its filters ask.
        Index("ix_depositions_sessions", "organization_id", "id", "starts_at", "ends_at", "state", **only(IS_SESSION)),
        Index(
            "ix_depositions_cancellation",
            "cancellation_requested_at",
            "id",
            sqlite_where=text(f"{_CANCELLATION} = 1"),
            postgresql_where=text(_CANCELLATION),
        ),
        Index(
            "ix_depositions_managed",
            "manager_id",
            "starts_at",
            **only("manager_id IS NOT NULL"),
        ),
        Index(
            "ix_depositions_assignee",
            "assignee_id",
            "state",
            "starts_at",
            "id",
            **only("assignee_id IS NOT NULL"),
        ),
        Index("ix_depositions_question", "question", "starts_at", "id", **only("question IS NOT NULL")),
        Index("ix_depositions_agreement", "agreement", "starts_at", "id", **only("agreement IS NOT NULL")),
        Index("ix_depositions_behind", "starts_at", "id", **_true("not_up_to_date")),
        Index("ix_depositions_organization_behind", "organization_id", "starts_at", "id", **_true("not_up_to_date")),
        Index("ix_depositions_promised", "state", "promised_by", "id", "starts_at"),
        Index("ix_depositions_organization_promised", "organization_id", "state", "promised_by", "id", "starts_at"),
        Index("ix_depositions_zone_version", "zone_version", "id", **only(UNFINISHED)),
        Index("ix_depositions_hour_moved", "starts_at", "id", "organization_id", **_true("hour_moved")),
        Index("ix_depositions_overlapping", "starts_at", "id", **_true("overlapping")),
        Index("ix_depositions_organization_overlapping", "organization_id", "starts_at", "id", **_true("overlapping")),
        Index("ix_depositions_reconfirm", "state", "reconfirm_at", "id", **only("reconfirm_at IS NOT NULL")),
        # The rows behind the overview's charts.
        Index("ix_depositions_booked", "organization_id", "booked_at", "id", **only("booked_at IS NOT NULL")),
        Index("ix_depositions_canceled", "organization_id", "canceled_at", "id", **only("canceled_at IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer, default=1)
    remote_session_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)

    title: Mapped[str] = mapped_column(Text)
    case_name: Mapped[str] = mapped_column(Text)
    file_number: Mapped[str | None] = mapped_column(Text)
    start_date: Mapped[str] = mapped_column(String(10))
    start_time: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str] = mapped_column(String(80))
    estimated_duration: Mapped[str | None] = mapped_column(String(32))
    zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ambiguous: Mapped[bool] = mapped_column(Boolean)

    session_type: Mapped[str] = mapped_column(Text)
    deponent_name: Mapped[str | None] = mapped_column(Text)
    deponent_email: Mapped[str | None] = mapped_column(String(254))
    deponent_role: Mapped[str | None] = mapped_column(String(10))
    invites: Mapped[list[dict[str, str]]] = mapped_column(Json)
    details: Mapped[dict[str, str]] = mapped_column(Json)
    postback_url: Mapped[str | None] = mapped_column(Text)

    notice: Mapped[str | None] = mapped_column(Text)
    cancellation_requested_at: Mapped[datetime | None] = mapped_column(Instant)
    cancellation_open: Mapped[bool] = mapped_column(Boolean, default=False)
    manager_id: Mapped[int | None] = mapped_column(Integer)
    manager_name: Mapped[str | None] = mapped_column(Text)
    manager_email: Mapped[str | None] = mapped_column(String(254))
    provider: Mapped[str | None] = mapped_column(Text)
    room_url: Mapped[str | None] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    overlapping: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    zone_version: Mapped[str] = mapped_column(String(12), server_default="")
    hour_moved: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    promised_by: Mapped[datetime] = mapped_column(Instant, server_default=f"{NOT_PROMISED:%Y-%m-%d %H:%M:%S.%f}")
    sequence_at: Mapped[datetime | None] = mapped_column(Instant)
    not_up_to_date: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    reconfirm_at: Mapped[datetime | None] = mapped_column(Instant)
    reconfirmation: Mapped[str | None] = mapped_column(String(10))
    question: Mapped[str | None] = mapped_column(String(10))
    agreement: Mapped[str | None] = mapped_column(String(10))
    answers_until: Mapped[datetime | None] = mapped_column(Instant)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    assignee_name: Mapped[str | None] = mapped_column(String(200))

    moved_at: Mapped[datetime | None] = mapped_column(Instant)
    moved_because: Mapped[str | None] = mapped_column(Text)
    moved_silently: Mapped[bool | None] = mapped_column(Boolean)
    previous_starts_at: Mapped[datetime | None] = mapped_column(Instant)
    previous_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    previous_zone: Mapped[str | None] = mapped_column(String(64))
    before_start: Mapped[dict[str, str | bool] | None] = mapped_column(Json)

    booked_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    canceled_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class DepositionQuestion(Base):
    """A question of the team to the organization. `choices` are prepared hours on the session's own clock
    (`2026-12-17T14:00`); `answer` is one of what was prepared, `note` what was written besides (rules/questions.py)."""

    __tablename__ = "deposition_questions"
    __table_args__ = (
        Index("ix_deposition_questions_deposition", "deposition_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    deposition_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("depositions.id")
    )
    question: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(10))
    choices: Mapped[list[str]] = mapped_column(Json)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_to: Mapped[str] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)


class ChecklistItem(Base):
    """Something that is prepared for a deposition (rules/checklist.py). What is not needed has no row."""

    __tablename__ = "deposition_checks"

    deposition_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("depositions.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(12), primary_key=True)
    done: Mapped[bool] = mapped_column(Boolean)


class DepositionSettings(Base):
    """What an organization chose about its depositions. A row is made by the first change; without one all is off.

    `reminders_since` and `reconfirmation_since` are when they were last switched on: sessions booked before are left
    alone. `promised_hours` are the business hours within which a request is answered; None: the team's own.
    """

    __tablename__ = "deposition_settings"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, autoincrement=False)
    postback_cancellations: Mapped[bool] = mapped_column(Boolean)
    reminders: Mapped[bool] = mapped_column(Boolean)
    reconfirmation: Mapped[bool] = mapped_column(Boolean)
    reconfirm_deponent: Mapped[bool] = mapped_column(Boolean)
    silence_is_yes: Mapped[bool] = mapped_column(Boolean)
    reminders_since: Mapped[datetime | None] = mapped_column(Instant)
    reconfirmation_since: Mapped[datetime | None] = mapped_column(Instant)
    promised_hours: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)


COUNTS = keep_counters(Deposition.__table__, "deposition_counts", ["organization_id", "state", _CANCELLATION])

_EARLY_OR_LATE = ", ".join(
    f"'{half}{hour:02d}'" for half, hours in (("A", (12, *range(1, 7))), ("P", range(8, 12))) for hour in hours
)
keep_hourly_stats(
    Deposition.__table__,
    StatEvent(
        "deposition.asked",
        at="created_at",
        # The wall time as it was sent, `01:30 AM`: the hour at the session's own place, without asking for its zone.
        category="CASE WHEN substr({r}.start_time, 7, 1) || substr({r}.start_time, 1, 2) "
        f"IN ({_EARLY_OR_LATE}) THEN 'odd' ELSE 'office' END",
        reads=("start_time",),
        always=f"{{r}}.state IN ({_STATES})",
    ),
    # A session that an organization books itself never waited.
    StatEvent("deposition.booked", at="booked_at", since="created_at", only="{r}.booked_at > {r}.created_at"),
    StatEvent("deposition.canceled", at="canceled_at"),
    StatEvent("deposition.starts", at="starts_at", category="{r}.state", reads=("state",)),
)
OVERLAPPING = keep_counters(Deposition.__table__, "overlapping_counts", ["organization_id"], only="{r}.overlapping")


class ConflictKey(Base):
    """Something that an open deposition needs for itself, and from when to when (rules/conflicts.py says what).

    `key` is a digest, so that this table repeats no name; `begins` and `ends` are seconds since 1970. `alone` is true
    while the deposition overlaps no other: what a new one makes overlap is found without reading what overlaps already.
    Rows are derived from depositions, with which they are written.
    """

    __tablename__ = "conflict_keys"
    __table_args__ = (
        Index("ix_conflict_keys_span", "key", "alone", "begins", "ends", "deposition_id"),
        {"sqlite_with_rowid": False},
    )

    deposition_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    need: Mapped[str] = mapped_column(String(12))
    begins: Mapped[int] = mapped_column(BigInteger)
    ends: Mapped[int] = mapped_column(BigInteger)
    alone: Mapped[bool] = mapped_column(Boolean)


class Kind(StrEnum):
    """What somebody is to a deposition, as far as what they know of it is concerned.

    `organization` is whoever reads the organization's mail, its `system` what it runs.
    `visitor` stands for everybody who came without a link of their own.
    """

    PARTICIPANT = "participant"
    MANAGER = "manager"
    SYSTEM = "system"
    ORGANIZATION = "organization"
    VISITOR = "visitor"


class MessageState(StrEnum):
    """What became of the latest message to somebody."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    FAILED = "failed"
    DROPPED = "dropped"


class DepositionPerson(Base):
    """What is known of what one person, or the organization's system, knows of a deposition.

    A row is made with the first message to them. `address` is in lower case, empty for a system and for visitors.
    `concerned` is false once they no longer take part: what they are to know then is that it is canceled for them.
    `message_…` is the latest message to them, `invited_…` the latest that their server accepted: its SEQUENCE, the
    start that it names, and whether it took the session back. For a system that is the webhook, or the answer to its
    request (0). `opened_sequence` is what the session's page showed; `asked_sequence` the state of which they were
    asked whether it takes place, `answer_sequence` what they answered to.
    """

    __tablename__ = "deposition_people"
    __table_args__ = (CheckConstraint("invited_sequence >= 0", name="sequence_counts"),)

    deposition_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("depositions.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="")
    concerned: Mapped[bool] = mapped_column(Boolean, default=True)
    message_sequence: Mapped[int | None] = mapped_column(Integer)
    message_state: Mapped[str | None] = mapped_column(String(10))
    message_at: Mapped[datetime | None] = mapped_column(Instant)
    invited_sequence: Mapped[int | None] = mapped_column(Integer)
    invited_at: Mapped[datetime | None] = mapped_column(Instant)
    invited_starts_at: Mapped[datetime | None] = mapped_column(Instant)
    invited_canceled: Mapped[bool] = mapped_column(Boolean, default=False)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_sequence: Mapped[int | None] = mapped_column(Integer)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_sequence: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[str | None] = mapped_column(String(20))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answer_sequence: Mapped[int | None] = mapped_column(Integer)
    entered_at: Mapped[datetime | None] = mapped_column(Instant)
