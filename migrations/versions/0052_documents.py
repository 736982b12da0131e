"""Documents that the worker makes."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    json = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("options", json, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("progress", sa.String(length=200), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mime", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column("requested_name", sa.String(length=320), nullable=False),
        sa.Column("requested_at", moment, nullable=False),
        sa.Column("made_at", moment, nullable=True),
        sa.Column("expires_at", moment, nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'making', 'ready', 'failed', 'expired')", name=op.f("ck_documents_state_known")
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_documents_organization_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name=op.f("fk_documents_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("key", name=op.f("uq_documents_key")),
    )
    op.create_index("ix_documents_subject", "documents", ["subject_type", "subject_id", "kind", "requested_at"])
    for name, columns, only in (
        ("ix_documents_expires", ["expires_at", "id"], "state <> 'expired'"),
        ("ix_documents_failed", ["id"], "state = 'failed'"),
        ("ix_documents_unfinished", ["requested_at", "id"], "state IN ('queued', 'making')"),
    ):
        op.create_index(name, "documents", columns, sqlite_where=sa.text(only), postgresql_where=sa.text(only))


def downgrade() -> None:
    op.drop_table("documents")
