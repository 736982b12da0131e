"""The SHA-256 of every bundle and report that was made."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "made_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('bundle', 'report')", name=op.f("ck_made_files_kind_known")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_made_files_inspection_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_made_files")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER made_files_append_only_{verb} BEFORE {verb.upper()} ON made_files "
                "BEGIN SELECT RAISE(ABORT, 'rows of made_files are only ever added'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER made_files_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON made_files "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    op.drop_table("made_files")
