"""Who has an inspection, and the orders of the inspections queue, one organization's and the whole house's."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PARTIAL = {
    "waiting": "status = 'open' AND attended_at IS NULL",
    "live": "status IN ('open', 'recording') AND attended_at IS NOT NULL",
    "unanchored": "anchoring IN ('pending', 'failed')",
    "ended": "ended_at IS NOT NULL",
    "assigned": "assigned_id IS NOT NULL",
}
INDEXES = (
    ("ix_inspections_waiting", ["organization_id", "started_at", "id"], "waiting"),
    ("ix_inspections_live", ["organization_id", "started_at", "id"], "live"),
    ("ix_inspections_house_newest", ["created_at", "id"], ""),
    ("ix_inspections_house_expiry", ["status", "expires_at", "id"], ""),
    ("ix_inspections_house_ended", ["ended_at", "id"], "ended"),
    ("ix_inspections_house_unanchored", ["ended_at", "id"], "unanchored"),
    ("ix_inspections_house_waiting", ["started_at", "id"], "waiting"),
    ("ix_inspections_house_live", ["started_at", "id"], "live"),
    ("ix_inspections_assigned", ["assigned_id", "status", "expires_at", "id"], "assigned"),
)


def upgrade() -> None:
    # Plainly added: making the table anew would lose the triggers that count its rows.
    op.add_column("inspections", sa.Column("assigned_id", sa.Integer(), nullable=True))
    op.add_column("inspections", sa.Column("assigned_name", sa.String(length=200), nullable=True))
    for name, columns, where in INDEXES:
        only = {f"{kind}_where": sa.text(PARTIAL[where]) for kind in ("sqlite", "postgresql")} if where else {}
        op.create_index(name, "inspections", columns, **only)
    # Who made one that is not over has it: filled when the migrations are through, in portions.
    backfills.order(op.get_bind(), "assignees.inspections", "inspections")


def downgrade() -> None:
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, "inspections")
    op.drop_column("inspections", "assigned_name")
    op.drop_column("inspections", "assigned_id")
    op.drop_table("backfills", if_exists=True)
