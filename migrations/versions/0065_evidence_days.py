"""How long an organization keeps evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("evidence_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("organizations", "evidence_days")
