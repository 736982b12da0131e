"""Tables of the prescreens desk: contacts, questionnaires with their versions, and prescreens.

The API calls a questionnaire a workflow template; tables and columns are named so too.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.counters import keep_counters
from app.kernel.db.engine import Base, Instant, only
from app.kernel.db.hourly_stats import StatEvent, keep_hourly_stats
from app.kernel.json_types import JsonObject

Submission = JsonObject
"""Answers by the key of their question."""

TIME_TO_LIVE = timedelta(days=30)
"""How long a prescreen may wait for its decision ("sessions have a 30-day TTL")."""


class Status(StrEnum):
    """How far the prospect got. `expired` is computed and never stored."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"
    EXPIRED = "expired"


class ReviewStatus(StrEnum):
    """What the organization decided."""

    PENDING = "pending_review"
    APPROVED = "approved"
    DENIED = "denied"


class QuestionType(StrEnum):
    """The type of an answer, from which the JSON type of the stored value follows (rules/question_types)."""

    NAME = "name"
    TEXT = "text"
    LONGTEXT = "longtext"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YESNO = "yesno"
    CHOICE = "choice"
    CHOICES = "choices"
    EMAIL = "email"
    PHONE = "phone"
    FILE = "file"


# Only decided rows lie in these indexes.
DECIDED = only("reviewed_at IS NOT NULL")
ASKED_AGAIN = only("inquiry IS NOT NULL")


