"""What a moved session was, and what a start changed, so that it can be taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # JSON variants are rendered with a bare Text()
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("depositions", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("depositions", sa.Column("moved_silently", sa.Boolean(), nullable=True))
    op.add_column("depositions", sa.Column("previous_starts_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("depositions", sa.Column("previous_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("depositions", sa.Column("previous_zone", sa.String(length=64), nullable=True))
    op.add_column(
        "depositions",
        sa.Column(
            "before_start", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=True
        ),
    )


def downgrade() -> None:
    for name in (
        "before_start",
        "previous_zone",
        "previous_ends_at",
        "previous_starts_at",
        "moved_silently",
        "moved_at",
    ):
        op.drop_column("depositions", name)
