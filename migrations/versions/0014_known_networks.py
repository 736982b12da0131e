"""The networks in which each person has signed in, so that failures elsewhere do not lock them out."""

from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Read first: the new table's foreign key locks `people` until this migration ends.
    sign_ins = sa.table(
        "sign_ins", sa.column("person_id"), sa.column("address"), sa.column("created_at", sa.DateTime(timezone=True))
    )
    newest = sa.func.max(sign_ins.c.created_at, type_=sa.DateTime(timezone=True))
    by_address = sa.select(sign_ins.c.person_id, sign_ins.c.address, newest).group_by(
        sign_ins.c.person_id, sign_ins.c.address
    )
    rows = {}
    for person_id, address, seen_at in op.get_bind().execute(by_address):
        key = (person_id, _network_of(address))
        rows[key] = max(seen_at, rows.get(key, seen_at))
    values = [{"person_id": key[0], "network": key[1], "seen_at": seen_at} for key, seen_at in rows.items()]
    known = op.create_table(
        "known_networks",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_known_networks_person_id")),
        sa.PrimaryKeyConstraint("person_id", "network", name=op.f("pk_known_networks")),
    )
    op.create_index("ix_known_networks_seen_at", "known_networks", ["seen_at"])
    if values:
        op.bulk_insert(known, values)


def downgrade() -> None:
    op.drop_table("known_networks")


def _network_of(address: str) -> str:
    """As app/kernel/networks.py has it at this revision."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((parsed, 32 if parsed.version == 4 else 64), strict=False))
