"""Evidence: what was captured, which is only ever added to; what becomes of it; and the keys of phones."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

APPEND_ONLY = ("evidence", "device_keys")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("invite_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("mime", sa.String(length=60), nullable=False),
        sa.Column("record", sa.String(length=64), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'note', 'document')", name=op.f("ck_evidence_kind_known")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_evidence_inspection_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_evidence_organization_id")),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_evidence_invite_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("inspection_id", "sha256", name=op.f("uq_evidence_inspection_id_sha256")),
    )
    op.create_index("ix_evidence_inspection", "evidence", ["inspection_id", "sequence"])
    op.create_table(
        "evidence_states",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("copying", sa.String(length=10), nullable=False),
        sa.Column("copy_sha256", sa.String(length=64), nullable=True),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("erased_at", moment, nullable=True),
        sa.CheckConstraint(
            "copying IN ('pending', 'made', 'failed', 'none')", name=op.f("ck_evidence_states_copying_known")
        ),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_states_evidence_id")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_evidence_states_inspection_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence_states")),
    )
    op.create_index("ix_evidence_states_inspection", "evidence_states", ["inspection_id"])
    op.create_table(
        "device_keys",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_device_keys_inspection_id")),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], name=op.f("fk_device_keys_invite_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_device_keys")),
    )
    op.create_index("ix_device_keys_inspection", "device_keys", ["inspection_id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPEND_ONLY:
        if sqlite:
            for verb in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_append_only_{verb} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
            )


def downgrade() -> None:
    for table in ("device_keys", "evidence_states", "evidence"):
        op.drop_table(table)
