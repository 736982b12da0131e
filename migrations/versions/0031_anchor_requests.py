"""How far asking an authority is moves to a table of its own: the questions that have no answer.

Nothing is locked while rows move, so that the foreign key and everything else of `anchors` is the next migration's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None

ASKED = "id, inspection_id, authority, kind, statement, state, attempts, reason, created_at, updated_at"
FOUND = ASKED.replace("kind", "'end'")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    key = sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name="fk_anchor_requests_inspection_id")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "anchor_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("authority", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint("state IN ('pending', 'anchored', 'failed')", name=op.f("ck_anchor_requests_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor_requests")),
        *([key] if sqlite else []),
    )
    op.create_index("ix_anchor_requests_inspection", "anchor_requests", ["inspection_id", "created_at"])
    op.execute(f"INSERT INTO anchor_requests ({ASKED}) SELECT {FOUND} FROM anchors WHERE reply IS NULL")
    op.execute("DELETE FROM anchors WHERE reply IS NULL")


def downgrade() -> None:
    op.drop_table("anchor_requests")
