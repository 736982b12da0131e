"""History is only ever added to, by trigger; `anchors` keeps statements and replies as they are, and nothing else.

It loses the columns of asking, and that an authority stamps an inspection once. PostgreSQL does so in place; SQLite
cannot drop what a constraint names, so the table is written anew there, replies as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

APPEND_ONLY = ("events", "chain_events", "anchors", "consents", "consent_wordings")

FUNCTION = (
    "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
)

ASKED = "id, inspection_id, authority, kind, statement, state, attempts, reason, created_at, updated_at"
FOUND = ASKED.replace("kind", "'end'")

STATISTICS: dict[str, list[str]] = {
    "sqlite": [
        (
            "CREATE TRIGGER anchors_tallies_insert AFTER INSERT ON anchors WHEN NEW.stamped_at IS NOT NULL BEGIN "
            "INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) SELECT moment, "
            "organization_id, hour, word, part, wait, 0, n FROM (SELECT 'anchor.stamped' AS moment, (SELECT "
            "organization_id FROM inspections WHERE id = NEW.inspection_id) AS organization_id, "
            "CAST(strftime('%s', NEW.stamped_at) AS INTEGER) / 3600 AS hour, '' AS word, '' AS part, (SELECT CASE"
            " WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN "
            "4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 "
            "THEN 9 WHEN s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 "
            "WHEN s < 64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s"
            " < 259200 THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < "
            "864000 THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 "
            "END FROM (SELECT CAST(strftime('%s', NEW.stamped_at) AS INTEGER) - CAST(strftime('%s', "
            "NEW.created_at) AS INTEGER) AS s) AS w) AS wait, 1 AS n WHERE NEW.stamped_at IS NOT NULL AND "
            "NEW.kind = 'end') AS t WHERE true ON CONFLICT (moment, organization_id, hour, word, part, wait, "
            "slot) DO UPDATE SET n = n + excluded.n; END"
        ),
        (
            "CREATE TRIGGER anchors_tallies_delete AFTER DELETE ON anchors WHEN OLD.stamped_at IS NOT NULL BEGIN "
            "INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) SELECT moment, "
            "organization_id, hour, word, part, wait, 0, n FROM (SELECT 'anchor.stamped' AS moment, (SELECT "
            "organization_id FROM inspections WHERE id = OLD.inspection_id) AS organization_id, "
            "CAST(strftime('%s', OLD.stamped_at) AS INTEGER) / 3600 AS hour, '' AS word, '' AS part, (SELECT CASE"
            " WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN "
            "4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 "
            "THEN 9 WHEN s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 "
            "WHEN s < 64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s"
            " < 259200 THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < "
            "864000 THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 "
            "END FROM (SELECT CAST(strftime('%s', OLD.stamped_at) AS INTEGER) - CAST(strftime('%s', "
            "OLD.created_at) AS INTEGER) AS s) AS w) AS wait, -1 AS n WHERE OLD.stamped_at IS NOT NULL AND "
            "OLD.kind = 'end') AS t WHERE true ON CONFLICT (moment, organization_id, hour, word, part, wait, "
            "slot) DO UPDATE SET n = n + excluded.n; END"
        ),
        (
            "CREATE TRIGGER anchors_tallies_update AFTER UPDATE OF stamped_at, created_at ON anchors WHEN "
            "(OLD.stamped_at IS NOT NEW.stamped_at OR OLD.created_at IS NOT NEW.created_at) AND (OLD.stamped_at "
            "IS NOT NULL OR NEW.stamped_at IS NOT NULL) BEGIN INSERT INTO tallies (moment, organization_id, hour,"
            " word, part, wait, slot, n) SELECT moment, organization_id, hour, word, part, wait, 0, sum(n) FROM "
            "(SELECT 'anchor.stamped' AS moment, (SELECT organization_id FROM inspections WHERE id = "
            "OLD.inspection_id) AS organization_id, CAST(strftime('%s', OLD.stamped_at) AS INTEGER) / 3600 AS "
            "hour, '' AS word, '' AS part, (SELECT CASE WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 "
            "THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN 4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < "
            "3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 THEN 9 WHEN s < 14400 THEN 10 WHEN s < 21600 THEN 11"
            " WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 WHEN s < 64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s "
            "< 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s < 259200 THEN 18 WHEN s < 345600 THEN 19 WHEN s < "
            "432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < 864000 THEN 22 WHEN s < 1209600 THEN 23 WHEN s < "
            "1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 END FROM (SELECT CAST(strftime('%s', "
            "OLD.stamped_at) AS INTEGER) - CAST(strftime('%s', OLD.created_at) AS INTEGER) AS s) AS w) AS wait, "
            "-1 AS n WHERE OLD.stamped_at IS NOT NULL AND OLD.kind = 'end' UNION ALL SELECT 'anchor.stamped' AS "
            "moment, (SELECT organization_id FROM inspections WHERE id = NEW.inspection_id) AS organization_id, "
            "CAST(strftime('%s', NEW.stamped_at) AS INTEGER) / 3600 AS hour, '' AS word, '' AS part, (SELECT CASE"
            " WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN "
            "4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 "
            "THEN 9 WHEN s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 "
            "WHEN s < 64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s"
            " < 259200 THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < "
            "864000 THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 "
            "END FROM (SELECT CAST(strftime('%s', NEW.stamped_at) AS INTEGER) - CAST(strftime('%s', "
            "NEW.created_at) AS INTEGER) AS s) AS w) AS wait, 1 AS n WHERE NEW.stamped_at IS NOT NULL AND "
            "NEW.kind = 'end') AS t WHERE true GROUP BY moment, organization_id, hour, word, part, wait HAVING "
            "sum(n) <> 0 ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO UPDATE SET n = n "
            "+ excluded.n; END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION anchors_tallies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' "
            "THEN IF NEW.stamped_at IS NOT NULL AND NEW.kind = 'end' THEN INSERT INTO tallies (moment, "
            "organization_id, hour, word, part, wait, slot, n) VALUES ('anchor.stamped', (SELECT organization_id "
            "FROM inspections WHERE id = NEW.inspection_id), CAST(floor(extract(epoch FROM NEW.stamped_at)) AS "
            "integer) / 3600, '', '', (SELECT CASE WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 "
            "WHEN s < 300 THEN 3 WHEN s < 600 THEN 4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN "
            "7 WHEN s < 7200 THEN 8 WHEN s < 10800 THEN 9 WHEN s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < "
            "28800 THEN 12 WHEN s < 43200 THEN 13 WHEN s < 64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 "
            "THEN 16 WHEN s < 172800 THEN 17 WHEN s < 259200 THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN"
            " 20 WHEN s < 604800 THEN 21 WHEN s < 864000 THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN "
            "24 WHEN s < 2592000 THEN 25 ELSE 26 END FROM (SELECT CAST(floor(extract(epoch FROM NEW.stamped_at)) "
            "AS integer) - CAST(floor(extract(epoch FROM NEW.created_at)) AS integer) AS s) AS w), "
            "pg_backend_pid() % 16, 1) ON CONFLICT (moment, organization_id, hour, word, part, wait, slot) DO "
            "UPDATE SET n = tallies.n + 1; END IF; ELSIF TG_OP = 'DELETE' THEN IF OLD.stamped_at IS NOT NULL AND "
            "OLD.kind = 'end' THEN INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n)"
            " VALUES ('anchor.stamped', (SELECT organization_id FROM inspections WHERE id = OLD.inspection_id), "
            "CAST(floor(extract(epoch FROM OLD.stamped_at)) AS integer) / 3600, '', '', (SELECT CASE WHEN s IS "
            "NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN 4 WHEN s < "
            "900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 THEN 9 WHEN"
            " s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 WHEN s < "
            "64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s < 259200"
            " THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < 864000 "
            "THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 END FROM "
            "(SELECT CAST(floor(extract(epoch FROM OLD.stamped_at)) AS integer) - CAST(floor(extract(epoch FROM "
            "OLD.created_at)) AS integer) AS s) AS w), pg_backend_pid() % 16, -1) ON CONFLICT (moment, "
            "organization_id, hour, word, part, wait, slot) DO UPDATE SET n = tallies.n + -1; END IF; ELSIF TG_OP"
            " = 'UPDATE' THEN IF OLD.stamped_at IS DISTINCT FROM NEW.stamped_at OR OLD.created_at IS DISTINCT "
            "FROM NEW.created_at THEN IF OLD.stamped_at IS NOT NULL AND OLD.kind = 'end' THEN INSERT INTO tallies"
            " (moment, organization_id, hour, word, part, wait, slot, n) VALUES ('anchor.stamped', (SELECT "
            "organization_id FROM inspections WHERE id = OLD.inspection_id), CAST(floor(extract(epoch FROM "
            "OLD.stamped_at)) AS integer) / 3600, '', '', (SELECT CASE WHEN s IS NULL THEN 0 WHEN s < 60 THEN 1 "
            "WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN 4 WHEN s < 900 THEN 5 WHEN s < 1800 THEN 6"
            " WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 THEN 9 WHEN s < 14400 THEN 10 WHEN s < "
            "21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 WHEN s < 64800 THEN 14 WHEN s < 86400 "
            "THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s < 259200 THEN 18 WHEN s < 345600 THEN"
            " 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < 864000 THEN 22 WHEN s < 1209600 THEN 23"
            " WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 END FROM (SELECT CAST(floor(extract(epoch"
            " FROM OLD.stamped_at)) AS integer) - CAST(floor(extract(epoch FROM OLD.created_at)) AS integer) AS "
            "s) AS w), pg_backend_pid() % 16, -1) ON CONFLICT (moment, organization_id, hour, word, part, wait, "
            "slot) DO UPDATE SET n = tallies.n + -1; END IF; IF NEW.stamped_at IS NOT NULL AND NEW.kind = 'end' "
            "THEN INSERT INTO tallies (moment, organization_id, hour, word, part, wait, slot, n) VALUES "
            "('anchor.stamped', (SELECT organization_id FROM inspections WHERE id = NEW.inspection_id), "
            "CAST(floor(extract(epoch FROM NEW.stamped_at)) AS integer) / 3600, '', '', (SELECT CASE WHEN s IS "
            "NULL THEN 0 WHEN s < 60 THEN 1 WHEN s < 120 THEN 2 WHEN s < 300 THEN 3 WHEN s < 600 THEN 4 WHEN s < "
            "900 THEN 5 WHEN s < 1800 THEN 6 WHEN s < 3600 THEN 7 WHEN s < 7200 THEN 8 WHEN s < 10800 THEN 9 WHEN"
            " s < 14400 THEN 10 WHEN s < 21600 THEN 11 WHEN s < 28800 THEN 12 WHEN s < 43200 THEN 13 WHEN s < "
            "64800 THEN 14 WHEN s < 86400 THEN 15 WHEN s < 129600 THEN 16 WHEN s < 172800 THEN 17 WHEN s < 259200"
            " THEN 18 WHEN s < 345600 THEN 19 WHEN s < 432000 THEN 20 WHEN s < 604800 THEN 21 WHEN s < 864000 "
            "THEN 22 WHEN s < 1209600 THEN 23 WHEN s < 1814400 THEN 24 WHEN s < 2592000 THEN 25 ELSE 26 END FROM "
            "(SELECT CAST(floor(extract(epoch FROM NEW.stamped_at)) AS integer) - CAST(floor(extract(epoch FROM "
            "NEW.created_at)) AS integer) AS s) AS w), pg_backend_pid() % 16, 1) ON CONFLICT (moment, "
            "organization_id, hour, word, part, wait, slot) DO UPDATE SET n = tallies.n + 1; END IF; END IF; END "
            "IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER anchors_tallies_insert AFTER INSERT ON anchors FOR EACH ROW WHEN (NEW.stamped_at IS "
            "NOT NULL) EXECUTE FUNCTION anchors_tallies()"
        ),
        (
            "CREATE TRIGGER anchors_tallies_delete AFTER DELETE ON anchors FOR EACH ROW WHEN (OLD.stamped_at IS "
            "NOT NULL) EXECUTE FUNCTION anchors_tallies()"
        ),
        (
            "CREATE TRIGGER anchors_tallies_update AFTER UPDATE OF stamped_at, created_at ON anchors FOR EACH ROW"
            " WHEN ((OLD.stamped_at IS DISTINCT FROM NEW.stamped_at OR OLD.created_at IS DISTINCT FROM "
            "NEW.created_at) AND (OLD.stamped_at IS NOT NULL OR NEW.stamped_at IS NOT NULL)) EXECUTE FUNCTION "
            "anchors_tallies()"
        ),
    ],
}
"""Stamps are counted at the end of an inspection only, as before there were others."""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        _write_anew()
    else:
        _drop_columns()
    for table in APPEND_ONLY:
        if sqlite:
            for verb in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_append_only_{verb} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
                )
            continue
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def _drop_columns() -> None:
    """PostgreSQL. What was asked or answered since the migration before, a moment ago, is settled under the lock."""
    op.execute("LOCK TABLE anchors IN ACCESS EXCLUSIVE MODE")
    # Its rows are read by 0037, which holds no lock meanwhile.
    op.execute(
        "ALTER TABLE anchor_requests ADD CONSTRAINT fk_anchor_requests_inspection_id "
        "FOREIGN KEY (inspection_id) REFERENCES inspections (id) NOT VALID"
    )
    op.execute(
        f"INSERT INTO anchor_requests ({ASKED}) SELECT {FOUND.replace('id, i', 'a.id, a.i', 1)} FROM anchors AS a "
        "JOIN (SELECT id AS pending FROM inspections WHERE anchoring IN ('pending', 'failed')) AS i "
        "ON i.pending = a.inspection_id WHERE reply IS NULL ON CONFLICT (id) DO NOTHING"
    )
    op.execute(
        "UPDATE anchor_requests AS r SET state = 'anchored' FROM anchors AS a WHERE a.id = r.id AND a.reply IS NOT NULL"
    )
    op.execute("DELETE FROM anchors AS a USING anchor_requests AS r WHERE a.id = r.id AND a.reply IS NULL")
    op.drop_constraint("uq_anchors_inspection_id_authority", "anchors", type_="unique")
    op.execute(
        "ALTER TABLE anchors DROP COLUMN state, DROP COLUMN attempts, DROP COLUMN reason, DROP COLUMN updated_at, "
        "ADD COLUMN kind varchar(10) NOT NULL DEFAULT 'end'"
    )
    op.execute("ALTER TABLE anchors ALTER COLUMN kind DROP DEFAULT")
    op.create_index("ix_anchors_inspection", "anchors", ["inspection_id", "created_at"])
    for verb in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER anchors_tallies_{verb} ON anchors")
    op.execute("DROP FUNCTION anchors_tallies()")
    for statement in STATISTICS["postgresql"]:
        op.execute(statement)
    op.execute(FUNCTION)


def _write_anew() -> None:
    """SQLite. Its triggers go with the former table, and none fires."""
    moment, stamped = sa.DateTime(timezone=True), sa.text("stamped_at IS NOT NULL")
    op.create_table(
        "anchors_anew",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("authority", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("stamped_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_anchors_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchors")),
    )
    op.execute(
        "INSERT INTO anchors_anew (id, inspection_id, authority, kind, statement, reply, stamped_at, created_at) "
        "SELECT id, inspection_id, authority, 'end', statement, reply, stamped_at, created_at FROM anchors "
        "WHERE reply IS NOT NULL"
    )
    op.execute("DROP TABLE anchors")
    op.execute("ALTER TABLE anchors_anew RENAME TO anchors")
    op.create_index("ix_anchors_inspection", "anchors", ["inspection_id", "created_at"])
    op.create_index("ix_anchors_stamped", "anchors", ["stamped_at", "id"], sqlite_where=stamped)
    for statement in STATISTICS["sqlite"]:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPEND_ONLY:
        for verb in ("update", "delete") if sqlite else ():
            op.execute(f"DROP TRIGGER {table}_append_only_{verb}")
        if not sqlite:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    if not sqlite:
        op.execute("DROP FUNCTION append_only()")
    for verb in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER anchors_tallies_{verb}" + ("" if sqlite else " ON anchors"))
    if not sqlite:
        op.execute("DROP FUNCTION anchors_tallies()")
    op.execute("DELETE FROM anchors WHERE kind <> 'end'")
    op.drop_index("ix_anchors_inspection", "anchors")
    moment = sa.DateTime(timezone=True)
    # Without the constraints of before: who goes back to that version and beyond has none either.
    op.add_column("anchors", sa.Column("state", sa.String(length=10), nullable=False, server_default="anchored"))
    op.add_column("anchors", sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("anchors", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("anchors", sa.Column("updated_at", moment, nullable=True))
    op.execute("UPDATE anchors SET updated_at = created_at")
    op.drop_column("anchors", "kind")
    for statement in STATISTICS["sqlite" if sqlite else "postgresql"]:
        op.execute(statement.replace(" AND NEW.kind = 'end'", "").replace(" AND OLD.kind = 'end'", ""))
