"""Legal holds on the evidence of an inspection."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_holds",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_evidence_holds_inspection_id")),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_evidence_holds")),
    )


def downgrade() -> None:
    op.drop_table("evidence_holds")
