"""Who is looking at what, and the indexes that say whether a list has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


INDEXES = (
    ("ix_events_newest", "events", ["subject_type", "id"], None),
    ("ix_events_newest_place", "events", ["subject_type", "organization_id", "id"], None),
    ("ix_outbox_moved", "outbox", ["subject_type", "moved_us"], "moved_us IS NOT NULL"),
    ("ix_outbox_moved_place", "outbox", ["subject_type", "organization_id", "moved_us"], "moved_us IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "presences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_presences_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presences")),
    )
    op.create_index("uq_presences_look", "presences", ["subject_type", "subject_id", "person_id"], unique=True)
    op.create_index("ix_presences_place", "presences", ["subject_type", "organization_id"])
    # No constraint, no default: both databases add it without writing a row.
    op.add_column("outbox", sa.Column("moved_us", sa.BigInteger(), nullable=True))
    for name, table, columns, where in INDEXES:
        only = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table)
    op.drop_column("outbox", "moved_us")
    op.drop_table("presences")
