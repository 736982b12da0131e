"""How a session stands of which other hours are offered, and who was reminded of them."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("depositions", sa.Column("agreement", sa.String(length=10), nullable=True))
    op.add_column("depositions", sa.Column("answers_until", moment, nullable=True))
    op.add_column("proposal_people", sa.Column("reminded_at", moment, nullable=True))
    op.execute(
        "UPDATE depositions SET agreement = 'open', answers_until = (SELECT max(p.answers_until) FROM proposals AS p "
        "WHERE p.deposition_id = depositions.id AND p.state = 'open') "
        "WHERE id IN (SELECT deposition_id FROM proposals WHERE state = 'open')"
    )
    offered = sa.text("agreement IS NOT NULL")
    op.create_index(
        "ix_depositions_agreement",
        "depositions",
        ["agreement", "starts_at", "id"],
        sqlite_where=offered,
        postgresql_where=offered,
    )


def downgrade() -> None:
    op.drop_index("ix_depositions_agreement", "depositions", if_exists=True)
    op.drop_column("proposal_people", "reminded_at")
    op.drop_column("depositions", "answers_until")
    op.drop_column("depositions", "agreement")
