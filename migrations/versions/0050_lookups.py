"""Indexes by which a file is found that somebody wants to check."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

COPIES = sa.text("copy_sha256 IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"])
    where = {"sqlite_where": COPIES, "postgresql_where": COPIES}
    op.create_index("ix_evidence_states_copy", "evidence_states", ["copy_sha256"], **where)


def downgrade() -> None:
    op.drop_index("ix_evidence_states_copy", "evidence_states", if_exists=True)
    op.drop_index("ix_evidence_sha256", "evidence", if_exists=True)
