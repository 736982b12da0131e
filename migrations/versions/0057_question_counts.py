"""What becomes of each question, counted by version: shown, answered, left empty, refused and why."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prescreen_question_counts",
        sa.Column("workflow_template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_template_id"],
            ["workflow_templates.id"],
            name=op.f("fk_prescreen_question_counts_workflow_template_id"),
        ),
        sa.PrimaryKeyConstraint(
            "workflow_template_id", "version", "key", "step", "slot", name=op.f("pk_prescreen_question_counts")
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("prescreens", sa.Column("progress", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("prescreens", "progress")
    op.drop_table("prescreen_question_counts")
