"""What each field user allows, in which words they were asked."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db.backfills import order

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_wordings",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_consent_wordings")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("wording_sha256", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=2), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('granted', 'denied')", name=op.f("ck_consents_answer_known")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_consents_inspection_id_inspections")
        ),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_consents_invite_id_invites")),
        sa.ForeignKeyConstraint(
            ["wording_sha256"], ["consent_wordings.sha256"], name=op.f("fk_consents_wording_sha256_consent_wordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consents_inspection", "consents", ["inspection_id", "id"])
    order(op.get_bind(), "consents.inspections", "inspections")


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_table("consent_wordings")
