"""Questions of the team to organizations, with prepared answers."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "deposition_questions",
        sa.Column("id", number, nullable=False),
        sa.Column("deposition_id", number, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("choices", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_to", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["deposition_id"], ["depositions.id"], name=op.f("fk_deposition_questions_deposition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposition_questions")),
    )
    op.create_index("ix_deposition_questions_deposition", "deposition_questions", ["deposition_id", "id"])
    op.add_column("depositions", sa.Column("question", sa.String(length=10), nullable=True))
    only = sa.text("question IS NOT NULL")
    op.create_index(
        "ix_depositions_question",
        "depositions",
        ["question", "starts_at", "id"],
        sqlite_where=only,
        postgresql_where=only,
    )


def downgrade() -> None:
    op.drop_index("ix_depositions_question", "depositions")
    op.drop_column("depositions", "question")
    op.drop_table("deposition_questions")