class Contact(Base):
    """A person as one organization knows them. Matching a later prescreen to it never changes what is stored here.

    `phone` is as it was typed, `phone_key` the same in E.164 where that is known (normalization.telephone_key). Once it
    was erased (`erased_at`) nothing of them is there any more, and no later prescreen matches it. `is_counted` is false
    for those of earlier versions until a backfill has come by.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("organization_id", "email_key", name="uq_contacts_email"),
        # Families and offices share a telephone.
        Index("ix_contacts_phone", "organization_id", "phone_key"),
        Index("ix_contacts_newest", "organization_id", "created_at", "id"),
        # Staff see every organization in one list.
        Index("ix_contacts_all_newest", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    email_key: Mapped[str | None] = mapped_column(String(254))
    phone_key: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    is_counted: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())


ERASED = "Erased"
"""The name of a prescreen that was erased."""


class Questionnaire(Base):
    """A questionnaire of one organization, at the public address /p/<organization>/<slug> while it is open.

    `current_version` is the published one, 0 before the first. `draft` is what the next one will be
    (`rules.questionnaires.Content`), None while nothing differs. `revision` grows with every change, of the draft too;
    forms carry the one they were made from. `changed_at` and `changed_by` say who saved the draft last. `blind` is
    whether prescreens that are started from now on begin with a blind first look (`FirstLook`).
    """

    __tablename__ = "workflow_templates"
    __table_args__ = (UniqueConstraint("organization_id", "slug", name="uq_workflow_templates_slug"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    current_version: Mapped[int] = mapped_column(Integer, default=1)
    is_open: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    draft: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    blind: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class QuestionnaireVersion(Base):
    """The questions of a questionnaire in one version. Immutable: a prescreen keeps the version it was started with.

    `questions` is a list of objects with the members of `rules.questions.Question`. `texts` are the language, closing
    words and translations (`rules.questionnaires.Content.texts`), None before there were any. `author` and `reason`
    are empty for versions that no page has published.
    """

    __tablename__ = "workflow_template_versions"

    workflow_template_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_templates.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    introduction: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[JsonObject]] = mapped_column(JSON)
    texts: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))
    author: Mapped[str] = mapped_column(String(200), default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class Prescreen(Base):
    """One prospect's answers to one version of a questionnaire, and the decision: the `session` of the API.

    `expires_at` is `created_at` + 30 days, so that "newest first" and "most days left first" are one order and one
    index family serves both. `expires_on` is its UTC date, for the counters. `submission` is plain JSON, not JSONB:
    keys keep the order in which they were answered, on both databases. `other_contact_id` is set when e-mail and phone
    matched two different contacts. `version` grows with every change of content. `left_empty` are the keys of questions
    that were asked and left empty, `refused_answer` is the text that was last refused, by `step` and `typed`, with the
    `inquiry` that it belongs to. `answer_times` are when each answer was given as it stands, by its key
    (`rules.answers.times`); None where that was not kept yet.
    `withdrawn_at` is when the prospect withdrew: it is `expires_at` then, so that it reads expired everywhere.
    `alike_key` is the same for those whose key answers are alike (`rules.alike`), and empty before they were sent.
    `inquiry` is `asked` while its prospect is asked again (`Inquiry`), then `answered` until the decision. `blind` is
    that of its questionnaire when it was started: while it can be decided, an agent sees who it is from after their
    `FirstLook` only. `reminded_at` is when its prospect was reminded, `renewed_at` when they were sent a fresh link
    after it had expired, and `renewed_as` the prescreen that they started by that with their old answers.
    `progress` is what became of each question that was shown (`rules.progress`); None where that was not counted yet.
    `erased_at` is when all that is personal in it was erased: it is called `ERASED` then, and only reads as it ended.
    """

    __tablename__ = "prescreens"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'completed')", name="status_known"),
        CheckConstraint("review_status IN ('pending_review', 'approved', 'denied')", name="review_status_known"),
        CheckConstraint("status = 'completed' OR review_status = 'pending_review'", name="only_completed_is_reviewed"),
        ForeignKeyConstraint(
            ["workflow_template_id", "template_version"],
            ["workflow_template_versions.workflow_template_id", "workflow_template_versions.number"],
            name="fk_prescreens_template_version",
        ),
        # Each list walks one of these in order; see queries/ and tests/prescreens/test_plans.py.
        Index("ix_prescreens_newest", "organization_id", "expires_at", "id"),
        Index("ix_prescreens_stage", "organization_id", "status", "review_status", "expires_at", "id"),
        Index("ix_prescreens_template", "organization_id", "workflow_template_id", "expires_at", "id"),
        Index(
            "ix_prescreens_template_stage",
            "organization_id",
            "workflow_template_id",
            "status",
            "review_status",
            "expires_at",
            "id",
        ),
        Index("ix_prescreens_contact", "organization_id", "contact_id", "expires_at", "id"),
        Index(
            "ix_prescreens_other_contact",
            "other_contact_id",
            "expires_at",
            "id",
            **only("other_contact_id IS NOT NULL"),
        ),
        Index("ix_prescreens_decided", "organization_id", "reviewed_at", "id", **DECIDED),
        # Staff see every organization in one list.
        Index("ix_prescreens_house_newest", "expires_at", "id"),
        Index("ix_prescreens_house_stage", "status", "review_status", "expires_at", "id"),
        Index("ix_prescreens_house_decided", "reviewed_at", "id", **DECIDED),
        Index(
            "ix_prescreens_assignee",
            "assignee_id",
            "status",
            "review_status",
            "expires_at",
            "id",
            **only("assignee_id IS NOT NULL"),
        ),
        # Those that an agent has asked again: few at any time.
        Index("ix_prescreens_inquiry", "organization_id", "inquiry", "expires_at", "id", **ASKED_AGAIN),
        Index("ix_prescreens_house_inquiry", "inquiry", "expires_at", "id", **ASKED_AGAIN),
        # How those with the same key answers were decided: one count.
        Index("ix_prescreens_alike", "alike_key", "review_status", **only("alike_key IS NOT NULL")),
        # Whether there are any at all: lists and searches ask that first.
        Index("ix_prescreens_blind", "organization_id", **only("blind")),
        # The rows behind the overview's charts.
        Index("ix_prescreens_completed", "organization_id", "completed_at", "id", **only("completed_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    workflow_template_id: Mapped[UUID] = mapped_column(Uuid)
    template_version: Mapped[int] = mapped_column(Integer)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    other_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    submission: Mapped[Submission] = mapped_column(JSON)
    left_empty: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    answer_times: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    refused_answer: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))
    status: Mapped[str] = mapped_column(String(16), default=Status.DRAFT.value)
    review_status: Mapped[str] = mapped_column(String(16), default=ReviewStatus.PENDING.value)
    review_notes: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_by: Mapped[str | None] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    phone_key: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    assignee_name: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(16), default="en")
    link_mails: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    expires_on: Mapped[date] = mapped_column(Date)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    alike_key: Mapped[str | None] = mapped_column(String(64))
    inquiry: Mapped[str | None] = mapped_column(String(8))
    blind: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    renewed_at: Mapped[datetime | None] = mapped_column(Instant)
    renewed_as: Mapped[UUID | None] = mapped_column(Uuid)
    progress: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    erased_at: Mapped[datetime | None] = mapped_column(Instant)

    @staticmethod
    def lifetime(created_at: datetime) -> dict[str, datetime | date]:
        """The columns that follow from the moment of creation."""
        expires_at = created_at + TIME_TO_LIVE
        return {"created_at": created_at, "expires_at": expires_at, "expires_on": expires_at.astimezone(UTC).date()}


class DecisionSnapshot(Base):
    """What a decision was made upon: one row a decided prescreen, for those of pages and of the API alike.

    The hashes are SHA-256, of the answers and the criteria as canonical JSON (`rules.snapshots`), and of the e-mails as
    their confirmation shows them. `met` is by the key of the question: true, false, or null where a person reads it.
    `reasons`, `why`, `seen_at` and `alike` are only known of decisions on a page: what was chosen, why it was made
    nevertheless, when the page was shown, and how many alike were approved and denied then. `first_choice` is what the
    same person chose at a blind first look.
    """

    __tablename__ = "prescreen_decisions"
    __table_args__ = (
        Index(
            "ix_prescreen_decisions_first_choice",
            "organization_id",
            "decided_at",
            "first_choice",
            "decision",
            **only("first_choice IS NOT NULL"),
        ),
        # The latest that people made, among any number made by API.
        Index("ix_prescreen_decisions_page", "organization_id", "decided_at", **only("via = 'page'")),
    )

    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    decision: Mapped[str] = mapped_column(String(16))
    via: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by: Mapped[str] = mapped_column(String(320))
    version: Mapped[int] = mapped_column(Integer)
    template_version: Mapped[int] = mapped_column(Integer)
    answers_hash: Mapped[str] = mapped_column(String(64))
    criteria_hash: Mapped[str] = mapped_column(String(64))
    email_hash: Mapped[str] = mapped_column(String(64))
    met: Mapped[JsonObject] = mapped_column(JSON)
    reasons: Mapped[list[JsonObject]] = mapped_column(JSON)
    why: Mapped[str] = mapped_column(Text)
    alike: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    pressed_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime] = mapped_column(Instant)
    first_choice: Mapped[str | None] = mapped_column(String(8))


class FirstLook(Base):
    """What a person would decide (`approve`, `deny`) before they saw who a prescreen is from: one row a person, which
    is never written again."""

    __tablename__ = "prescreen_first_looks"

    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    choice: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(Integer)
    chosen_at: Mapped[datetime] = mapped_column(Instant)


class Note(Base):
    """A note of the team on a prescreen, without a decision. Staff alone read it."""

    __tablename__ = "prescreen_notes"
    __table_args__ = (Index("ix_prescreen_notes_prescreen", "prescreen_id", "written_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(Instant)


class Inquiry(Base):
    """Questions that an agent asks the prospect again, or besides, after the answers were sent.

    `keys` are questions of the questionnaire, `added` further ones as a version stores them. `given` are the answers so
    far; with the last one they become those of the prescreen, and `former` keeps what stood there before. `adding` are
    the files that were added to an answer before it is given.
    """

    __tablename__ = "prescreen_inquiries"
    __table_args__ = (Index("ix_prescreen_inquiries_prescreen", "prescreen_id", "asked_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"))
    keys: Mapped[list[str]] = mapped_column(JSON)
    added: Mapped[list[JsonObject]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text)
    given: Mapped[Submission] = mapped_column(JSON)
    adding: Mapped[Submission] = mapped_column(JSON, default=dict, server_default="{}")
    former: Mapped[Submission | None] = mapped_column(JSON(none_as_null=True))
    asked_by: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)


class ReasonList(Base):
    """The reasons that an organization's agents choose from. One without a row has the standard list."""

    __tablename__ = "denial_reasons"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, autoincrement=False)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(200))


