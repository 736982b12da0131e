"""The blind first look: which questionnaires and prescreens have one, and what each person chose at it."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("workflow_templates", "prescreens"):
        op.add_column(table, sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("prescreen_decisions", sa.Column("first_choice", sa.String(length=8), nullable=True))
    op.create_table(
        "prescreen_first_looks",
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [to], name=op.f(f"fk_prescreen_first_looks_{name}"))
            for name, to in (
                ("prescreen_id", "prescreens.id"),
                ("person_id", "people.id"),
                ("organization_id", "organizations.id"),
            )
        ),
        sa.PrimaryKeyConstraint("prescreen_id", "person_id", name=op.f("pk_prescreen_first_looks")),
    )
    for name, table, columns, where in (
        ("ix_prescreens_blind", "prescreens", ["organization_id"], "blind"),
        (
            "ix_prescreen_decisions_first_choice",
            "prescreen_decisions",
            ["organization_id", "decided_at", "first_choice", "decision"],
            "first_choice IS NOT NULL",
        ),
    ):
        only = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_index("ix_prescreen_decisions_first_choice", "prescreen_decisions", if_exists=True)
    op.drop_index("ix_prescreens_blind", "prescreens", if_exists=True)
    op.drop_table("prescreen_first_looks")
    op.drop_column("prescreen_decisions", "first_choice")
    for table in ("prescreens", "workflow_templates"):
        op.drop_column(table, "blind")
