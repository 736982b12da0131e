"""Indexes for looking through everything that happened."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BY_PEOPLE = sa.text("actor_kind = 'person'")


def upgrade() -> None:
    op.create_index("ix_events_organization", "events", ["organization_id", "id"])
    op.create_index(
        "ix_events_person", "events", ["actor_id", "id"], sqlite_where=BY_PEOPLE, postgresql_where=BY_PEOPLE
    )


def downgrade() -> None:
    op.drop_index("ix_events_person", "events")
    op.drop_index("ix_events_organization", "events")
