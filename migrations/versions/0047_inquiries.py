"""Questions that agents ask again after the answers were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "prescreen_inquiries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("keys", "added")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=True),
        sa.Column("asked_by", sa.String(length=320), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("answered_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_prescreen_inquiries_prescreen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescreen_inquiries")),
    )
    op.create_index("ix_prescreen_inquiries_prescreen", "prescreen_inquiries", ["prescreen_id", "asked_at"])
    op.add_column("prescreens", sa.Column("inquiry", sa.String(length=8), nullable=True))
    only = sa.text("inquiry IS NOT NULL")
    for name, columns in (
        ("ix_prescreens_inquiry", ["organization_id", "inquiry", "expires_at", "id"]),
        ("ix_prescreens_house_inquiry", ["inquiry", "expires_at", "id"]),
    ):
        op.create_index(name, "prescreens", columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name in ("ix_prescreens_inquiry", "ix_prescreens_house_inquiry"):
        op.drop_index(name, "prescreens", if_exists=True)
    op.drop_column("prescreens", "inquiry")
    op.drop_table("prescreen_inquiries")
