"""Decisions that are held before they become final."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
HELD = {"sqlite_where": sa.text("state = 'held'"), "postgresql_where": sa.text("state = 'held'")}
SHOWN = {"sqlite_where": sa.text("shown_to IS NOT NULL"), "postgresql_where": sa.text("shown_to IS NOT NULL")}


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("shown_to", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=254), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=False),
        sa.Column("actor", JSON, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pressed_at", MOMENT, nullable=False),
        sa.Column("final_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'undone', 'final', 'overtaken', 'returned')", name=op.f("ck_holds_state_known")
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_holds_organization_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_holds_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("uq_holds_held", "holds", ["subject_type", "subject_id"], unique=True, **HELD)
    op.create_index("ix_holds_due", "holds", ["due_at", "id"], unique=False, **HELD)
    op.create_index("ix_holds_subject", "holds", ["subject_type", "subject_id", "pressed_at"], unique=False)
    op.create_index("ix_holds_bar", "holds", ["shown_to", "pressed_at"], unique=False, **SHOWN)
    op.create_index("ix_holds_person", "holds", ["person_id", "pressed_at"], unique=False)


def downgrade() -> None:
    op.drop_table("holds")
