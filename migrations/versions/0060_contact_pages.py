"""The index in which prescreens are found that fit a contact and are filed under another."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

FITS = sa.text("other_contact_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_prescreens_other_contact",
        "prescreens",
        ["other_contact_id", "expires_at", "id"],
        sqlite_where=FITS,
        postgresql_where=FITS,
    )


def downgrade() -> None:
    op.drop_index("ix_prescreens_other_contact", "prescreens", if_exists=True)
