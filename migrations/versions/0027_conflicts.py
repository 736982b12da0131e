"""What open sessions need for themselves, which overlap, which zone rules placed them, and the promised answer."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER overlapping_counts_insert AFTER INSERT ON depositions WHEN NEW.overlapping BEGIN "
            "INSERT INTO overlapping_counts (organization_id, slot, n) SELECT NEW.organization_id, 0, 1 WHERE "
            "NEW.overlapping ON CONFLICT (organization_id, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER overlapping_counts_delete AFTER DELETE ON depositions WHEN OLD.overlapping BEGIN "
            "INSERT INTO overlapping_counts (organization_id, slot, n) SELECT OLD.organization_id, 0, -1 WHERE "
            "OLD.overlapping ON CONFLICT (organization_id, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER overlapping_counts_update AFTER UPDATE OF organization_id, overlapping ON depositions"
            " WHEN (OLD.overlapping OR NEW.overlapping) AND (OLD.organization_id IS NOT NEW.organization_id OR "
            "OLD.overlapping IS NOT NEW.overlapping) BEGIN INSERT INTO overlapping_counts (organization_id, slot,"
            " n) SELECT OLD.organization_id, 0, -1 WHERE OLD.overlapping ON CONFLICT (organization_id, slot) DO "
            "UPDATE SET n = n + -1; INSERT INTO overlapping_counts (organization_id, slot, n) SELECT "
            "NEW.organization_id, 0, 1 WHERE NEW.overlapping ON CONFLICT (organization_id, slot) DO UPDATE SET n "
            "= n + 1; END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION overlapping_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO overlapping_counts (organization_id, slot, n) SELECT NEW.organization_id, "
            "pg_backend_pid() % 16, 1 WHERE NEW.overlapping ON CONFLICT (organization_id, slot) DO UPDATE SET n ="
            " overlapping_counts.n + 1; ELSIF TG_OP = 'DELETE' THEN INSERT INTO overlapping_counts "
            "(organization_id, slot, n) SELECT OLD.organization_id, pg_backend_pid() % 16, -1 WHERE "
            "OLD.overlapping ON CONFLICT (organization_id, slot) DO UPDATE SET n = overlapping_counts.n + -1; "
            "ELSIF OLD.organization_id IS DISTINCT FROM NEW.organization_id OR OLD.overlapping IS DISTINCT FROM "
            "NEW.overlapping THEN INSERT INTO overlapping_counts (organization_id, slot, n) SELECT "
            "OLD.organization_id, pg_backend_pid() % 16, -1 WHERE OLD.overlapping ON CONFLICT (organization_id, "
            "slot) DO UPDATE SET n = overlapping_counts.n + -1; INSERT INTO overlapping_counts (organization_id, "
            "slot, n) SELECT NEW.organization_id, pg_backend_pid() % 16, 1 WHERE NEW.overlapping ON CONFLICT "
            "(organization_id, slot) DO UPDATE SET n = overlapping_counts.n + 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER overlapping_counts_insert AFTER INSERT ON depositions FOR EACH ROW WHEN "
            "(NEW.overlapping) EXECUTE FUNCTION overlapping_counts_keep()"
        ),
        (
            "CREATE TRIGGER overlapping_counts_delete AFTER DELETE ON depositions FOR EACH ROW WHEN "
            "(OLD.overlapping) EXECUTE FUNCTION overlapping_counts_keep()"
        ),
        (
            "CREATE TRIGGER overlapping_counts_update AFTER UPDATE OF organization_id, overlapping ON depositions"
            " FOR EACH ROW WHEN (OLD.overlapping OR NEW.overlapping) EXECUTE FUNCTION overlapping_counts_keep()"
        ),
    ],
}
COLUMNS = (
    sa.Column("overlapping", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("zone_version", sa.String(length=12), nullable=False, server_default=""),
    sa.Column("hour_moved", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("promised_by", sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00.000000"),
)
INDEXES = (
    ("ix_depositions_promised", ["state", "promised_by", "id", "starts_at"], ""),
    ("ix_depositions_organization_promised", ["organization_id", "state", "promised_by", "id", "starts_at"], ""),
    ("ix_depositions_zone_version", ["zone_version", "id"], "ended_at IS NULL AND canceled_at IS NULL"),
    ("ix_depositions_hour_moved", ["starts_at", "id", "organization_id"], "hour_moved = 1"),
    ("ix_depositions_overlapping", ["starts_at", "id"], "overlapping = 1"),
    ("ix_depositions_organization_overlapping", ["organization_id", "starts_at", "id"], "overlapping = 1"),
)


def upgrade() -> None:
    op.create_table(
        "conflict_keys",
        sa.Column("deposition_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("need", sa.String(length=12), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("deposition_id", "key", name="pk_conflict_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_conflict_keys_span", "conflict_keys", ["key", "alone", "begins", "ends", "deposition_id"])
    op.create_table(
        "overlapping_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "slot", name="pk_overlapping_counts"),
    )
    # Plainly added: making the table anew would lose the triggers that count its rows.
    for column in COLUMNS:
        op.add_column("depositions", column)
    for name, columns, condition in INDEXES:
        op.create_index(
            name,
            "depositions",
            columns,
            sqlite_where=sa.text(condition) if condition else None,
            postgresql_where=sa.text(condition.removesuffix(" = 1")) if condition else None,
        )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    # Rows that are there: in portions when the migrations are through, and by the worker what is left.
    backfills.order(op.get_bind(), "zones.depositions", "depositions")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for verb in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER overlapping_counts_{verb} ON depositions")
        op.execute("DROP FUNCTION overlapping_counts_keep()")
    else:
        for verb in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER overlapping_counts_{verb}")
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, "depositions")
    for column in reversed(COLUMNS):
        op.drop_column("depositions", column.name)
    op.drop_table("overlapping_counts")
    op.drop_table("conflict_keys")
