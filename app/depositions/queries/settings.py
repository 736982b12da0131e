"""What each organization chose about its depositions."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.depositions.models import Deposition, DepositionSettings
from app.depositions.rules.settings import Settings
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound

LISTED = 500
"""Most organizations that a page lists."""

_COLUMNS = tuple(getattr(DepositionSettings, name) for name in Settings._fields)
_OF_ONE = Prepared(
    select(*_COLUMNS).where(DepositionSettings.organization_id == bindparam("organization_id")), Settings
)
_OF_SEVERAL = select(DepositionSettings.organization_id, *_COLUMNS).where(
    DepositionSettings.organization_id.in_(bindparam("ids", expanding=True))
)


def of_organization(db: Db, organization_id: int) -> Settings:
    """The choices of an organization: everything off unless it chose."""
    return _OF_ONE.first(db, {"organization_id": organization_id}) or Settings()


def of_organizations(db: Db, organization_ids: Collection[int]) -> dict[int, Settings]:
    """The choices of several organizations, by their ids."""
    rows = db.execute(_OF_SEVERAL, {"ids": sorted(organization_ids)}).all() if organization_ids else ()
    chosen = {row[0]: Settings(*row[1:]) for row in rows}
    return {id: chosen.get(id, Settings()) for id in organization_ids}


def organization(db: Db, slug: str, scope: Scope) -> Organization:
    """An organization within a reader's reach, by its slug. Raises NotFound."""
    found = None
    if slug.isascii() and "\x00" not in slug:
        found = db.execute(
            select(Organization).where(Organization.slug == slug, scope.where(Organization.id))
        ).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such organization, or it is not one of yours.")
    return found


class ListedOrganization(NamedTuple):
    """An organization with its choices."""

    organization: Organization
    settings: Settings


def organizations(db: Db, scope: Scope) -> Sequence[ListedOrganization]:
    """The organizations within a reader's reach by name, with their choices."""
    statement = select(Organization).where(scope.where(Organization.id))
    rows = db.execute(statement.order_by(func.lower(Organization.name), Organization.id).limit(LISTED)).scalars().all()
    chosen = of_organizations(db, [row.id for row in rows])
    return [ListedOrganization(row, chosen[row.id]) for row in rows]


_TELEPHONES = select(Organization.id, Organization.public_phone).where(
    Organization.id.in_(bindparam("ids", expanding=True)), Organization.public_phone != ""
)


def telephones(db: Db, organization_ids: Collection[int]) -> dict[int, str]:
    """The public telephones of organizations that have one, by their ids."""
    rows = db.execute(_TELEPHONES, {"ids": sorted(organization_ids)}).all() if organization_ids else ()
    return {row.id: row.public_phone for row in rows}


def latest_postback(db: Db, organization_id: int) -> str:
    """The address of the organization's newest request that has one, among the last few; empty for none."""
    newest = select(Deposition.id, Deposition.postback_url).where(Deposition.organization_id == organization_id)
    rows = db.execute(newest.order_by(Deposition.id.desc()).limit(20))
    return next((row.postback_url for row in rows if row.postback_url), "")
