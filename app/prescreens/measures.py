"""Tables of what the desk measures about itself: deadlines that it has announced, what becomes of each question, which
measures of its decisions an organization has switched on, and its calibration rounds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Instant


class ExpiryMark(Base):
    """Up to which moment of expiry a notice has been sent, over all organizations. One row a notice.

    It begins 30 days after its row is written, so that nothing is sent about what was there before.
    """

    __tablename__ = "prescreen_expiry_marks"

    notice: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant)


class QuestionCount(Base):
    """How often a step happened at a question of a version (`rules.progress`), over all prospects.

    One row a step and slot: as many as a version has questions, never one a prospect. The key is empty for the review.
    """

    __tablename__ = "prescreen_question_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    workflow_template_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_templates.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)


class Measure(StrEnum):
    """A measure of an organization's decisions, which is off until an administrator switches it on."""

    FAIRNESS = "fairness"
    CALIBRATION = "calibration"

    @property
    def label(self) -> str:
        return {Measure.FAIRNESS: "The fairness page", Measure.CALIBRATION: "Calibration"}[self]


class MeasureSwitch(Base):
    """Whether a measure is on in an organization. Without a row it is off, and was never on."""

    __tablename__ = "prescreen_measures"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, autoincrement=False)
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    is_on: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(200))


class CalibrationRound(Base):
    """Some decided prescreens that every agent of an organization decides once more, without names: its first, second
    … round. It can be answered before `closes_at`."""

    __tablename__ = "calibration_rounds"
    __table_args__ = (UniqueConstraint("organization_id", "number", name="uq_calibration_rounds_number"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    number: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(Instant)
    closes_at: Mapped[datetime] = mapped_column(Instant)


class CalibrationCase(Base):
    """A case of a round, at its place from 1 on."""

    __tablename__ = "calibration_cases"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("calibration_rounds.id"), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    prescreen_id: Mapped[UUID] = mapped_column(ForeignKey("prescreens.id"), index=True)


class CalibrationAnswer(Base):
    """What an agent would decide about a case (`approve`, `deny`): one row a person, which is never written again."""

    __tablename__ = "calibration_answers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["round_id", "place"],
            ["calibration_cases.round_id", "calibration_cases.place"],
            name="fk_calibration_answers_case",
        ),
    )

    round_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, autoincrement=False)
    choice: Mapped[str] = mapped_column(String(8))
    answered_at: Mapped[datetime] = mapped_column(Instant)
