"""The role of a leasing lead: all that an agent may, and the organization's questionnaires."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BEFORE = "role IN ('scheduler', 'leasing_agent', 'operator', 'admin', 'auditor')"
AFTER = "role IN ('scheduler', 'leasing_agent', 'leasing_lead', 'operator', 'admin', 'auditor')"


def upgrade() -> None:
    _limit_roles(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM memberships WHERE role = 'leasing_lead'")
    _limit_roles(BEFORE)


def _limit_roles(condition: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # A row a person and role: checked in a moment, while the table is locked.
        op.execute(
            "ALTER TABLE memberships DROP CONSTRAINT ck_memberships_role_known, "
            f"ADD CONSTRAINT ck_memberships_role_known CHECK ({condition})"
        )
        return
    # SQLite cannot change a constraint. The table has no triggers, and no other one refers to it.
    op.create_table(
        "memberships_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint(condition, name=op.f("ck_memberships_role_known")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_memberships_organization_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    op.execute("INSERT INTO memberships_new SELECT id, person_id, organization_id, role FROM memberships")
    op.drop_table("memberships")
    op.rename_table("memberships_new", "memberships")
    op.create_index("ix_memberships_organization_id", "memberships", ["organization_id"])
    op.create_index("uq_memberships_place", "memberships", ["person_id", "organization_id", "role"], unique=True)
    op.create_index(
        "uq_memberships_house",
        "memberships",
        ["person_id", "role"],
        unique=True,
        sqlite_where=sa.text("organization_id IS NULL"),
    )
