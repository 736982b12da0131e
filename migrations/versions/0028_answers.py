"""What receivers answer to webhooks, and an index for the API's list of sessions alone."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SESSIONS = sa.text("state IN ('scheduled', 'ready', 'active', 'ended')")


def upgrade() -> None:
    op.add_column("outbox_attempts", sa.Column("answer", sa.Text(), nullable=True))
    columns = ["organization_id", "id", "starts_at", "ends_at", "state"]
    op.create_index("ix_depositions_sessions", "depositions", columns, sqlite_where=SESSIONS, postgresql_where=SESSIONS)


def downgrade() -> None:
    op.drop_index("ix_depositions_sessions", "depositions")
    op.drop_column("outbox_attempts", "answer")
