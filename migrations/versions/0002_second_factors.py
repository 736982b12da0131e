"""Second factors of a sign-in, and how long a person's decisions are held."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As SQL: a table that others point to is not copied for a column, which is how Alembic would add one to SQLite.
HOLD = (
    "ALTER TABLE people ADD COLUMN hold_seconds INTEGER DEFAULT '30' NOT NULL "
    "CONSTRAINT ck_people_hold_in_bounds CHECK (hold_seconds BETWEEN 0 AND 120)"
)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(HOLD)
    op.add_column("people", sa.Column("second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "organizations", sa.Column("require_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("sign_ins", sa.Column("proved_at", MOMENT, nullable=True))
    op.create_index("ix_sign_ins_created", "sign_ins", ["created_at"])
    op.create_table(
        "totp_secrets",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_totp_secrets_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_totp_secrets")),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_passkeys_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_person_id"), "passkeys", ["person_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("person_id", "code_sha256", name=op.f("uq_recovery_codes_person_id_code_sha256")),
    )
    op.create_table(
        "used_challenges",
        sa.Column("challenge_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("challenge_sha256", name=op.f("pk_used_challenges")),
    )
    op.create_index(op.f("ix_used_challenges_expires_at"), "used_challenges", ["expires_at"])


def downgrade() -> None:
    op.drop_table("used_challenges")
    op.drop_table("recovery_codes")
    op.drop_table("passkeys")
    op.drop_table("totp_secrets")
    op.drop_index("ix_sign_ins_created", "sign_ins")
    op.execute("ALTER TABLE sign_ins DROP COLUMN proved_at")
    op.execute("ALTER TABLE organizations DROP COLUMN require_second_factor")
    op.execute("ALTER TABLE people DROP COLUMN second_factor")
    op.execute("ALTER TABLE people DROP COLUMN hold_seconds")
