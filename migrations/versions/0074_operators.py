"""The person whose address an inspection has: their address can change, and then be another's."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

MADE = sa.text("operator_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("inspections", sa.Column("operator_id", sa.Integer(), nullable=True))
    op.drop_index("ix_inspections_operator", "inspections")
    op.create_index(
        "ix_inspections_made",
        "inspections",
        ["operator_id", "status", "expires_at", "id"],
        sqlite_where=MADE,
        postgresql_where=MADE,
    )
    backfills.order(op.get_bind(), "operators.inspections", "inspections")


def downgrade() -> None:
    op.drop_index("ix_inspections_made", "inspections")
    op.create_index("ix_inspections_operator", "inspections", ["operator_email", "status", "expires_at", "id"])
    op.drop_column("inspections", "operator_id")
