"""Roles, and what each may do at which desk. Pure: no database."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from app.accounts.scope import Scope


class Role(StrEnum):
    """The role of a membership: in one organization, or in all of them."""

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
"""The desks, in the order of the navigation."""

WRITERS: dict[str, Role] = {
    DEPOSITIONS: Role.SCHEDULER,
    PRESCREENS: Role.LEASING_AGENT,
    INSPECTIONS: Role.OPERATOR,
    PEOPLE: Role.ADMIN,
}
"""The role that may act at a desk."""

READERS: dict[str, frozenset[Role]] = {
    DEPOSITIONS: frozenset({Role.SCHEDULER, Role.ADMIN, Role.AUDITOR}),
    PRESCREENS: frozenset({Role.LEASING_AGENT, Role.ADMIN, Role.AUDITOR}),
    INSPECTIONS: frozenset({Role.OPERATOR, Role.ADMIN, Role.AUDITOR}),
    PEOPLE: frozenset({Role.ADMIN}),
    AUDIT: frozenset({Role.ADMIN, Role.AUDITOR}),
}
"""The roles that may view a desk."""

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
    Role.ADMIN: "manages people, organizations and keys, and views every desk",
    Role.AUDITOR: "views every desk and changes nothing",
}

DENIALS: dict[str, str] = {
    DEPOSITIONS: "Only the scheduling team may do this. You can look, but nothing was changed.",
    PRESCREENS: "Only leasing agents may do this. You can look, but nothing was changed.",
    INSPECTIONS: "Only inspection operators may do this. You can look, but nothing was changed.",
    PEOPLE: "Only administrators may do this. Nothing was changed.",
}
"""The refusal for a person who may view a desk but not act there; also the reason of a disabled button."""


class Grant(NamedTuple):
    """One membership for access decisions: a role, and the organization it holds in (None: all)."""

    role: Role
    organization_id: int | None


def scope_of(grants: Iterable[Grant], roles: Iterable[Role]) -> Scope:
    """The rows that these grants open to one of the roles."""
    wanted = frozenset(roles)
    organization_ids = {grant.organization_id for grant in grants if grant.role in wanted}
    return Scope(None in organization_ids, frozenset(id for id in organization_ids if id is not None))
