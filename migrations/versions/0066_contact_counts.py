"""How many contacts an organization has, and in which hour they were created: for the numbered pages of their list."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER contact_counts_insert AFTER INSERT ON contacts WHEN NEW.is_counted BEGIN INSERT INTO "
            "contact_counts (organization_id, slot, n) SELECT NEW.organization_id, 0, 1 WHERE NEW.is_counted ON "
            "CONFLICT (organization_id, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER contact_counts_delete AFTER DELETE ON contacts WHEN OLD.is_counted BEGIN INSERT INTO "
            "contact_counts (organization_id, slot, n) SELECT OLD.organization_id, 0, -1 WHERE OLD.is_counted ON "
            "CONFLICT (organization_id, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER contact_counts_update AFTER UPDATE OF organization_id, is_counted ON contacts WHEN "
            "(OLD.is_counted OR NEW.is_counted) AND (OLD.organization_id IS NOT NEW.organization_id OR "
            "OLD.is_counted IS NOT NEW.is_counted) BEGIN INSERT INTO contact_counts (organization_id, slot, n) "
            "SELECT OLD.organization_id, 0, -1 WHERE OLD.is_counted ON CONFLICT (organization_id, slot) DO UPDATE"
            " SET n = n + -1; INSERT INTO contact_counts (organization_id, slot, n) SELECT NEW.organization_id, "
            "0, 1 WHERE NEW.is_counted ON CONFLICT (organization_id, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER contacts_tallies_insert AFTER INSERT ON contacts WHEN NEW.created_at IS NOT NULL "
            "BEGIN INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) SELECT moment, "
            "organization_id, hour, word, part, wait, 0, n FROM (SELECT 'contact.created' AS moment, "
            "NEW.organization_id AS organization_id, CAST(strftime('%s', NEW.created_at) AS INTEGER) / 3600 AS "
            "hour, '' AS word, '' AS part, 0 AS wait, 1 AS n WHERE NEW.created_at IS NOT NULL AND NEW.is_counted)"
            " AS t WHERE true ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO UPDATE SET n"
            " = n + excluded.n; END"
        ),
        (
            "CREATE TRIGGER contacts_tallies_delete AFTER DELETE ON contacts WHEN OLD.created_at IS NOT NULL "
            "BEGIN INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) SELECT moment, "
            "organization_id, hour, word, part, wait, 0, n FROM (SELECT 'contact.created' AS moment, "
            "OLD.organization_id AS organization_id, CAST(strftime('%s', OLD.created_at) AS INTEGER) / 3600 AS "
            "hour, '' AS word, '' AS part, 0 AS wait, -1 AS n WHERE OLD.created_at IS NOT NULL AND "
            "OLD.is_counted) AS t WHERE true ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) "
            "DO UPDATE SET n = n + excluded.n; END"
        ),
        (
            "CREATE TRIGGER contacts_tallies_update AFTER UPDATE OF created_at, is_counted ON contacts WHEN "
            "(OLD.created_at IS NOT NEW.created_at OR OLD.is_counted IS NOT NEW.is_counted) AND (OLD.created_at "
            "IS NOT NULL OR NEW.created_at IS NOT NULL) BEGIN INSERT INTO tallies (moment, organization_id, hour,"
            " word, part, wait, slot, n) SELECT moment, organization_id, hour, word, part, wait, 0, sum(n) FROM "
            "(SELECT 'contact.created' AS moment, OLD.organization_id AS organization_id, CAST(strftime('%s', "
            "OLD.created_at) AS INTEGER) / 3600 AS hour, '' AS word, '' AS part, 0 AS wait, -1 AS n WHERE "
            "OLD.created_at IS NOT NULL AND OLD.is_counted UNION ALL SELECT 'contact.created' AS moment, "
            "NEW.organization_id AS organization_id, CAST(strftime('%s', NEW.created_at) AS INTEGER) / 3600 AS "
            "hour, '' AS word, '' AS part, 0 AS wait, 1 AS n WHERE NEW.created_at IS NOT NULL AND NEW.is_counted)"
            " AS t WHERE true GROUP BY moment, organization_id, hour, word, part, wait HAVING sum(n) <> 0 ON "
            "CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO UPDATE SET n = n + excluded.n; "
            "END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION contact_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO contact_counts (organization_id, slot, n) SELECT NEW.organization_id, "
            "pg_backend_pid() % 16, 1 WHERE NEW.is_counted ON CONFLICT (organization_id, slot) DO UPDATE SET n = "
            "contact_counts.n + 1; ELSIF TG_OP = 'DELETE' THEN INSERT INTO contact_counts (organization_id, slot,"
            " n) SELECT OLD.organization_id, pg_backend_pid() % 16, -1 WHERE OLD.is_counted ON CONFLICT "
            "(organization_id, slot) DO UPDATE SET n = contact_counts.n + -1; ELSIF OLD.organization_id IS "
            "DISTINCT FROM NEW.organization_id OR OLD.is_counted IS DISTINCT FROM NEW.is_counted THEN INSERT INTO"
            " contact_counts (organization_id, slot, n) SELECT OLD.organization_id, pg_backend_pid() % 16, -1 "
            "WHERE OLD.is_counted ON CONFLICT (organization_id, slot) DO UPDATE SET n = contact_counts.n + -1; "
            "INSERT INTO contact_counts (organization_id, slot, n) SELECT NEW.organization_id, pg_backend_pid() %"
            " 16, 1 WHERE NEW.is_counted ON CONFLICT (organization_id, slot) DO UPDATE SET n = contact_counts.n +"
            " 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER contact_counts_insert AFTER INSERT ON contacts FOR EACH ROW WHEN (NEW.is_counted) "
            "EXECUTE FUNCTION contact_counts_keep()"
        ),
        (
            "CREATE TRIGGER contact_counts_delete AFTER DELETE ON contacts FOR EACH ROW WHEN (OLD.is_counted) "
            "EXECUTE FUNCTION contact_counts_keep()"
        ),
        (
            "CREATE TRIGGER contact_counts_update AFTER UPDATE OF organization_id, is_counted ON contacts FOR "
            "EACH ROW WHEN (OLD.is_counted OR NEW.is_counted) EXECUTE FUNCTION contact_counts_keep()"
        ),
        (
            "CREATE FUNCTION contacts_tallies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' "
            "THEN IF NEW.created_at IS NOT NULL AND NEW.is_counted THEN INSERT INTO tallies (moment, "
            "organization_id, hour, word, part, wait, slot, n) VALUES ('contact.created', NEW.organization_id, "
            "CAST(floor(extract(epoch FROM NEW.created_at)) AS bigint) / 3600, '', '', 0, pg_backend_pid() % 16, "
            "1) ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO UPDATE SET n = tallies.n +"
            " 1; END IF; ELSIF TG_OP = 'DELETE' THEN IF OLD.created_at IS NOT NULL AND OLD.is_counted THEN INSERT"
            " INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) VALUES ('contact.created', "
            "OLD.organization_id, CAST(floor(extract(epoch FROM OLD.created_at)) AS bigint) / 3600, '', '', 0, "
            "pg_backend_pid() % 16, -1) ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO "
            "UPDATE SET n = tallies.n + -1; END IF; ELSIF TG_OP = 'UPDATE' THEN IF OLD.created_at IS DISTINCT "
            "FROM NEW.created_at OR OLD.is_counted IS DISTINCT FROM NEW.is_counted THEN IF OLD.created_at IS NOT "
            "NULL AND OLD.is_counted THEN INSERT INTO tallies (moment, organization_id, hour, word, part, wait, "
            "slot, n) VALUES ('contact.created', OLD.organization_id, CAST(floor(extract(epoch FROM "
            "OLD.created_at)) AS bigint) / 3600, '', '', 0, pg_backend_pid() % 16, -1) ON CONFLICT (moment, "
            "organization_id, hour, word, part, wait, slot) DO UPDATE SET n = tallies.n + -1; END IF; IF "
            "NEW.created_at IS NOT NULL AND NEW.is_counted THEN INSERT INTO tallies (moment, organization_id, "
            "hour, word, part, wait, slot, n) VALUES ('contact.created', NEW.organization_id, "
            "CAST(floor(extract(epoch FROM NEW.created_at)) AS bigint) / 3600, '', '', 0, pg_backend_pid() % 16, "
            "1) ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO UPDATE SET n = tallies.n +"
            " 1; END IF; END IF; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER contacts_tallies_insert AFTER INSERT ON contacts FOR EACH ROW WHEN (NEW.created_at IS"
            " NOT NULL) EXECUTE FUNCTION contacts_tallies()"
        ),
        (
            "CREATE TRIGGER contacts_tallies_delete AFTER DELETE ON contacts FOR EACH ROW WHEN (OLD.created_at IS"
            " NOT NULL) EXECUTE FUNCTION contacts_tallies()"
        ),
        (
            "CREATE TRIGGER contacts_tallies_update AFTER UPDATE OF created_at, is_counted ON contacts FOR EACH "
            "ROW WHEN ((OLD.created_at IS DISTINCT FROM NEW.created_at OR OLD.is_counted IS DISTINCT FROM "
            "NEW.is_counted) AND (OLD.created_at IS NOT NULL OR NEW.created_at IS NOT NULL)) EXECUTE FUNCTION "
            "contacts_tallies()"
        ),
    ],
}


def upgrade() -> None:
    op.create_table(
        "contact_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "slot", name=op.f("pk_contact_counts")),
    )
    dialect = op.get_bind().dialect.name
    # Contacts that are there stay uncounted until the backfill comes by, without a lock on the table. A process of the
    # former version, which does not know the column, inserts counted ones; SQLite has one default for both.
    there = sa.false() if dialect == "postgresql" else sa.true()
    op.add_column("contacts", sa.Column("is_counted", sa.Boolean(), nullable=False, server_default=there))
    if dialect == "postgresql":
        op.execute("ALTER TABLE contacts ALTER COLUMN is_counted SET DEFAULT true")
    else:
        op.execute("UPDATE contacts SET is_counted = 0")
    for statement in TRIGGERS[dialect]:
        op.execute(statement)
    backfills.order(op.get_bind(), "counted.contacts", "contacts")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    on = " ON contacts" if postgresql else ""
    for verb in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER contact_counts_{verb}{on}")
        op.execute(f"DROP TRIGGER contacts_tallies_{verb}{on}")
    if postgresql:
        op.execute("DROP FUNCTION contact_counts_keep()")
        op.execute("DROP FUNCTION contacts_tallies()")
    op.execute("DELETE FROM tallies WHERE moment = 'contact.created'")
    op.drop_column("contacts", "is_counted")
    op.drop_table("contact_counts")
