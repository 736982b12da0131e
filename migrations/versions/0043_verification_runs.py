"""Every record is verified each night: how far that is, and which ones do not hold."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

BROKEN = sa.text("broken_at IS NOT NULL")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("inspections", sa.Column("broken_at", moment, nullable=True))
    for name, columns in (
        ("ix_inspections_broken", ["organization_id", "broken_at", "id"]),
        ("ix_inspections_house_broken", ["broken_at", "id"]),
    ):
        op.create_index(name, "inspections", columns, sqlite_where=BROKEN, postgresql_where=BROKEN)
    op.create_table(
        "verification_runs",
        sa.Column("night", sa.String(length=10), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("proven", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.Column("not_proven", sa.Integer(), nullable=False),
        sa.Column("lease_until", moment, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_verification_runs")),
    )


def downgrade() -> None:
    op.drop_table("verification_runs")
    for name in ("ix_inspections_house_broken", "ix_inspections_broken"):
        op.drop_index(name, "inspections")
    op.drop_column("inspections", "broken_at")
