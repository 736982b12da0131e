"""What an inspection asks its field users to allow: those that exist asked for all of it. And an index of the versions
of an organization's own words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.JSON().with_variant(JSONB(), "postgresql")
    everything = '["camera", "gps", "recording"]'
    op.add_column("inspections", sa.Column("subjects", kind, nullable=False, server_default=everything))
    op.create_index("ix_own_wordings_versions", "own_wordings", ["organization_id", "locale", "id"])


def downgrade() -> None:
    op.drop_index("ix_own_wordings_versions", "own_wordings")
    op.drop_column("inspections", "subjects")
