"""The desks of a user, and their messages that were not delivered, for the home page and the navigation."""

from app.accounts.access import Me
from app.dashboard.delivery_problems import DeliveryProblems, delivery_problems
from app.dashboard.desk import Desk
from app.desks import DESKS, SUBJECTS
from app.kernel.db.engine import Db


def desks_of(user: Me) -> list[Desk]:
    """The desks that a user may look at, in the order of the navigation."""
    return [desk for desk in DESKS if desk.name in user.desks]


def undelivered(db: Db, user: Me) -> list[tuple[Desk, DeliveryProblems]]:
    """The desks with failed or failing messages, and how many: the numbers beside each desk's list."""
    mine = desks_of(user)
    found = delivery_problems(db, {desk.name: user.scope(desk.name) for desk in mine}, SUBJECTS)
    return [(desk, found[desk.name]) for desk in mine if any(found[desk.name])]
