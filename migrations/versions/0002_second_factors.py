"""Second factors of a sign-in, and how long a person's decisions are held."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As SQL: a table that others point to is not copied for a column, which is how Alembic would add one to SQLite.
HOLD = (
    "ALTER TABLE people ADD COLUMN hold_seconds INTEGER DEFAULT '30' NOT NULL "
    "CONSTRAINT ck_people_hold_in_bounds CHECK (hold_seconds BETWEEN 0 AND 120)"
)


def upgrade() -> None:
    op.execute(HOLD)


def downgrade() -> None:
    op.execute("ALTER TABLE people DROP COLUMN hold_seconds")
