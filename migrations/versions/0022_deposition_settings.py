"""What each organization chose about its depositions: reminders, reconfirmation, webhooks about cancellations."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SWITCHES = ("postback_cancellations", "reminders", "reconfirmation", "reconfirm_deponent", "silence_is_yes")


def upgrade() -> None:
    op.create_table(
        "deposition_settings",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in SWITCHES),
        sa.Column("reminders_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconfirmation_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_hours", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_deposition_settings_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_deposition_settings")),
    )


def downgrade() -> None:
    op.drop_table("deposition_settings")
