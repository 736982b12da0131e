"""Proposals of other hours to the participants of a session, their answers, and calendar replies."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    open_only = sa.text("state = 'open'")
    op.create_table(
        "proposals",
        sa.Column("id", number, nullable=False),
        sa.Column("deposition_id", number, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("slots", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("proposed_at", moment, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("answers_until", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("quorum > 0", name=op.f("ck_proposals_quorum_counts")),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_proposals_deposition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proposals_deposition", "proposals", ["deposition_id", "id"])
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["deposition_id"],
        unique=True,
        sqlite_where=open_only,
        postgresql_where=open_only,
    )
    op.create_table(
        "proposal_people",
        sa.Column("proposal_id", number, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("answered_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_proposal_people_proposal_id")),
        sa.PrimaryKeyConstraint("proposal_id", "address", name=op.f("pk_proposal_people")),
    )
    op.create_table(
        "hour_answers",
        sa.Column("deposition_id", number, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("via", sa.String(length=10), nullable=False),
        sa.Column("answered_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_hour_answers_deposition_id")),
        sa.PrimaryKeyConstraint("deposition_id", "address", "starts_at", name=op.f("pk_hour_answers")),
    )
    op.create_table(
        "offered_keys",
        sa.Column("deposition_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("need", sa.String(length=12), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deposition_id", "begins", "key", name=op.f("pk_offered_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_offered_keys_span", "offered_keys", ["key", "begins", "ends", "deposition_id"])
    op.create_table(
        "calendar_replies",
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("deposition_id", number, nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["deposition_id"], ["depositions.id"], name=op.f("fk_calendar_replies_deposition_id")),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_calendar_replies")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )


def downgrade() -> None:
    for table in ("mailboxes", "calendar_replies", "offered_keys", "hour_answers", "proposal_people", "proposals"):
        op.drop_table(table)
