"""The files that prospects add to their answers, also to one that is asked again."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "prescreen_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("mime", sa.String(60), nullable=False),
        sa.Column("copying", sa.String(10), nullable=False),
        sa.Column("copy_sha256", sa.String(64)),
        sa.Column("thumbnail_sha256", sa.String(64)),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.Column("fault", sa.String(10), nullable=False),
        sa.Column("erased_at", moment),
        sa.CheckConstraint(
            "copying IN ('pending', 'made', 'failed', 'none')", name=op.f("ck_prescreen_files_copying_known")
        ),
        sa.CheckConstraint("fault IN ('', 'missing', 'changed')", name=op.f("ck_prescreen_files_fault_known")),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_prescreen_files_prescreen_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_prescreen_files_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescreen_files")),
        sa.UniqueConstraint("prescreen_id", "sha256", name="uq_prescreen_files_sha256"),
    )
    for name, columns, rows in (("read", ["read_at", "id"], "erased_at IS NULL"), ("fault", ["fault"], "fault <> ''")):
        where = {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}
        op.create_index(f"ix_prescreen_files_{name}", "prescreen_files", columns, **where)
    op.add_column("prescreen_inquiries", sa.Column("adding", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("prescreen_inquiries", "adding")
    op.drop_table("prescreen_files")
