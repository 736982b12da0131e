"""Saved views, when a person last looked at one, and notes handed over on one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("view_sha256", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_by_name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_saved_views_organization_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_saved_views_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index("uq_saved_views_name", "saved_views", ["desk", "place", "name_key"], unique=True)
    op.create_index("ix_saved_views_made_by", "saved_views", ["made_by_id"])
    op.create_table(
        "view_looks",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("view_sha256", sa.String(length=64), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_view_looks_person_id")),
        sa.PrimaryKeyConstraint("person_id", "desk", "view_sha256", name=op.f("pk_view_looks")),
    )
    op.create_table(
        "handover_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("view_sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=False),
        sa.Column("written_by_name", sa.String(length=200), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_handover_notes_organization_id")
        ),
        sa.ForeignKeyConstraint(["written_by_id"], ["people.id"], name=op.f("fk_handover_notes_written_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_notes")),
    )
    op.create_index("uq_handover_notes_list", "handover_notes", ["desk", "place", "view_sha256"], unique=True)


def downgrade() -> None:
    op.drop_table("handover_notes")
    op.drop_table("view_looks")
    op.drop_table("saved_views")
