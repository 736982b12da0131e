"""The roster: managers, their working hours and absences, and each booked session's manager by the row."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kernel.db import backfills

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TEAM = """
SELECT people.id, people.name, people.email, people.time_zone FROM people
WHERE people.disabled_at IS NULL AND people.id IN
    (SELECT person_id FROM memberships WHERE role = 'scheduler' AND organization_id IS NULL)
ORDER BY people.id
"""


def upgrade() -> None:
    # Read first: the new table's foreign key locks `people` until this migration ends.
    team = op.get_bind().execute(sa.text(TEAM)).all()
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    instant = sa.DateTime(timezone=True)
    managers = op.create_table(
        "managers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("languages", json, nullable=False),
        sa.Column("skills", json, nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("templates", json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("feed_hash", sa.String(length=64), nullable=True),
        sa.Column("feed_made_at", instant, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.CheckConstraint(
            "buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480", name=op.f("ck_managers_buffers_known")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_managers_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_managers")),
        sa.UniqueConstraint("email", name=op.f("uq_managers_email")),
        sa.UniqueConstraint("feed_hash", name=op.f("uq_managers_feed_hash")),
        sa.UniqueConstraint("person_id", name=op.f("uq_managers_person_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_managers_name", "managers", ["active", "name", "id"])
    op.create_table(
        "manager_hours",
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_manager_hours_weekday_known")),
        sa.CheckConstraint(
            "starts >= 0 AND ends > starts AND ends <= 1440", name=op.f("ck_manager_hours_within_a_day")
        ),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_manager_hours_manager_id")),
        sa.PrimaryKeyConstraint("manager_id", "weekday", "starts", name=op.f("pk_manager_hours")),
    )
    op.create_table(
        "manager_absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_manager_absences_ends_after_start")),
        sa.ForeignKeyConstraint(["manager_id"], ["managers.id"], name=op.f("fk_manager_absences_manager_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manager_absences")),
    )
    op.create_index("ix_manager_absences_manager", "manager_absences", ["manager_id", "last_day"])
    op.add_column("depositions", sa.Column("manager_id", sa.Integer(), nullable=True))
    op.drop_index("ix_depositions_manager", "depositions")
    only = sa.text("manager_id IS NOT NULL")
    op.create_index(
        "ix_depositions_managed",
        "depositions",
        ["manager_id", "starts_at"],
        sqlite_where=only,
        postgresql_where=only,
    )
    # Who could be chosen until now: the scheduling team. Everybody else who manages a session follows in portions.
    now = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    values = [
        {
            "person_id": id,
            "name": name,
            "email": email.lower(),
            "zone": zone,
            "languages": [],
            "skills": [],
            "buffer_before": 15,
            "buffer_after": 15,
            "templates": {},
            "active": True,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for id, name, email, zone in team
    ]
    if values:
        op.bulk_insert(managers, values)
    backfills.order(op.get_bind(), "managers.depositions", "depositions")


def downgrade() -> None:
    op.drop_index("ix_depositions_managed", "depositions")
    op.drop_column("depositions", "manager_id")
    only = sa.text("manager_email IS NOT NULL")
    op.create_index(
        "ix_depositions_manager",
        "depositions",
        ["manager_email", "starts_at"],
        sqlite_where=only,
        postgresql_where=only,
    )
    for table in ("manager_absences", "manager_hours", "managers"):
        op.drop_table(table)
