"""Indexes for the rows behind the charts of the overviews."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_depositions_booked", "depositions", ["organization_id", "booked_at", "id"], "booked_at IS NOT NULL"),
    ("ix_depositions_canceled", "depositions", ["organization_id", "canceled_at", "id"], "canceled_at IS NOT NULL"),
    ("ix_prescreens_completed", "prescreens", ["organization_id", "completed_at", "id"], "completed_at IS NOT NULL"),
    ("ix_invites_made", "invites", ["organization_id", "created_at", "id"], None),
    ("ix_invites_joined", "invites", ["organization_id", "joined_at", "id"], "joined_at IS NOT NULL"),
    ("ix_anchors_stamped", "anchors", ["stamped_at", "id"], "stamped_at IS NOT NULL"),
    (
        "ix_outbox_finished",
        "outbox",
        ["organization_id", "finished_at", "id"],
        "finished_at IS NOT NULL AND channel NOT LIKE 'job:%'",
    ),
)


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        only = sa.text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name, table, *_ in INDEXES:
        op.drop_index(name, table)
