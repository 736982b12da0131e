"""Which measures of its decisions an organization has switched on, and an index of the decisions made on pages."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prescreen_measures",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_prescreen_measures_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "measure", name=op.f("pk_prescreen_measures")),
    )
    only = sa.text("via = 'page'")
    columns = ["organization_id", "decided_at"]
    op.create_index(
        "ix_prescreen_decisions_page", "prescreen_decisions", columns, sqlite_where=only, postgresql_where=only
    )


def downgrade() -> None:
    op.drop_index("ix_prescreen_decisions_page", "prescreen_decisions", if_exists=True)
    op.drop_table("prescreen_measures")
