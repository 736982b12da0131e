"""Checklists of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deposition_checks",
        sa.Column("deposition_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=12), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_deposition_checks_deposition_id")),
        sa.PrimaryKeyConstraint("deposition_id", "item", name=op.f("pk_deposition_checks")),
    )


def downgrade() -> None:
    op.drop_table("deposition_checks")
