"""Columns take the names that code and pages use: dismissed messages, the undo window, when a message last changed."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Both databases rename in place and follow in indexes, checks and triggers; no row is written.
RENAMED = (
    ("outbox", "set_aside_at", "dismissed_at"),
    ("outbox", "set_aside_by", "dismissed_by"),
    ("outbox", "moved_us", "changed_at_us"),
    ("people", "hold_seconds", "undo_seconds"),
)


def upgrade() -> None:
    for table, old, new in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def downgrade() -> None:
    for table, old, new in reversed(RENAMED):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
