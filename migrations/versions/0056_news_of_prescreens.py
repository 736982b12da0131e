"""Whom to write to about new answers and what expires. Nobody is, until they choose it or it happens."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prescreen_expiry_marks",
        sa.Column("notice", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_prescreen_expiry_marks")),
    )
    op.add_column("people", sa.Column("new_answers", sa.String(length=8), server_default="never", nullable=False))


def downgrade() -> None:
    op.drop_column("people", "new_answers")
    op.drop_table("prescreen_expiry_marks")
