"""Who an item is assigned to is stored alike at every desk: `assignee_id` and `assignee_name`."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RENAMED = (("assigned_id", "assignee_id"), ("assigned_name", "assignee_name"))
INDEXES = {
    "depositions": ["state", "starts_at", "id"],
    "inspections": ["status", "expires_at", "id"],
}


def upgrade() -> None:
    # Renamed in place: rebuilding a table would lose the triggers that count its rows.
    for table in INDEXES:
        op.drop_index(f"ix_{table}_assigned", table)
        for old, new in RENAMED:
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
        _index(table, "assignee")
    _rename_foreign_key("assigned_id", "assignee_id")
    op.add_column("prescreens", sa.Column("assignee_name", sa.String(length=200), nullable=True))
    backfills.order(op.get_bind(), "assignees.prescreens", "prescreens")


def downgrade() -> None:
    op.drop_column("prescreens", "assignee_name")
    _rename_foreign_key("assignee_id", "assigned_id")
    for table in INDEXES:
        op.drop_index(f"ix_{table}_assignee", table)
        for old, new in RENAMED:
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
        _index(table, "assigned")


def _index(table: str, name: str) -> None:
    where = sa.text(f"{name}_id IS NOT NULL")
    columns = [f"{name}_id", *INDEXES[table]]
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=where, postgresql_where=where)


def _rename_foreign_key(old: str, new: str) -> None:
    # SQLite cannot rename a constraint in place, and nothing refers to one by its name.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE depositions RENAME CONSTRAINT fk_depositions_{old} TO fk_depositions_{new}")
