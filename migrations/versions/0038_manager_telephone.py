"""The telephone of a manager, empty until it is typed."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("managers", sa.Column("telephone", sa.String(length=40), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("managers", "telephone")
