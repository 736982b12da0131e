"""The index in which an organization's contacts are listed, newest first."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contacts_newest", "contacts", ["organization_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_contacts_newest", "contacts", if_exists=True)
