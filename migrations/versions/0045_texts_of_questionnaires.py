"""Language, closing words and translations of a questionnaire's version."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workflow_template_versions", sa.Column("texts", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("workflow_template_versions", "texts")
