"""Staff see the contacts of every organization in one list, newest first."""

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contacts_all_newest", "contacts", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_contacts_all_newest", "contacts")
