"""How many messages went to one recipient of late."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recipient_windows",
        sa.Column("bucket", sa.String(length=80), nullable=False),
        sa.Column("sent", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_recipient_windows"),
    )
    op.create_index("ix_recipient_windows_ends_at", "recipient_windows", ["ends_at"])


def downgrade() -> None:
    op.drop_table("recipient_windows")
