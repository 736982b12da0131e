"""Why a session was moved, as its participants read it."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("depositions", sa.Column("moved_because", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("depositions", "moved_because")
