"""Roles, the desks they open, and what each may do there (pure, no database)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a person does here. A membership joins one role to one organization, or to the whole house."""

    SCHEDULER = "scheduler"
    LEASING_AGENT = "leasing_agent"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"


DEPOSITIONS = "depositions"
PRESCREENS = "prescreens"
INSPECTIONS = "inspections"
PEOPLE = "people"
AUDIT = "audit"

DESKS = (DEPOSITIONS, PRESCREENS, INSPECTIONS)
"""The three working desks, in the order the navigation shows them."""

WRITERS: dict[str, Role] = {
    DEPOSITIONS: Role.SCHEDULER,
    PRESCREENS: Role.LEASING_AGENT,
    INSPECTIONS: Role.OPERATOR,
    PEOPLE: Role.ADMIN,
}
"""The one role that acts at a desk."""

READERS: dict[str, frozenset[Role]] = {
    DEPOSITIONS: frozenset({Role.SCHEDULER, Role.ADMIN, Role.AUDITOR}),
    PRESCREENS: frozenset({Role.LEASING_AGENT, Role.ADMIN, Role.AUDITOR}),
    INSPECTIONS: frozenset({Role.OPERATOR, Role.ADMIN, Role.AUDITOR}),
    PEOPLE: frozenset({Role.ADMIN}),
    AUDIT: frozenset({Role.ADMIN, Role.AUDITOR}),
}
"""The roles that may look at a desk."""

TITLES: dict[Role, str] = {
    Role.SCHEDULER: "Scheduler",
    Role.LEASING_AGENT: "Leasing agent",
    Role.OPERATOR: "Inspection operator",
    Role.ADMIN: "Administrator",
    Role.AUDITOR: "Auditor",
}

DUTIES: dict[Role, str] = {
    Role.SCHEDULER: "schedules and cancels depositions",
    Role.LEASING_AGENT: "approves and denies prescreens",
    Role.OPERATOR: "runs inspections",
    Role.ADMIN: "keeps people, organizations and keys, and looks at every desk",
    Role.AUDITOR: "looks at every desk and changes nothing",
}

DENIALS: dict[str, str] = {
    DEPOSITIONS: "Only the scheduling team may do this. You can look, but nothing was changed.",
    PRESCREENS: "Only leasing agents may do this. You can look, but nothing was changed.",
    INSPECTIONS: "Only inspection operators may do this. You can look, but nothing was changed.",
    PEOPLE: "Only administrators may do this. Nothing was changed.",
}
"""What a person hears who may look at a desk, but not act there: guard, disabled button and page say the same."""


class Grant(NamedTuple):
    """One membership as access decisions need it: a role, and where it holds (None: everywhere)."""

    role: Role
    organization_id: int | None


def reach(grants: Iterable[Grant], roles: Iterable[Role]) -> tuple[bool, frozenset[int]]:
    """Where these grants hold one of the roles: (everywhere, organization ids)."""
    wanted = frozenset(roles)
    places = {grant.organization_id for grant in grants if grant.role in wanted}
    return None in places, frozenset(place for place in places if place is not None)
