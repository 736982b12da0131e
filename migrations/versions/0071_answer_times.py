"""When each answer of a prescreen was given; not known of earlier ones."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prescreens", sa.Column("answer_times", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("prescreens", "answer_times")