class RetentionMark(Base):
    """How far the prescreens of an organization were erased because it keeps them only so long: all that expired before
    `expires_at`, and of that moment those up to `after`."""

    __tablename__ = "prescreen_retention_marks"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, autoincrement=False)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    after: Mapped[UUID] = mapped_column(Uuid)


COLUMNS = tuple(Prescreen.__table__.c)
"""Every column: rows that are read whole, and typed as `Prescreen`."""

STAGE_COUNTS = keep_counters(
    Prescreen.__table__,
    "prescreen_counts",
    dimensions=["organization_id", "workflow_template_id", "status", "review_status"],
)
"""Number of prescreens by stage, over all time: a few rows an organization."""

DAY_COUNTS = keep_counters(
    Prescreen.__table__,
    "prescreen_day_counts",
    dimensions=["organization_id", "expires_on", "status", "review_status", "workflow_template_id"],
)
"""The same by day of expiry: "not yet expired" is the sum over later days, plus an index count on one day.

The day is the second column of the primary key, so that the days still to come are one short range of it.
"""

CONTACT_COUNTS = keep_counters(
    Contact.__table__, "contact_counts", dimensions=["organization_id"], only="{r}.is_counted"
)
"""Number of contacts, erased ones too."""

# In which hour a far page of the list of contacts begins.
keep_hourly_stats(
    Contact.__table__,
    StatEvent("contact.created", at="created_at", reads=("is_counted",), only="{r}.is_counted"),
)

keep_hourly_stats(
    Prescreen.__table__,
    StatEvent("prescreen.completed", at="completed_at"),
    StatEvent(
        "prescreen.decided",
        at="reviewed_at",
        since="completed_at",
        category="{r}.review_status",
        subcategory="lower(replace(CAST({r}.workflow_template_id AS varchar(36)), '-', ''))",
        reads=("review_status", "workflow_template_id"),
    ),
    StatEvent(
        "prescreen.expires",
        at="expires_at",
        category="CASE WHEN {r}.review_status <> 'pending_review' THEN 'decided' "
        "WHEN {r}.status = 'completed' THEN 'waiting' ELSE 'answering' END",
        reads=("status", "review_status"),
    ),
)
