"""What waits on the phones of field users, a legal hold on one piece of evidence, how far evidence was erased by time;
and one way to name for how many days something is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.execute("ALTER TABLE organizations RENAME COLUMN keep_prescreens_days TO prescreen_days")
    op.create_table(
        "evidence_item_holds",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_item_holds_evidence_id")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_evidence_item_holds_inspection_id")
        ),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence_item_holds")),
    )
    op.create_index("ix_evidence_item_holds_inspection", "evidence_item_holds", ["inspection_id"])
    op.create_table(
        "evidence_marks",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", moment, nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_evidence_marks_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_evidence_marks")),
    )
    op.create_table(
        "field_phones",
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("heard_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_field_phones_invite_id")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_field_phones_inspection_id")),
        sa.PrimaryKeyConstraint("invite_id", name=op.f("pk_field_phones")),
    )
    op.create_index("ix_field_phones_inspection", "field_phones", ["inspection_id"])


def downgrade() -> None:
    op.drop_table("field_phones")
    op.drop_table("evidence_marks")
    op.drop_table("evidence_item_holds")
    op.execute("ALTER TABLE organizations RENAME COLUMN prescreen_days TO keep_prescreens_days")
