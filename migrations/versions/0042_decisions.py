"""Reasons of decisions, what each decision was made upon, and a key by which prescreens are alike.

An organization without a list of reasons has the standard one, so nobody is unable to deny after the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from app.kernel.db import backfills

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "denial_reasons",
        sa.Column("organization_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_denial_reasons_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_denial_reasons")),
    )
    op.create_table(
        "prescreen_decisions",
        sa.Column("prescreen_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("via", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=320), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        *(sa.Column(f"{name}_hash", sa.String(length=64), nullable=False) for name in ("answers", "criteria", "email")),
        sa.Column("met", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("alike", sa.JSON(), nullable=True),
        sa.Column("seen_at", moment, nullable=True),
        sa.Column("pressed_at", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_prescreen_decisions_organization_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_prescreen_decisions_person_id")),
        sa.ForeignKeyConstraint(["prescreen_id"], ["prescreens.id"], name=op.f("fk_prescreen_decisions_prescreen_id")),
        sa.PrimaryKeyConstraint("prescreen_id", name=op.f("pk_prescreen_decisions")),
    )
    op.add_column("prescreens", sa.Column("alike_key", sa.String(length=64), nullable=True))
    sent = sa.text("alike_key IS NOT NULL")
    op.create_index(
        "ix_prescreens_alike", "prescreens", ["alike_key", "review_status"], sqlite_where=sent, postgresql_where=sent
    )
    backfills.order(op.get_bind(), "alike.prescreens", "prescreens")


def downgrade() -> None:
    op.drop_index("ix_prescreens_alike", "prescreens", if_exists=True)
    op.drop_column("prescreens", "alike_key")
    op.drop_table("prescreen_decisions")
    op.drop_table("denial_reasons")
    op.execute("DELETE FROM backfills WHERE name = 'alike.prescreens'")
