"""Tables of inspections, and their states.

Source: the Sessions API document, "The Session object" and "Mint a field-user invite"; docs/inspections.md.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.append_only import keep_append_only
from app.kernel.db.counters import keep_counters
from app.kernel.db.engine import Base, Instant, Json, only
from app.kernel.db.hourly_stats import StatEvent, keep_hourly_stats
from app.kernel.text import normalization


class Status(StrEnum):
    """What an inspection says of itself on the wire. EXPIRED is computed, never stored."""

    CREATED = "created"
    OPEN = "open"
    RECORDING = "recording"
    CLOSED = "closed"
    EXPIRED = "expired"


class Anchoring(StrEnum):
    """How far the time stamps of an inspection are."""

    NOT_ENDED = "not_ended"
    NO_AUTHORITY = "no_authority"
    PENDING = "pending"
    ANCHORED = "anchored"
    FAILED = "failed"


class AnchorState(StrEnum):
    """One authority's answer."""

    PENDING = "pending"
    ANCHORED = "anchored"
    FAILED = "failed"


class StatementKind(StrEnum):
    """What an authority is asked to stamp."""

    END = "end"
    """The whole record of an inspection that has ended."""
    CHECKPOINT = "checkpoint"
    """The record so far, which goes on."""
    ADDITION = "addition"
    """A record that has grown after its end."""
    RENEWAL = "renewal"
    """Earlier stamps, before the certificates that they lean on run out."""


def _one_of(column: str, words: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


WAITING = "status = 'open' AND attended_at IS NULL"
ATTENDED = "status IN ('open', 'recording') AND attended_at IS NOT NULL"
ASSIGNED = "assignee_id IS NOT NULL"
MADE = "operator_id IS NOT NULL"
UNANCHORED = "anchoring IN ('pending', 'failed')"
BROKEN = "broken_at IS NOT NULL"
"""What partial indexes hold; their readers say the very same words, so that planners know them again."""


class Campaign(Base):
    """A name under which an organization groups inspections for its reports."""

    __tablename__ = "campaigns"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True, default=uuid.uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Inspection(Base):
    """One inspection. The API calls it Session.

    `expires_at` is when it is over if nobody has joined; `expires_on` is that day (UTC, YYYY-MM-DD) while nobody has,
    and empty afterwards, so that expired ones are counted from a few kept rows. `chain_length` and `chain_head` move
    only together with a new row in chain_events. `operator_email` is who the wire says it is of, and stays as it
    was; `operator_id` is the person whose address that was. `assignee_id` is the person at the desk who has it now,
    which the wire does not say. `consent_state` is what the field users who are in have answered, the worst answer of
    each subject (rules.worst_answers); `subjects` are those that it uses, about which alone they are asked, in the
    order of rules.SUBJECTS. `broken_at` is since when verification finds that its record does not hold.
    """

    __tablename__ = "inspections"
    __table_args__ = (
        CheckConstraint("status IN ('created', 'open', 'recording', 'closed')", name="status_known"),
        CheckConstraint(_one_of("anchoring", Anchoring), name="anchoring_known"),
        Index("ix_inspections_list", "organization_id", "created_at", "id"),
        Index("ix_inspections_expiry", "organization_id", "status", "expires_at", "id"),
        Index("ix_inspections_ended", "organization_id", "ended_at", "id"),
        Index(
            "ix_inspections_unanchored",
            "organization_id",
            "ended_at",
            "id",
            **only(UNANCHORED),
        ),
        Index("ix_inspections_made", "operator_id", "status", "expires_at", "id", **only(MADE)),
        Index("ix_inspections_waiting", "organization_id", "started_at", "id", **only(WAITING)),
        Index("ix_inspections_live", "organization_id", "started_at", "id", **only(ATTENDED)),
        # Staff see every organization in one list.
        Index("ix_inspections_house_newest", "created_at", "id"),
        Index("ix_inspections_house_expiry", "status", "expires_at", "id"),
        Index("ix_inspections_house_ended", "ended_at", "id", **only("ended_at IS NOT NULL")),
        Index("ix_inspections_house_unanchored", "ended_at", "id", **only(UNANCHORED)),
        Index("ix_inspections_house_waiting", "started_at", "id", **only(WAITING)),
        Index("ix_inspections_house_live", "started_at", "id", **only(ATTENDED)),
        Index("ix_inspections_broken", "organization_id", "broken_at", "id", **only(BROKEN)),
        Index("ix_inspections_house_broken", "broken_at", "id", **only(BROKEN)),
        Index("ix_inspections_assignee", "assignee_id", "status", "expires_at", "id", **only(ASSIGNED)),
    )

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True, default=uuid.uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    campaign_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    operator_email: Mapped[str] = mapped_column(String(320))
    operator_id: Mapped[int | None] = mapped_column(Integer)
    operator_name: Mapped[str] = mapped_column(String(200), default="")
    assignee_id: Mapped[int | None] = mapped_column(Integer)
    assignee_name: Mapped[str | None] = mapped_column(String(200))
    scheduled_for: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    expires_on: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    attended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    notes: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(2))
    consent_state: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    subjects: Mapped[list[str]] = mapped_column(Json, server_default='["camera", "gps", "recording"]')
    anchoring: Mapped[str] = mapped_column(String(12), default=Anchoring.NOT_ENDED.value)
    chain_length: Mapped[int] = mapped_column(Integer, default=0)
    chain_head: Mapped[str] = mapped_column(String(64))
    broken_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


