"""Notes of the team on prescreens, reminders, and fresh links with the old answers."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "prescreen_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_prescreen_notes_prescreen_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_prescreen_notes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescreen_notes")),
    )
    op.create_index("ix_prescreen_notes_prescreen", "prescreen_notes", ["prescreen_id", "written_at"])
    for name in ("reminded_at", "renewed_at"):
        op.add_column("prescreens", sa.Column(name, moment, nullable=True))
    op.add_column("prescreens", sa.Column("renewed_as", sa.Uuid(), nullable=True))


def downgrade() -> None:
    for name in ("renewed_as", "renewed_at", "reminded_at"):
        op.drop_column("prescreens", name)
    op.drop_table("prescreen_notes")
