"""How an organization looks to visitors and how they reach it: colour, public e-mail, public telephone, hours."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = (("colour", 7), ("public_email", 254), ("public_phone", 40), ("hours", 200))


def upgrade() -> None:
    for name, length in COLUMNS:
        op.add_column("organizations", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))


def downgrade() -> None:
    for name, _ in reversed(COLUMNS):
        op.drop_column("organizations", name)