COUNTS = keep_counters(
    Inspection.__table__, "inspection_counts", dimensions=["organization_id", "status", "anchoring", "expires_on"]
)


class Invite(Base):
    """Lets one field user in. The link's token and the code are kept as hashes only.

    `issue` counts links: 1 at minting, one more with each reissue. `tries` are wrong codes since the last code was
    made; `pin_network` and `pin_agent` are where the link was first redeemed, and only that pair may redeem it again.
    """

    __tablename__ = "invites"
    __table_args__ = (
        Index("ix_invites_inspection", "inspection_id", "created_at", "id"),
        # The rows behind the overview's charts.
        Index("ix_invites_made", "organization_id", "created_at", "id"),
        Index("ix_invites_joined", "organization_id", "joined_at", "id", **only("joined_at IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True, default=uuid.uuid4)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    role: Mapped[str] = mapped_column(String(10), default="field")
    recipient_first_name: Mapped[str] = mapped_column(String(100), default="")
    recipient_last_name: Mapped[str] = mapped_column(String(100), default="")
    recipient_email: Mapped[str] = mapped_column(String(320), default="")
    recipient_phone: Mapped[str] = mapped_column(String(40), default="")
    recipient_phone_key: Mapped[str | None] = mapped_column(String(40))
    send_email: Mapped[bool] = mapped_column(Boolean, default=True)
    issue: Mapped[int] = mapped_column(Integer, default=1)
    code_issue: Mapped[int] = mapped_column(Integer, default=1)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    field_token_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    otp_hash: Mapped[str | None] = mapped_column(String(64))
    otp_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    locked_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    joined_at: Mapped[datetime | None] = mapped_column(Instant)
    pin_network: Mapped[str | None] = mapped_column(String(64))
    pin_agent: Mapped[str | None] = mapped_column(Text)
    ttl_minutes: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def otp_required(self) -> bool:
        """Whether the link alone is not enough."""
        return self.otp_hash is not None

    @property
    def recipient_name(self) -> str:
        return normalization.name(f"{self.recipient_first_name} {self.recipient_last_name}")


class ConsentWording(Base):
    """The words in which consent was asked, known by the SHA-256 of their UTF-8 bytes. Rows are only ever added."""

    __tablename__ = "consent_wordings"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    locale: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Consent(Base):
    """One answer of one field user about one subject. Rows are only ever added; the newest of a subject counts.

    `issue` is the link's: whoever joins by a newer link is asked again. `wording_sha256` is null where the words were
    not kept, as for answers that only the chain held once.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("answer IN ('granted', 'denied')", name="answer_known"),
        Index("ix_consents_inspection", "inspection_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    invite_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invites.id"))
    issue: Mapped[int] = mapped_column(Integer)
    subject: Mapped[str] = mapped_column(String(12))
    answer: Mapped[str] = mapped_column(String(10))
    wording_sha256: Mapped[str | None] = mapped_column(ForeignKey("consent_wordings.sha256"))
    locale: Mapped[str | None] = mapped_column(String(2))
    answered_at: Mapped[datetime] = mapped_column(Instant)


class OwnWording(Base):
    """A version of the words in which an organization asks about a subject in one language, in place of the product's.
    Rows are only ever added; the one with the highest number counts.

    An empty text is the product's words again. `sha256` names the whole wording as field users were asked when this
    version was saved, as the chain names it.
    """

    __tablename__ = "own_wordings"
    __table_args__ = (
        UniqueConstraint("organization_id", "locale", "subject", "number"),
        Index("ix_own_wordings_versions", "organization_id", "locale", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    subject: Mapped[str] = mapped_column(String(12))
    locale: Mapped[str] = mapped_column(String(2))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    author: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)


class ReplacedLink(Base):
    """A link that a reissue replaced, and the field session that it had opened. Neither lets anybody in.

    They are kept so that a phone with the old link can be told that a newer one was sent.
    """

    __tablename__ = "replaced_links"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    field_token_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    invite_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invites.id"), index=True)
    replaced_at: Mapped[datetime] = mapped_column(Instant)


class WrongCodes(Base):
    """Wrong codes ever typed for one recipient in one inspection; a new code or link does not reset it."""

    __tablename__ = "wrong_codes"

    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, default=0)


class ChainEvent(Base):
    """One sealed event. `payload` is the canonical text that was hashed; rows are only ever added."""

    __tablename__ = "chain_events"

    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    prev_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[str] = mapped_column(String(24))
    hash: Mapped[str] = mapped_column(String(64))


class PersonalRecord(Base):
    """What the chain names by its SHA-256 (people.py). `content` is null once it is erased."""

    __tablename__ = "personal_records"
    __table_args__ = (Index("ix_personal_records_inspection", "inspection_id", "created_at"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    invite_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invites.id"))
    content: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class AnchorRequest(Base):
    """A question to one authority: what it is to stamp, and how far asking it is. The answer becomes an Anchor."""

    __tablename__ = "anchor_requests"
    __table_args__ = (
        CheckConstraint(_one_of("state", AnchorState), name="state_known"),
        Index("ix_anchor_requests_inspection", "inspection_id", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True, default=uuid.uuid4)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    authority: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(10))
    statement: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Anchor(Base):
    """A time stamp: what one authority was asked to stamp, and its raw RFC 3161 answer, both as sent and received.

    Its id is that of its request; stamps from before there were requests have none. Rows are only ever added.
    """

    __tablename__ = "anchors"
    __table_args__ = (
        Index("ix_anchors_inspection", "inspection_id", "created_at"),
        Index("ix_anchors_stamped", "stamped_at", "id", **only("stamped_at IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(UuidType, primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    authority: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(10))
    statement: Mapped[str] = mapped_column(Text)
    # Always there, but declaring that would scan the whole table while nobody else may write to it.
    reply: Mapped[bytes] = mapped_column(LargeBinary, nullable=True)
    stamped_at: Mapped[datetime] = mapped_column(Instant, nullable=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class VerificationRun(Base):
    """The verification of every record in one night: how far it is, and what it has found.

    `after` is the last inspection that was verified; a worker that verifies holds the lease.
    """

    __tablename__ = "verification_runs"

    night: Mapped[str] = mapped_column(String(10), primary_key=True)
    after: Mapped[uuid.UUID | None] = mapped_column(UuidType)
    proven: Mapped[int] = mapped_column(Integer, default=0)
    broken: Mapped[int] = mapped_column(Integer, default=0)
    not_proven: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


for _table in (ConsentWording, Consent, OwnWording, ChainEvent, Anchor):
    keep_append_only(Base.metadata.tables[_table.__tablename__])
keep_hourly_stats(
    Inspection.__table__,
    StatEvent("inspection.created", at="created_at"),
    StatEvent("inspection.ended", at="ended_at"),
)
keep_hourly_stats(
    Invite.__table__,
    StatEvent(
        "invite.made",
        at="created_at",
        category="CASE WHEN {r}.joined_at IS NOT NULL THEN 'joined' WHEN {r}.locked_at IS NOT NULL THEN 'locked' "
        "WHEN {r}.opened_at IS NOT NULL THEN 'opened' WHEN {r}.seen_at IS NOT NULL THEN 'seen' ELSE 'made' END",
        reads=("joined_at", "locked_at", "opened_at", "seen_at"),
        about="inspection_id",
    ),
    StatEvent("invite.joined", at="joined_at", since="created_at", about="inspection_id"),
)
keep_hourly_stats(
    Anchor.__table__,
    StatEvent(
        "anchor.stamped",
        at="stamped_at",
        since="created_at",
        only="{r}.kind = 'end'",
        organization="(SELECT organization_id FROM inspections WHERE id = {r}.inspection_id)",
        about="inspection_id",
    ),
)
