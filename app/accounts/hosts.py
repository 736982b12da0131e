"""Organizations as visitor pages and e-mails name them."""

from typing import cast

from sqlalchemy import bindparam, select

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.hosts import Host
from app.kernel.text import normalization

_HOST = select(
    Organization.name,
    Organization.locale,
    Organization.slug,
    Organization.colour,
    Organization.public_email,
    Organization.public_phone,
    Organization.hours,
    Organization.country,
    Organization.time_zone,
)
_BY_ID: Prepared[Organization] = Prepared(_HOST.where(Organization.id == bindparam("id")))
_BY_SLUG: Prepared[Organization] = Prepared(_HOST.where(Organization.slug == bindparam("slug")))


def by_id(db: Db, organization_id: int) -> Host:
    """The organization of a row, which always exists."""
    return cast(Host, _host(_BY_ID.first(db, {"id": organization_id})))


def by_slug(db: Db, slug: str) -> Host | None:
    """The organization of a public address, if there is one."""
    return _host(_BY_SLUG.first(db, {"slug": slug}))


def _host(row: Organization | None) -> Host | None:
    if row is None:
        return None
    region = row.country or normalization.region_of(row.time_zone)
    return Host(
        name=row.name,
        locale=row.locale,
        slug=row.slug,
        colour=row.colour,
        email=row.public_email,
        phone=row.public_phone,
        phone_key=normalization.telephone_key(row.public_phone, region) if row.public_phone else "",
        hours=row.hours,
        hours_locale=row.locale,
    )
