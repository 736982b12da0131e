"""Counts by hour of what happens after January 2038: the seconds since 1970 were too large for their type."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _count_seconds_as("integer", "bigint")


def downgrade() -> None:
    _count_seconds_as("bigint", "integer")


def _count_seconds_as(before: str, after: str) -> None:
    """Writes the functions behind the triggers anew, as they stand, with another type of the seconds."""
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute(f"""
        DO $do$
        DECLARE found record;
        BEGIN
            FOR found IN
                SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = current_schema() AND p.proname LIKE '%\\_tallies'
            LOOP
                EXECUTE regexp_replace(
                    found.text,
                    '(floor\\(extract\\(epoch FROM [A-Za-z_.]+\\)\\)) AS {before}\\)',
                    '\\1 AS {after})',
                    'g'
                );
            END LOOP;
        END $do$
    """)
