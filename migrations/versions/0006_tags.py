"""Tags on what stands in a queue, and how often each is used."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER tag_counts_insert AFTER INSERT ON tags BEGIN INSERT INTO tag_counts (organization_id,"
            " subject_type, name, slot, n) VALUES (NEW.organization_id, NEW.subject_type, NEW.name, 0, 1) ON "
            "CONFLICT (organization_id, subject_type, name, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER tag_counts_delete AFTER DELETE ON tags BEGIN INSERT INTO tag_counts (organization_id,"
            " subject_type, name, slot, n) VALUES (OLD.organization_id, OLD.subject_type, OLD.name, 0, -1) ON "
            "CONFLICT (organization_id, subject_type, name, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER tag_counts_update AFTER UPDATE OF organization_id, subject_type, name ON tags WHEN "
            "OLD.organization_id IS NOT NEW.organization_id OR OLD.subject_type IS NOT NEW.subject_type OR "
            "OLD.name IS NOT NEW.name BEGIN INSERT INTO tag_counts (organization_id, subject_type, name, slot, n)"
            " VALUES (OLD.organization_id, OLD.subject_type, OLD.name, 0, -1) ON CONFLICT (organization_id, "
            "subject_type, name, slot) DO UPDATE SET n = n + -1; INSERT INTO tag_counts (organization_id, "
            "subject_type, name, slot, n) VALUES (NEW.organization_id, NEW.subject_type, NEW.name, 0, 1) ON "
            "CONFLICT (organization_id, subject_type, name, slot) DO UPDATE SET n = n + 1; END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION tag_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' "
            "THEN INSERT INTO tag_counts (organization_id, subject_type, name, slot, n) VALUES "
            "(NEW.organization_id, NEW.subject_type, NEW.name, pg_backend_pid() % 16, 1) ON CONFLICT "
            "(organization_id, subject_type, name, slot) DO UPDATE SET n = tag_counts.n + 1; ELSIF TG_OP = "
            "'DELETE' THEN INSERT INTO tag_counts (organization_id, subject_type, name, slot, n) VALUES "
            "(OLD.organization_id, OLD.subject_type, OLD.name, pg_backend_pid() % 16, -1) ON CONFLICT "
            "(organization_id, subject_type, name, slot) DO UPDATE SET n = tag_counts.n + -1; ELSIF "
            "OLD.organization_id IS DISTINCT FROM NEW.organization_id OR OLD.subject_type IS DISTINCT FROM "
            "NEW.subject_type OR OLD.name IS DISTINCT FROM NEW.name THEN INSERT INTO tag_counts (organization_id,"
            " subject_type, name, slot, n) VALUES (OLD.organization_id, OLD.subject_type, OLD.name, "
            "pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, subject_type, name, slot) DO UPDATE SET n ="
            " tag_counts.n + -1; INSERT INTO tag_counts (organization_id, subject_type, name, slot, n) VALUES "
            "(NEW.organization_id, NEW.subject_type, NEW.name, pg_backend_pid() % 16, 1) ON CONFLICT "
            "(organization_id, subject_type, name, slot) DO UPDATE SET n = tag_counts.n + 1; END IF; RETURN NULL;"
            " END $$"
        ),
        (
            "CREATE TRIGGER tag_counts_keep AFTER INSERT OR DELETE OR UPDATE OF organization_id, subject_type, "
            "name ON tags FOR EACH ROW EXECUTE FUNCTION tag_counts_keep()"
        ),
    ],
}
"""What keeps the counter table (docs/decisions/0003-counters.md), as it was on this day."""


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_tags_organization_id")),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", "name", name=op.f("pk_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tags_name", "tags", ["subject_type", "name", "organization_id", "subject_id"])
    op.create_table(
        "tag_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_type", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=30), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "subject_type", "name", "slot", name=op.f("pk_tag_counts")),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION tag_counts_keep() CASCADE")
    op.drop_table("tags")
    op.drop_table("tag_counts")
