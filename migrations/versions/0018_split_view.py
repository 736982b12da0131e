"""The desks at which a person has list and item side by side."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "people", sa.Column("split_desks", sa.String(length=100), server_default="prescreens", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("people", "split_desks")
