"""Makes every table, and the triggers that keep the counters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # JSON variants are rendered with a bare Text()
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER deposition_counts_insert AFTER INSERT ON depositions BEGIN INSERT INTO "
            "deposition_counts (organization_id, state, cancellation_open, slot, n) VALUES (NEW.organization_id, "
            "NEW.state, NEW.cancellation_open, 0, 1) ON CONFLICT (organization_id, state, cancellation_open, "
            "slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER deposition_counts_delete AFTER DELETE ON depositions BEGIN INSERT INTO "
            "deposition_counts (organization_id, state, cancellation_open, slot, n) VALUES (OLD.organization_id, "
            "OLD.state, OLD.cancellation_open, 0, -1) ON CONFLICT (organization_id, state, cancellation_open, "
            "slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER deposition_counts_update AFTER UPDATE OF organization_id, state, cancellation_open ON"
            " depositions WHEN OLD.organization_id IS NOT NEW.organization_id OR OLD.state IS NOT NEW.state OR "
            "OLD.cancellation_open IS NOT NEW.cancellation_open BEGIN INSERT INTO deposition_counts "
            "(organization_id, state, cancellation_open, slot, n) VALUES (OLD.organization_id, OLD.state, "
            "OLD.cancellation_open, 0, -1) ON CONFLICT (organization_id, state, cancellation_open, slot) DO "
            "UPDATE SET n = n + -1; INSERT INTO deposition_counts (organization_id, state, cancellation_open, "
            "slot, n) VALUES (NEW.organization_id, NEW.state, NEW.cancellation_open, 0, 1) ON CONFLICT "
            "(organization_id, state, cancellation_open, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER inspection_counts_insert AFTER INSERT ON inspections BEGIN INSERT INTO "
            "inspection_counts (organization_id, status, anchoring, expires_on, slot, n) VALUES "
            "(NEW.organization_id, NEW.status, NEW.anchoring, NEW.expires_on, 0, 1) ON CONFLICT (organization_id,"
            " status, anchoring, expires_on, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER inspection_counts_delete AFTER DELETE ON inspections BEGIN INSERT INTO "
            "inspection_counts (organization_id, status, anchoring, expires_on, slot, n) VALUES "
            "(OLD.organization_id, OLD.status, OLD.anchoring, OLD.expires_on, 0, -1) ON CONFLICT "
            "(organization_id, status, anchoring, expires_on, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER inspection_counts_update AFTER UPDATE OF organization_id, status, anchoring, "
            "expires_on ON inspections WHEN OLD.organization_id IS NOT NEW.organization_id OR OLD.status IS NOT "
            "NEW.status OR OLD.anchoring IS NOT NEW.anchoring OR OLD.expires_on IS NOT NEW.expires_on BEGIN "
            "INSERT INTO inspection_counts (organization_id, status, anchoring, expires_on, slot, n) VALUES "
            "(OLD.organization_id, OLD.status, OLD.anchoring, OLD.expires_on, 0, -1) ON CONFLICT "
            "(organization_id, status, anchoring, expires_on, slot) DO UPDATE SET n = n + -1; INSERT INTO "
            "inspection_counts (organization_id, status, anchoring, expires_on, slot, n) VALUES "
            "(NEW.organization_id, NEW.status, NEW.anchoring, NEW.expires_on, 0, 1) ON CONFLICT (organization_id,"
            " status, anchoring, expires_on, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER prescreen_counts_insert AFTER INSERT ON prescreens BEGIN INSERT INTO prescreen_counts"
            " (organization_id, workflow_template_id, status, review_status, slot, n) VALUES "
            "(NEW.organization_id, NEW.workflow_template_id, NEW.status, NEW.review_status, 0, 1) ON CONFLICT "
            "(organization_id, workflow_template_id, status, review_status, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER prescreen_counts_delete AFTER DELETE ON prescreens BEGIN INSERT INTO prescreen_counts"
            " (organization_id, workflow_template_id, status, review_status, slot, n) VALUES "
            "(OLD.organization_id, OLD.workflow_template_id, OLD.status, OLD.review_status, 0, -1) ON CONFLICT "
            "(organization_id, workflow_template_id, status, review_status, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER prescreen_counts_update AFTER UPDATE OF organization_id, workflow_template_id, "
            "status, review_status ON prescreens WHEN OLD.organization_id IS NOT NEW.organization_id OR "
            "OLD.workflow_template_id IS NOT NEW.workflow_template_id OR OLD.status IS NOT NEW.status OR "
            "OLD.review_status IS NOT NEW.review_status BEGIN INSERT INTO prescreen_counts (organization_id, "
            "workflow_template_id, status, review_status, slot, n) VALUES (OLD.organization_id, "
            "OLD.workflow_template_id, OLD.status, OLD.review_status, 0, -1) ON CONFLICT (organization_id, "
            "workflow_template_id, status, review_status, slot) DO UPDATE SET n = n + -1; INSERT INTO "
            "prescreen_counts (organization_id, workflow_template_id, status, review_status, slot, n) VALUES "
            "(NEW.organization_id, NEW.workflow_template_id, NEW.status, NEW.review_status, 0, 1) ON CONFLICT "
            "(organization_id, workflow_template_id, status, review_status, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER prescreen_day_counts_insert AFTER INSERT ON prescreens BEGIN INSERT INTO "
            "prescreen_day_counts (organization_id, expires_on, status, review_status, workflow_template_id, "
            "slot, n) VALUES (NEW.organization_id, NEW.expires_on, NEW.status, NEW.review_status, "
            "NEW.workflow_template_id, 0, 1) ON CONFLICT (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot) DO UPDATE SET n = n + 1; END"
        ),
        (
            "CREATE TRIGGER prescreen_day_counts_delete AFTER DELETE ON prescreens BEGIN INSERT INTO "
            "prescreen_day_counts (organization_id, expires_on, status, review_status, workflow_template_id, "
            "slot, n) VALUES (OLD.organization_id, OLD.expires_on, OLD.status, OLD.review_status, "
            "OLD.workflow_template_id, 0, -1) ON CONFLICT (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot) DO UPDATE SET n = n + -1; END"
        ),
        (
            "CREATE TRIGGER prescreen_day_counts_update AFTER UPDATE OF organization_id, expires_on, status, "
            "review_status, workflow_template_id ON prescreens WHEN OLD.organization_id IS NOT "
            "NEW.organization_id OR OLD.expires_on IS NOT NEW.expires_on OR OLD.status IS NOT NEW.status OR "
            "OLD.review_status IS NOT NEW.review_status OR OLD.workflow_template_id IS NOT "
            "NEW.workflow_template_id BEGIN INSERT INTO prescreen_day_counts (organization_id, expires_on, "
            "status, review_status, workflow_template_id, slot, n) VALUES (OLD.organization_id, OLD.expires_on, "
            "OLD.status, OLD.review_status, OLD.workflow_template_id, 0, -1) ON CONFLICT (organization_id, "
            "expires_on, status, review_status, workflow_template_id, slot) DO UPDATE SET n = n + -1; INSERT INTO"
            " prescreen_day_counts (organization_id, expires_on, status, review_status, workflow_template_id, "
            "slot, n) VALUES (NEW.organization_id, NEW.expires_on, NEW.status, NEW.review_status, "
            "NEW.workflow_template_id, 0, 1) ON CONFLICT (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot) DO UPDATE SET n = n + 1; END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION deposition_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO deposition_counts (organization_id, state, cancellation_open, slot, n) "
            "VALUES (NEW.organization_id, NEW.state, NEW.cancellation_open, pg_backend_pid() % 16, 1) ON CONFLICT"
            " (organization_id, state, cancellation_open, slot) DO UPDATE SET n = deposition_counts.n + 1; ELSIF "
            "TG_OP = 'DELETE' THEN INSERT INTO deposition_counts (organization_id, state, cancellation_open, "
            "slot, n) VALUES (OLD.organization_id, OLD.state, OLD.cancellation_open, pg_backend_pid() % 16, -1) "
            "ON CONFLICT (organization_id, state, cancellation_open, slot) DO UPDATE SET n = deposition_counts.n "
            "+ -1; ELSIF OLD.organization_id IS DISTINCT FROM NEW.organization_id OR OLD.state IS DISTINCT FROM "
            "NEW.state OR OLD.cancellation_open IS DISTINCT FROM NEW.cancellation_open THEN INSERT INTO "
            "deposition_counts (organization_id, state, cancellation_open, slot, n) VALUES (OLD.organization_id, "
            "OLD.state, OLD.cancellation_open, pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, state, "
            "cancellation_open, slot) DO UPDATE SET n = deposition_counts.n + -1; INSERT INTO deposition_counts "
            "(organization_id, state, cancellation_open, slot, n) VALUES (NEW.organization_id, NEW.state, "
            "NEW.cancellation_open, pg_backend_pid() % 16, 1) ON CONFLICT (organization_id, state, "
            "cancellation_open, slot) DO UPDATE SET n = deposition_counts.n + 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER deposition_counts_keep AFTER INSERT OR DELETE OR UPDATE OF organization_id, state, "
            "cancellation_open ON depositions FOR EACH ROW EXECUTE FUNCTION deposition_counts_keep()"
        ),
        (
            "CREATE FUNCTION inspection_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO inspection_counts (organization_id, status, anchoring, expires_on, slot, "
            "n) VALUES (NEW.organization_id, NEW.status, NEW.anchoring, NEW.expires_on, pg_backend_pid() % 16, 1)"
            " ON CONFLICT (organization_id, status, anchoring, expires_on, slot) DO UPDATE SET n = "
            "inspection_counts.n + 1; ELSIF TG_OP = 'DELETE' THEN INSERT INTO inspection_counts (organization_id,"
            " status, anchoring, expires_on, slot, n) VALUES (OLD.organization_id, OLD.status, OLD.anchoring, "
            "OLD.expires_on, pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, status, anchoring, "
            "expires_on, slot) DO UPDATE SET n = inspection_counts.n + -1; ELSIF OLD.organization_id IS DISTINCT "
            "FROM NEW.organization_id OR OLD.status IS DISTINCT FROM NEW.status OR OLD.anchoring IS DISTINCT FROM"
            " NEW.anchoring OR OLD.expires_on IS DISTINCT FROM NEW.expires_on THEN INSERT INTO inspection_counts "
            "(organization_id, status, anchoring, expires_on, slot, n) VALUES (OLD.organization_id, OLD.status, "
            "OLD.anchoring, OLD.expires_on, pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, status, "
            "anchoring, expires_on, slot) DO UPDATE SET n = inspection_counts.n + -1; INSERT INTO "
            "inspection_counts (organization_id, status, anchoring, expires_on, slot, n) VALUES "
            "(NEW.organization_id, NEW.status, NEW.anchoring, NEW.expires_on, pg_backend_pid() % 16, 1) ON "
            "CONFLICT (organization_id, status, anchoring, expires_on, slot) DO UPDATE SET n = "
            "inspection_counts.n + 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER inspection_counts_keep AFTER INSERT OR DELETE OR UPDATE OF organization_id, status, "
            "anchoring, expires_on ON inspections FOR EACH ROW EXECUTE FUNCTION inspection_counts_keep()"
        ),
        (
            "CREATE FUNCTION prescreen_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO prescreen_counts (organization_id, workflow_template_id, status, "
            "review_status, slot, n) VALUES (NEW.organization_id, NEW.workflow_template_id, NEW.status, "
            "NEW.review_status, pg_backend_pid() % 16, 1) ON CONFLICT (organization_id, workflow_template_id, "
            "status, review_status, slot) DO UPDATE SET n = prescreen_counts.n + 1; ELSIF TG_OP = 'DELETE' THEN "
            "INSERT INTO prescreen_counts (organization_id, workflow_template_id, status, review_status, slot, n)"
            " VALUES (OLD.organization_id, OLD.workflow_template_id, OLD.status, OLD.review_status, "
            "pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, workflow_template_id, status, "
            "review_status, slot) DO UPDATE SET n = prescreen_counts.n + -1; ELSIF OLD.organization_id IS "
            "DISTINCT FROM NEW.organization_id OR OLD.workflow_template_id IS DISTINCT FROM "
            "NEW.workflow_template_id OR OLD.status IS DISTINCT FROM NEW.status OR OLD.review_status IS DISTINCT "
            "FROM NEW.review_status THEN INSERT INTO prescreen_counts (organization_id, workflow_template_id, "
            "status, review_status, slot, n) VALUES (OLD.organization_id, OLD.workflow_template_id, OLD.status, "
            "OLD.review_status, pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, workflow_template_id, "
            "status, review_status, slot) DO UPDATE SET n = prescreen_counts.n + -1; INSERT INTO prescreen_counts"
            " (organization_id, workflow_template_id, status, review_status, slot, n) VALUES "
            "(NEW.organization_id, NEW.workflow_template_id, NEW.status, NEW.review_status, pg_backend_pid() % "
            "16, 1) ON CONFLICT (organization_id, workflow_template_id, status, review_status, slot) DO UPDATE "
            "SET n = prescreen_counts.n + 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER prescreen_counts_keep AFTER INSERT OR DELETE OR UPDATE OF organization_id, "
            "workflow_template_id, status, review_status ON prescreens FOR EACH ROW EXECUTE FUNCTION "
            "prescreen_counts_keep()"
        ),
        (
            "CREATE FUNCTION prescreen_day_counts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'INSERT' THEN INSERT INTO prescreen_day_counts (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot, n) VALUES (NEW.organization_id, NEW.expires_on, NEW.status, "
            "NEW.review_status, NEW.workflow_template_id, pg_backend_pid() % 16, 1) ON CONFLICT (organization_id,"
            " expires_on, status, review_status, workflow_template_id, slot) DO UPDATE SET n = "
            "prescreen_day_counts.n + 1; ELSIF TG_OP = 'DELETE' THEN INSERT INTO prescreen_day_counts "
            "(organization_id, expires_on, status, review_status, workflow_template_id, slot, n) VALUES "
            "(OLD.organization_id, OLD.expires_on, OLD.status, OLD.review_status, OLD.workflow_template_id, "
            "pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot) DO UPDATE SET n = prescreen_day_counts.n + -1; ELSIF OLD.organization_id"
            " IS DISTINCT FROM NEW.organization_id OR OLD.expires_on IS DISTINCT FROM NEW.expires_on OR "
            "OLD.status IS DISTINCT FROM NEW.status OR OLD.review_status IS DISTINCT FROM NEW.review_status OR "
            "OLD.workflow_template_id IS DISTINCT FROM NEW.workflow_template_id THEN INSERT INTO "
            "prescreen_day_counts (organization_id, expires_on, status, review_status, workflow_template_id, "
            "slot, n) VALUES (OLD.organization_id, OLD.expires_on, OLD.status, OLD.review_status, "
            "OLD.workflow_template_id, pg_backend_pid() % 16, -1) ON CONFLICT (organization_id, expires_on, "
            "status, review_status, workflow_template_id, slot) DO UPDATE SET n = prescreen_day_counts.n + -1; "
            "INSERT INTO prescreen_day_counts (organization_id, expires_on, status, review_status, "
            "workflow_template_id, slot, n) VALUES (NEW.organization_id, NEW.expires_on, NEW.status, "
            "NEW.review_status, NEW.workflow_template_id, pg_backend_pid() % 16, 1) ON CONFLICT (organization_id,"
            " expires_on, status, review_status, workflow_template_id, slot) DO UPDATE SET n = "
            "prescreen_day_counts.n + 1; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER prescreen_day_counts_keep AFTER INSERT OR DELETE OR UPDATE OF organization_id, "
            "expires_on, status, review_status, workflow_template_id ON prescreens FOR EACH ROW EXECUTE FUNCTION "
            "prescreen_day_counts_keep()"
        ),
    ],
}
"""What keeps the counter tables (docs/decisions/0003-counters.md), as it was on this day."""


def upgrade() -> None:
    op.create_table(
        "deposition_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), autoincrement=False, nullable=False),
        sa.Column("cancellation_open", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "state", "cancellation_open", "slot", name=op.f("pk_deposition_counts")
        ),
    )
    op.create_table(
        "development_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_development_mail")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_development_mail_outbox_id")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.String(length=320), nullable=False),
        sa.Column("via", sa.String(length=10), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_subject", ["subject_type", "subject_id", "id"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("later", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "inspection_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=10), autoincrement=False, nullable=False),
        sa.Column("anchoring", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("expires_on", sa.String(length=10), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "status", "anchoring", "expires_on", "slot", name=op.f("pk_inspection_counts")
        ),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.String(length=16), nullable=False),
        sa.Column("billing", sa.String(length=16), nullable=False),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("decision_emails", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("billing IN ('active', 'past_due')", name=op.f("ck_organizations_billing_known")),
        sa.CheckConstraint(
            "plan IN ('free', 'pilot', 'starter', 'pro', 'scale')", name=op.f("ck_organizations_plan_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=True),
        sa.Column("subject_id", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("destination", sa.String(length=255), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("dedupe", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("earlier_attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_outbox_dedupe")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due",
            ["state", "due_at", "destination", "channel"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index("ix_outbox_organization", ["organization_id", "state", "created_at", "id"], unique=False)
        batch_op.create_index("ix_outbox_state", ["state", "created_at", "id"], unique=False)
        batch_op.create_index("ix_outbox_subject", ["subject_type", "subject_id", "created_at"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("single_keys", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("theme IN ('system', 'light', 'dark')", name=op.f("ck_people_theme_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "prescreen_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workflow_template_id", sa.Uuid(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("review_status", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "workflow_template_id",
            "status",
            "review_status",
            "slot",
            name=op.f("pk_prescreen_counts"),
        ),
    )
    op.create_table(
        "prescreen_day_counts",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("expires_on", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("review_status", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("workflow_template_id", sa.Uuid(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "expires_on",
            "status",
            "review_status",
            "workflow_template_id",
            "slot",
            name=op.f("pk_prescreen_day_counts"),
        ),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=24), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=True),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "product IN ('depositions', 'prescreens', 'inspections')", name=op.f("ck_api_keys_product_known")
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_api_keys_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_keys_secret_sha256")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_organization", ["organization_id", "product", "id"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_campaigns_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_campaigns_organization_id_name")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True),
        sa.Column("phone_key", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_contacts_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("organization_id", "email_key", name="uq_contacts_email"),
        sa.UniqueConstraint("organization_id", "phone_key", name="uq_contacts_phone"),
    )
    op.create_table(
        "depositions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("remote_session_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("case_name", sa.Text(), nullable=False),
        sa.Column("file_number", sa.Text(), nullable=True),
        sa.Column("start_date", sa.String(length=10), nullable=False),
        sa.Column("start_time", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=80), nullable=False),
        sa.Column("estimated_duration", sa.String(length=32), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("session_type", sa.Text(), nullable=False),
        sa.Column("deponent_name", sa.Text(), nullable=True),
        sa.Column("deponent_email", sa.String(length=254), nullable=True),
        sa.Column("deponent_role", sa.String(length=10), nullable=True),
        sa.Column(
            "invites", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("postback_url", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("cancellation_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_open", sa.Boolean(), nullable=False),
        sa.Column("manager_name", sa.Text(), nullable=True),
        sa.Column("manager_email", sa.String(length=254), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("room_url", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("assigned_id", sa.Integer(), nullable=True),
        sa.Column("assigned_name", sa.String(length=200), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('initial', 'scheduled', 'ready', 'active', 'ended', 'canceled')",
            name=op.f("ck_depositions_state_known"),
        ),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_depositions_ends_after_start")),
        sa.ForeignKeyConstraint(["assigned_id"], ["people.id"], name=op.f("fk_depositions_assigned_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_depositions_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_depositions")),
        sa.UniqueConstraint("remote_session_id", name=op.f("uq_depositions_remote_session_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_depositions_slug")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("depositions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_depositions_cancellation",
            ["cancellation_requested_at", "id"],
            unique=False,
            sqlite_where=sa.text("cancellation_open = 1"),
            postgresql_where=sa.text("cancellation_open"),
        )
        batch_op.create_index("ix_depositions_created", ["state", "created_at", "id", "starts_at"], unique=False)
        batch_op.create_index(
            "ix_depositions_manager",
            ["manager_email", "starts_at"],
            unique=False,
            sqlite_where=sa.text("manager_email IS NOT NULL"),
            postgresql_where=sa.text("manager_email IS NOT NULL"),
        )
        batch_op.create_index("ix_depositions_organization", ["organization_id", "id"], unique=False)
        batch_op.create_index(
            "ix_depositions_organization_created",
            ["organization_id", "state", "created_at", "id", "starts_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_depositions_organization_span", ["organization_id", "starts_at", "ends_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_depositions_organization_starts", ["organization_id", "state", "starts_at", "id"], unique=False
        )
        batch_op.create_index("ix_depositions_starts", ["state", "starts_at", "id"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "role IN ('scheduler', 'leasing_agent', 'operator', 'admin', 'auditor')",
            name=op.f("ck_memberships_role_known"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_memberships_organization_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index(
            "uq_memberships_house",
            ["person_id", "role"],
            unique=True,
            sqlite_where=sa.text("organization_id IS NULL"),
            postgresql_where=sa.text("organization_id IS NULL"),
        )
        batch_op.create_index("uq_memberships_place", ["person_id", "organization_id", "role"], unique=True)

    op.create_table(
        "outbox_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_attempts_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_attempts")),
    )
    with op.batch_alter_table("outbox_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_attempts_outbox", ["outbox_id", "number"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sign_ins_token_sha256")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_person_id"), ["person_id"], unique=False)

    op.create_table(
        "workflow_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_workflow_templates_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_templates")),
        sa.UniqueConstraint("organization_id", "slug", name="uq_workflow_templates_slug"),
    )
    op.create_table(
        "deposition_words",
        sa.Column(
            "word", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("deposition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_deposition_words_deposition_id")),
        sa.PrimaryKeyConstraint("word", "deposition_id", name=op.f("pk_deposition_words")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("deposition_words", schema=None) as batch_op:
        batch_op.create_index("ix_deposition_words_deposition", ["deposition_id"], unique=False)

    op.create_table(
        "inspections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("operator_email", sa.String(length=320), nullable=False),
        sa.Column("operator_name", sa.String(length=200), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column(
            "consent_state", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("anchoring", sa.String(length=12), nullable=False),
        sa.Column("chain_length", sa.Integer(), nullable=False),
        sa.Column("chain_head", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "anchoring IN ('not_ended', 'no_authority', 'pending', 'anchored', 'failed')",
            name=op.f("ck_inspections_anchoring_known"),
        ),
        sa.CheckConstraint(
            "status IN ('created', 'open', 'recording', 'closed')", name=op.f("ck_inspections_status_known")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_inspections_campaign_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_inspections_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inspections_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index("ix_inspections_ended", ["organization_id", "ended_at", "id"], unique=False)
        batch_op.create_index("ix_inspections_expiry", ["organization_id", "status", "expires_at", "id"], unique=False)
        batch_op.create_index("ix_inspections_list", ["organization_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_inspections_unanchored",
            ["organization_id", "ended_at", "id"],
            unique=False,
            sqlite_where=sa.text("anchoring IN ('pending', 'failed')"),
            postgresql_where=sa.text("anchoring IN ('pending', 'failed')"),
        )

    op.create_table(
        "workflow_template_versions",
        sa.Column("workflow_template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_template_id"],
            ["workflow_templates.id"],
            name=op.f("fk_workflow_template_versions_workflow_template_id"),
        ),
        sa.PrimaryKeyConstraint("workflow_template_id", "number", name=op.f("pk_workflow_template_versions")),
    )
    op.create_table(
        "anchors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("authority", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'anchored', 'failed')", name=op.f("ck_anchors_state_known")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_anchors_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchors")),
        sa.UniqueConstraint("inspection_id", "authority", name=op.f("uq_anchors_inspection_id_authority")),
    )
    op.create_table(
        "chain_events",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.String(length=24), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_chain_events_inspection_id")),
        sa.PrimaryKeyConstraint("inspection_id", "sequence", name=op.f("pk_chain_events")),
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("recipient_first_name", sa.String(length=100), nullable=False),
        sa.Column("recipient_last_name", sa.String(length=100), nullable=False),
        sa.Column("recipient_email", sa.String(length=320), nullable=False),
        sa.Column("recipient_phone", sa.String(length=40), nullable=False),
        sa.Column("send_email", sa.Boolean(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("code_issue", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("field_token_sha256", sa.String(length=64), nullable=True),
        sa.Column("otp_hash", sa.String(length=64), nullable=True),
        sa.Column("otp_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_network", sa.String(length=64), nullable=True),
        sa.Column("pin_agent", sa.Text(), nullable=True),
        sa.Column("ttl_minutes", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_invites_inspection_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_invites_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("field_token_sha256", name=op.f("uq_invites_field_token_sha256")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invites_token_sha256")),
    )
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.create_index("ix_invites_inspection", ["inspection_id", "created_at", "id"], unique=False)

    op.create_table(
        "prescreens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("workflow_template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("other_contact_id", sa.Uuid(), nullable=True),
        sa.Column("submission", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("review_status", sa.String(length=16), nullable=False),
        sa.Column("review_notes", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("link_mails", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "review_status IN ('pending_review', 'approved', 'denied')", name=op.f("ck_prescreens_review_status_known")
        ),
        sa.CheckConstraint(
            "status = 'completed' OR review_status = 'pending_review'",
            name=op.f("ck_prescreens_only_completed_is_reviewed"),
        ),
        sa.CheckConstraint("status IN ('draft', 'active', 'completed')", name=op.f("ck_prescreens_status_known")),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_prescreens_assignee_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_prescreens_contact_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_prescreens_organization_id")),
        sa.ForeignKeyConstraint(["other_contact_id"], ["contacts.id"], name=op.f("fk_prescreens_other_contact_id")),
        sa.ForeignKeyConstraint(
            ["workflow_template_id", "template_version"],
            ["workflow_template_versions.workflow_template_id", "workflow_template_versions.number"],
            name="fk_prescreens_template_version",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescreens")),
    )
    with op.batch_alter_table("prescreens", schema=None) as batch_op:
        batch_op.create_index(
            "ix_prescreens_contact", ["organization_id", "contact_id", "expires_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_prescreens_decided",
            ["organization_id", "reviewed_at", "id"],
            unique=False,
            sqlite_where=sa.text("reviewed_at IS NOT NULL"),
            postgresql_where=sa.text("reviewed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_prescreens_house_decided",
            ["reviewed_at", "id"],
            unique=False,
            sqlite_where=sa.text("reviewed_at IS NOT NULL"),
            postgresql_where=sa.text("reviewed_at IS NOT NULL"),
        )
        batch_op.create_index("ix_prescreens_house_newest", ["expires_at", "id"], unique=False)
        batch_op.create_index(
            "ix_prescreens_house_stage", ["status", "review_status", "expires_at", "id"], unique=False
        )
        batch_op.create_index("ix_prescreens_newest", ["organization_id", "expires_at", "id"], unique=False)
        batch_op.create_index(
            "ix_prescreens_stage", ["organization_id", "status", "review_status", "expires_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_prescreens_template", ["organization_id", "workflow_template_id", "expires_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_prescreens_template_stage",
            ["organization_id", "workflow_template_id", "status", "review_status", "expires_at", "id"],
            unique=False,
        )

    op.create_table(
        "wrong_codes",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_wrong_codes_inspection_id")),
        sa.PrimaryKeyConstraint("inspection_id", "recipient", name=op.f("pk_wrong_codes")),
    )
    op.create_table(
        "prescreen_words",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column(
            "word",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_prescreen_words_organization_id")
        ),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_prescreen_words_prescreen_id")),
        sa.PrimaryKeyConstraint("organization_id", "word", "prescreen_id", name=op.f("pk_prescreen_words")),
    )
    with op.batch_alter_table("prescreen_words", schema=None) as batch_op:
        batch_op.create_index("ix_prescreen_words_prescreen", ["prescreen_id"], unique=False)

    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for counts in ("deposition_counts", "inspection_counts", "prescreen_counts", "prescreen_day_counts"):
            op.execute(f"DROP FUNCTION {counts}_keep() CASCADE")
    with op.batch_alter_table("prescreen_words", schema=None) as batch_op:
        batch_op.drop_index("ix_prescreen_words_prescreen")

    op.drop_table("prescreen_words")
    op.drop_table("wrong_codes")
    with op.batch_alter_table("prescreens", schema=None) as batch_op:
        batch_op.drop_index("ix_prescreens_template_stage")
        batch_op.drop_index("ix_prescreens_template")
        batch_op.drop_index("ix_prescreens_stage")
        batch_op.drop_index("ix_prescreens_newest")
        batch_op.drop_index("ix_prescreens_house_stage")
        batch_op.drop_index("ix_prescreens_house_newest")
        batch_op.drop_index(
            "ix_prescreens_house_decided",
            sqlite_where=sa.text("reviewed_at IS NOT NULL"),
            postgresql_where=sa.text("reviewed_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_prescreens_decided",
            sqlite_where=sa.text("reviewed_at IS NOT NULL"),
            postgresql_where=sa.text("reviewed_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_prescreens_contact")

    op.drop_table("prescreens")
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.drop_index("ix_invites_inspection")

    op.drop_table("invites")
    op.drop_table("chain_events")
    op.drop_table("anchors")
    op.drop_table("workflow_template_versions")
    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inspections_unanchored",
            sqlite_where=sa.text("anchoring IN ('pending', 'failed')"),
            postgresql_where=sa.text("anchoring IN ('pending', 'failed')"),
        )
        batch_op.drop_index("ix_inspections_list")
        batch_op.drop_index("ix_inspections_expiry")
        batch_op.drop_index("ix_inspections_ended")
        batch_op.drop_index(batch_op.f("ix_inspections_campaign_id"))

    op.drop_table("inspections")
    with op.batch_alter_table("deposition_words", schema=None) as batch_op:
        batch_op.drop_index("ix_deposition_words_deposition")

    op.drop_table("deposition_words")
    op.drop_table("workflow_templates")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_person_id"))

    op.drop_table("sign_ins")
    with op.batch_alter_table("outbox_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_attempts_outbox")

    op.drop_table("outbox_attempts")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index("uq_memberships_place")
        batch_op.drop_index(
            "uq_memberships_house",
            sqlite_where=sa.text("organization_id IS NULL"),
            postgresql_where=sa.text("organization_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_memberships_organization_id"))

    op.drop_table("memberships")
    with op.batch_alter_table("depositions", schema=None) as batch_op:
        batch_op.drop_index("ix_depositions_starts")
        batch_op.drop_index("ix_depositions_organization_starts")
        batch_op.drop_index("ix_depositions_organization_span")
        batch_op.drop_index("ix_depositions_organization_created")
        batch_op.drop_index("ix_depositions_organization")
        batch_op.drop_index(
            "ix_depositions_manager",
            sqlite_where=sa.text("manager_email IS NOT NULL"),
            postgresql_where=sa.text("manager_email IS NOT NULL"),
        )
        batch_op.drop_index("ix_depositions_created")
        batch_op.drop_index(
            "ix_depositions_cancellation",
            sqlite_where=sa.text("cancellation_open = 1"),
            postgresql_where=sa.text("cancellation_open"),
        )

    op.drop_table("depositions")
    op.drop_table("contacts")
    op.drop_table("campaigns")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_api_keys_organization")

    op.drop_table("api_keys")
    op.drop_table("prescreen_day_counts")
    op.drop_table("prescreen_counts")
    op.drop_table("people")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_subject")
        batch_op.drop_index("ix_outbox_state")
        batch_op.drop_index("ix_outbox_organization")
        batch_op.drop_index(
            "ix_outbox_due", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )

    op.drop_table("outbox")
    op.drop_table("organizations")
    op.drop_table("inspection_counts")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_subject")

    op.drop_table("events")
    op.drop_table("development_mail")
    op.drop_table("deposition_counts")
