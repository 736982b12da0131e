"""What each participant, manager and system knows of a deposition, and when keys last read theirs."""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_depositions_behind", ["starts_at", "id"]),
    ("ix_depositions_organization_behind", ["organization_id", "starts_at", "id"]),
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "deposition_people",
        sa.Column("deposition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("concerned", sa.Boolean(), nullable=False),
        sa.Column("message_sequence", sa.Integer(), nullable=True),
        sa.Column("message_state", sa.String(length=10), nullable=True),
        sa.Column("message_at", moment, nullable=True),
        sa.Column("invited_sequence", sa.Integer(), nullable=True),
        sa.Column("invited_at", moment, nullable=True),
        sa.Column("invited_starts_at", moment, nullable=True),
        sa.Column("invited_canceled", sa.Boolean(), nullable=False),
        sa.Column("opened_at", moment, nullable=True),
        sa.Column("opened_sequence", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=20), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answer_sequence", sa.Integer(), nullable=True),
        sa.Column("entered_at", moment, nullable=True),
        sa.CheckConstraint("invited_sequence >= 0", name=op.f("ck_deposition_people_sequence_counts")),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_deposition_people_deposition_id")),
        sa.PrimaryKeyConstraint("deposition_id", "kind", "address", name=op.f("pk_deposition_people")),
    )
    op.add_column("api_keys", sa.Column("read_at", moment, nullable=True))
    op.add_column("depositions", sa.Column("sequence_at", moment, nullable=True))
    op.add_column("depositions", sa.Column("not_up_to_date", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name, columns in INDEXES:
        op.create_index(
            name,
            "depositions",
            columns,
            sqlite_where=sa.text("not_up_to_date = 1"),
            postgresql_where=sa.text("not_up_to_date"),
        )
    # Who knows what of the sessions that are there is read from their messages when the migrations are through.
    backfills.order(op.get_bind(), "people.depositions", "depositions")


def downgrade() -> None:
    for name, _ in INDEXES:
        op.drop_index(name, "depositions")
    op.drop_column("depositions", "not_up_to_date")
    op.drop_column("depositions", "sequence_at")
    op.drop_column("api_keys", "read_at")
    op.drop_table("deposition_people")
