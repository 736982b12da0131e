"""What is assigned to a user at all their desks, and what they manage today."""

from datetime import datetime

from app.accounts.access import Me
from app.dashboard.desk import Desk, WorkItem
from app.home.overview import desks_of
from app.kernel.db.engine import Db


def assigned_to(db: Db, user: Me, now: datetime) -> list[tuple[Desk, WorkItem]]:
    """What is assigned to a user and not finished, the most urgent of each desk first."""
    return [(desk, item) for desk in desks_of(user) for item in desk.work_items(db, user, now)]


def managed_today(db: Db, user: Me, now: datetime) -> list[tuple[Desk, WorkItem]]:
    """What a user manages from an hour ago to the end of their day."""
    return [
        (desk, item)
        for desk in desks_of(user)
        if desk.managed_today is not None
        for item in desk.managed_today(db, user, now)
    ]
