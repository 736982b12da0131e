"""Indexes for looking through everything that happened, and for what is with one person."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ASSIGNED, ASSIGNEE = sa.text("assigned_id IS NOT NULL"), sa.text("assignee_id IS NOT NULL")
BY_PEOPLE = sa.text("actor_kind = 'person'")


def upgrade() -> None:
    op.create_index("ix_events_organization", "events", ["organization_id", "id"])
    op.create_index(
        "ix_events_person", "events", ["actor_id", "id"], sqlite_where=BY_PEOPLE, postgresql_where=BY_PEOPLE
    )
    op.create_index(
        "ix_depositions_assigned",
        "depositions",
        ["assigned_id", "state", "starts_at", "id"],
        sqlite_where=ASSIGNED,
        postgresql_where=ASSIGNED,
    )
    op.create_index(
        "ix_prescreens_assignee",
        "prescreens",
        ["assignee_id", "status", "review_status", "expires_at", "id"],
        sqlite_where=ASSIGNEE,
        postgresql_where=ASSIGNEE,
    )
    op.create_index("ix_inspections_operator", "inspections", ["operator_email", "status", "expires_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_inspections_operator", "inspections")
    op.drop_index("ix_prescreens_assignee", "prescreens")
    op.drop_index("ix_depositions_assigned", "depositions")
    op.drop_index("ix_events_person", "events")
    op.drop_index("ix_events_organization", "events")
