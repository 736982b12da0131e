"""Messages that were given up can be set aside; what failed is found by its desk."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_outbox_failing", sa.text("state = 'queued' AND last_error IS NOT NULL")),
    ("ix_outbox_untold", sa.text("state = 'dead' AND set_aside_at IS NULL")),
)


def upgrade() -> None:
    # No constraint, no default: both databases add them without writing a row.
    op.add_column("outbox", sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("set_aside_by", sa.String(length=320), nullable=True))
    columns = ["state", "subject_type", "organization_id", "created_at", "id"]
    for name, which in INDEXES:
        op.create_index(name, "outbox", columns, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    for name, _ in reversed(INDEXES):
        op.drop_index(name, "outbox")
    op.drop_column("outbox", "set_aside_by")
    op.drop_column("outbox", "set_aside_at")
