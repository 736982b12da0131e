"""What is personal in a chain stands beside it, in records that can be erased."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE anchor_requests VALIDATE CONSTRAINT fk_anchor_requests_inspection_id")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "personal_records",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("erased_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_personal_records_inspection_id")),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_personal_records_invite_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_personal_records")),
    )
    op.create_index("ix_personal_records_inspection", "personal_records", ["inspection_id", "created_at"])


def downgrade() -> None:
    op.drop_table("personal_records")
