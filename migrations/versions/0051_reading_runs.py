"""Every original is read again each night: how far that is, and which ones are missing or changed."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "evidence_faults",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("fault", sa.String(length=10), nullable=False),
        sa.Column("found_at", moment, nullable=False),
        sa.CheckConstraint("fault IN ('missing', 'changed')", name=op.f("ck_evidence_faults_fault_known")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_faults_evidence_id")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_evidence_faults_inspection_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence_faults")),
    )
    op.create_index("ix_evidence_faults_inspection", "evidence_faults", ["inspection_id"])
    op.create_table(
        "reading_runs",
        sa.Column("night", sa.String(length=10), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.Column("lease_until", moment, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_reading_runs")),
    )


def downgrade() -> None:
    op.drop_table("reading_runs")
    op.drop_table("evidence_faults")
