"""The country of organizations, keys of telephone numbers, and how far backfills are."""

import sqlalchemy as sa
from alembic import op
from babel.core import get_global

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_backfills")),
        if_not_exists=True,
    )
    op.add_column("organizations", sa.Column("country", sa.String(length=2), nullable=True))
    op.add_column("prescreens", sa.Column("phone_key", sa.String(length=40), nullable=True))
    op.add_column("invites", sa.Column("recipient_phone_key", sa.String(length=40), nullable=True))
    _fill_countries()
    # Two contacts may share a telephone. `contacts` has no triggers that a rebuilt table would lose on SQLite.
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_constraint("uq_contacts_phone", type_="unique")
    op.create_index("ix_contacts_phone", "contacts", ["organization_id", "phone_key"])


def downgrade() -> None:
    op.drop_index("ix_contacts_phone", "contacts")
    # Only one of the contacts that share a telephone keeps its key, as when it was unique.
    op.execute(
        "UPDATE contacts SET phone_key = NULL WHERE EXISTS (SELECT 1 FROM contacts AS other WHERE "
        "other.organization_id = contacts.organization_id AND other.phone_key = contacts.phone_key "
        "AND other.id < contacts.id)"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE contacts ADD CONSTRAINT uq_contacts_phone UNIQUE (organization_id, phone_key)")
    else:
        unique = sa.UniqueConstraint("organization_id", "phone_key", name="uq_contacts_phone")
        with op.batch_alter_table("contacts", recreate="always", table_args=(unique,)):
            pass
    op.drop_column("invites", "recipient_phone_key")
    op.drop_column("prescreens", "phone_key")
    op.drop_column("organizations", "country")
    op.drop_table("backfills")


def _fill_countries() -> None:
    """The country of each organization's time zone, as far as the zone has one."""
    organizations = sa.table("organizations", sa.column("country"), sa.column("time_zone"))
    zones, aliases = get_global("zone_territories"), get_global("zone_aliases")
    bind = op.get_bind()
    for zone in bind.execute(sa.select(organizations.c.time_zone).distinct()).scalars().all():
        country = zones.get(zone) or zones.get(aliases.get(zone, ""))
        if country and len(country) == 2 and country != "ZZ":
            bind.execute(sa.update(organizations).where(organizations.c.time_zone == zone).values(country=country))
