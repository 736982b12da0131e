"""The words in which an organization asks for consent, in place of the product's. Rows are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_wordings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_own_wordings_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_wordings")),
        sa.UniqueConstraint(
            "organization_id",
            "locale",
            "subject",
            "number",
            name=op.f("uq_own_wordings_organization_id_locale_subject_number"),
        ),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER own_wordings_append_only_{verb} BEFORE {verb.upper()} ON own_wordings "
                "BEGIN SELECT RAISE(ABORT, 'rows of own_wordings are only ever added'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER own_wordings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON own_wordings "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    op.drop_table("own_wordings")
