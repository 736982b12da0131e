"""What a new installation still lacks, for whoever sets it up."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select

from app.accounts.access import Me
from app.accounts.models import ApiKey, Organization, Person
from app.accounts.roles import PEOPLE
from app.dashboard.desk import Desk, FirstStep
from app.desks import DESKS
from app.kernel.db.engine import Db


def first_steps(db: Db, user: Me) -> Sequence[FirstStep]:
    """The steps for a staff administrator while no desk has anything yet; none for others, and none from then on."""
    if not user.scope(PEOPLE).everything or any(_has_items(db, desk) for desk in DESKS):
        return ()
    organizations, others, keys = db.execute(
        select(
            exists(select(Organization.id)),
            select(func.count() > 1).select_from(Person).scalar_subquery(),
            exists(select(ApiKey.id).where(ApiKey.revoked_at.is_(None))),
        )
    ).one()
    return [
        FirstStep("Create the organizations that you work for", "accounts.new_organization", organizations),
        FirstStep("Invite the people who work here", "accounts.invitation", others),
        FirstStep("Create keys with which their programs call the APIs", "accounts.new_key", keys),
        *(step for desk in DESKS for step in desk.first_steps(db)),
    ]


def _has_items(db: Db, desk: Desk) -> bool:
    return db.execute(select(desk.search_source.id).limit(1)).first() is not None
