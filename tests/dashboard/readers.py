"""People of the cast as actions at the desks know them: who they are and what they were granted."""

from dataclasses import dataclass

from app.accounts.roles import Grant
from tests.cast import PEOPLE, Cast


@dataclass
class Reader:
    id: int
    name: str
    grants: tuple[Grant, ...]


def reader(cast: Cast, called: str) -> Reader:
    """Somebody of the cast."""
    grants = (Grant(role, cast.organizations[slug].id if slug else None) for role, slug in PEOPLE[called][1])
    return Reader(cast.people[called].id, cast.people[called].name, tuple(grants))
