"""What is personal can be erased: of prescreens and contacts, and of events by the one change that triggers allow."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE TRIGGER events_append_only_update BEFORE UPDATE ON events WHEN (NEW.id IS OLD.id AND "
    "NEW.organization_id IS OLD.organization_id AND NEW.subject_type IS OLD.subject_type AND NEW.subject_id IS "
    "OLD.subject_id AND NEW.kind IS OLD.kind AND NEW.actor_kind IS OLD.actor_kind AND NEW.actor_id IS "
    "OLD.actor_id AND NEW.via IS OLD.via AND NEW.request_id IS OLD.request_id AND NEW.created_at IS "
    "OLD.created_at AND NEW.actor_name IS CASE WHEN OLD.actor_kind NOT IN ('person', 'key', 'cli', 'worker') THEN"
    " 'Somebody' ELSE OLD.actor_name END AND NEW.address IS CASE WHEN OLD.actor_kind NOT IN ('person', 'key', "
    "'cli', 'worker') THEN NULL ELSE OLD.address END AND NEW.data IS json_remove(OLD.data, '$.prospect', '$.why',"
    " '$.tag', '$.to', '$.address') AND EXISTS (SELECT 1 FROM events AS e WHERE e.subject_type = OLD.subject_type"
    " AND e.subject_id = OLD.subject_id AND e.kind = OLD.subject_type || '.erased')) IS NOT TRUE BEGIN SELECT "
    "RAISE(ABORT, 'rows of events are only ever added'); END"
)
POSTGRESQL = (
    (
        "CREATE TRIGGER events_append_only BEFORE UPDATE OF id, organization_id, subject_type, subject_id, kind, "
        "actor_kind, actor_id, via, request_id, created_at OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT "
        "EXECUTE FUNCTION append_only()"
    ),
    (
        "CREATE FUNCTION events_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (NEW.id IS NOT DISTINCT"
        " FROM OLD.id AND NEW.organization_id IS NOT DISTINCT FROM OLD.organization_id AND NEW.subject_type IS "
        "NOT DISTINCT FROM OLD.subject_type AND NEW.subject_id IS NOT DISTINCT FROM OLD.subject_id AND NEW.kind "
        "IS NOT DISTINCT FROM OLD.kind AND NEW.actor_kind IS NOT DISTINCT FROM OLD.actor_kind AND NEW.actor_id IS"
        " NOT DISTINCT FROM OLD.actor_id AND NEW.via IS NOT DISTINCT FROM OLD.via AND NEW.request_id IS NOT "
        "DISTINCT FROM OLD.request_id AND NEW.created_at IS NOT DISTINCT FROM OLD.created_at AND NEW.actor_name "
        "IS NOT DISTINCT FROM CASE WHEN OLD.actor_kind NOT IN ('person', 'key', 'cli', 'worker') THEN 'Somebody' "
        "ELSE OLD.actor_name END AND NEW.address IS NOT DISTINCT FROM CASE WHEN OLD.actor_kind NOT IN ('person', "
        "'key', 'cli', 'worker') THEN NULL ELSE OLD.address END AND NEW.data IS NOT DISTINCT FROM OLD.data - "
        "ARRAY['prospect', 'why', 'tag', 'to', 'address'] AND EXISTS (SELECT 1 FROM events AS e WHERE "
        "e.subject_type = OLD.subject_type AND e.subject_id = OLD.subject_id AND e.kind = OLD.subject_type || "
        "'.erased')) IS NOT TRUE THEN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING "
        "ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    ),
    (
        "CREATE TRIGGER events_append_only_erasure BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION "
        "events_erasure()"
    ),
)
BEFORE_SQLITE = (
    "CREATE TRIGGER events_append_only_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'rows of events "
    "are only ever added'); END"
)
BEFORE_POSTGRESQL = (
    "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE "
    "FUNCTION append_only()"
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for table in ("contacts", "prescreens"):
        op.add_column(table, sa.Column("erased_at", moment, nullable=True))
    op.add_column("organizations", sa.Column("keep_prescreens_days", sa.Integer(), nullable=True))
    op.create_table(
        "prescreen_retention_marks",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_prescreen_retention_marks_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_prescreen_retention_marks")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_append_only_update")
        op.execute(SQLITE)
        return
    op.execute("DROP TRIGGER events_append_only ON events")
    for statement in POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_append_only_update")
        op.execute(BEFORE_SQLITE)
    else:
        op.execute("DROP TRIGGER events_append_only_erasure ON events")
        op.execute("DROP FUNCTION events_erasure()")
        op.execute("DROP TRIGGER events_append_only ON events")
        op.execute(BEFORE_POSTGRESQL)
    op.drop_table("prescreen_retention_marks")
    op.drop_column("organizations", "keep_prescreens_days")
    for table in ("prescreens", "contacts"):
        op.drop_column(table, "erased_at")
