"""Calibration rounds, their cases, and what agents answered."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "calibration_rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("closes_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_calibration_rounds_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_rounds")),
        sa.UniqueConstraint("organization_id", "number", name="uq_calibration_rounds_number"),
    )
    op.create_table(
        "calibration_cases",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["calibration_rounds.id"], name=op.f("fk_calibration_cases_round_id")),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_calibration_cases_prescreen_id")),
        sa.PrimaryKeyConstraint("round_id", "place", name=op.f("pk_calibration_cases")),
    )
    op.create_index("ix_calibration_cases_prescreen_id", "calibration_cases", ["prescreen_id"])
    op.create_table(
        "calibration_answers",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("choice", sa.String(length=8), nullable=False),
        sa.Column("answered_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id", "place"],
            ["calibration_cases.round_id", "calibration_cases.place"],
            name="fk_calibration_answers_case",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_calibration_answers_person_id")),
        sa.PrimaryKeyConstraint("round_id", "place", "person_id", name=op.f("pk_calibration_answers")),
    )


def downgrade() -> None:
    for table in ("calibration_answers", "calibration_cases", "calibration_rounds"):
        op.drop_table(table)
