"""What the chat remembers besides its answers, and the links that a reissue replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain columns without a default: no row is written, and SQLite keeps the triggers.
    op.add_column("prescreens", sa.Column("left_empty", sa.JSON(), nullable=True))
    op.add_column("prescreens", sa.Column("refused_answer", sa.JSON(), nullable=True))
    op.create_table(
        "replaced_links",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("field_token_sha256", sa.String(length=64), nullable=True),
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name="fk_replaced_links_invite_id"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_replaced_links"),
    )
    op.create_index("ix_replaced_links_field_token_sha256", "replaced_links", ["field_token_sha256"])
    op.create_index("ix_replaced_links_invite_id", "replaced_links", ["invite_id"])


def downgrade() -> None:
    op.drop_table("replaced_links")
    op.drop_column("prescreens", "refused_answer")
    op.drop_column("prescreens", "left_empty")
