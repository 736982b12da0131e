"""When each session is to be reconfirmed, what was answered, and who was asked."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("depositions", sa.Column("reconfirm_at", moment, nullable=True))
    op.add_column("depositions", sa.Column("reconfirmation", sa.String(length=10), nullable=True))
    op.add_column("deposition_people", sa.Column("asked_at", moment, nullable=True))
    op.add_column("deposition_people", sa.Column("asked_sequence", sa.Integer(), nullable=True))
    only = sa.text("reconfirm_at IS NOT NULL")
    op.create_index(
        "ix_depositions_reconfirm",
        "depositions",
        ["state", "reconfirm_at", "id"],
        sqlite_where=only,
        postgresql_where=only,
    )
    # The business day before sessions that are booked already. Nobody is asked about them.
    backfills.order(op.get_bind(), "reconfirm.depositions", "depositions")


def downgrade() -> None:
    op.drop_index("ix_depositions_reconfirm", "depositions")
    op.drop_column("deposition_people", "asked_sequence")
    op.drop_column("deposition_people", "asked_at")
    op.drop_column("depositions", "reconfirmation")
    op.drop_column("depositions", "reconfirm_at")
