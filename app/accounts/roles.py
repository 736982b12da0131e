"""Roles, and what each may do at which desk. Pure: no database."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from app.accounts.scope import Scope


class Role(StrEnum):
    """The role of a membership: in one organization, or in all of them."""

    SCHEDULER = "scheduler"
    LEASING_AGENT = "leasing_agent"
    LEASING_LEAD = "leasing_lead"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Product(StrEnum):
    """The product of an API key: each desk has one."""

    DEPOSITIONS = "depositions"
    PRESCREENS = "prescreens"
    INSPECTIONS = "inspections"


DEPOSITIONS = Product.DEPOSITIONS.value
PRESCREENS = Product.PRESCREENS.value
INSPECTIONS = Product.INSPECTIONS.value
PEOPLE = "people"
QUESTIONNAIRES = "questionnaires"
"""What an organization asks its prospects; edited by leads and administrators."""
CASE_FILES = "case_files"
"""What was asked, answered, decided and sent, as files for a complaint; made by leads and administrators."""
MEASURES = "measures"
"""How consistently an organization decides; switched on and off by administrators, to whom alone it names agents."""
PERSONAL_DATA = "personal_data"
"""What is kept of one prospect: erased and exported by administrators."""
CONSENT_WORDING = "consent_wording"
"""The words in which an organization asks field users for consent; edited by administrators."""
AUDIT = "audit"


class DeskAccess(NamedTuple):
    """Who may act at a desk, and the API keys of its product."""

    writers: frozenset[Role]
    denial: str
    """Why a person who may view the desk may not act there."""
    key_prefix: str
    key_scopes: tuple[str, ...] = ()
    """What a key may be limited to; most products know no scopes."""


ACCESS: dict[str, DeskAccess] = {
    DEPOSITIONS: DeskAccess(
        frozenset({Role.SCHEDULER}),
        "Only the scheduling team may do this.",
        # These keys sign bearer tokens and webhooks and are never sent themselves.
        "sd_",
    ),
    PRESCREENS: DeskAccess(
        frozenset({Role.LEASING_AGENT, Role.LEASING_LEAD}),
        "Only leasing agents may do this.",
        "ra_",
    ),
    INSPECTIONS: DeskAccess(
        frozenset({Role.OPERATOR}),
        "Only inspection operators may do this.",
        "nb_sec_",
        ("sessions:read", "sessions:write", "participants:read", "participants:write"),
    ),
}
"""The access to each desk. A desk is declared in app/desks.py; this part stands below, where sign-in and keys are."""

DESKS = tuple(ACCESS)
"""The names of the desks, in the order of the navigation."""

WRITERS: dict[str, frozenset[Role]] = {
    **{desk: access.writers for desk, access in ACCESS.items()},
    PEOPLE: frozenset({Role.ADMIN}),
    QUESTIONNAIRES: frozenset({Role.LEASING_LEAD, Role.ADMIN}),
    CASE_FILES: frozenset({Role.LEASING_LEAD, Role.ADMIN}),
    MEASURES: frozenset({Role.ADMIN}),
    PERSONAL_DATA: frozenset({Role.ADMIN}),
    CONSENT_WORDING: frozenset({Role.ADMIN}),
}
"""The roles that may act at a desk."""

READERS: dict[str, frozenset[Role]] = {
    **{desk: access.writers | {Role.ADMIN, Role.AUDITOR} for desk, access in ACCESS.items()},
    PEOPLE: frozenset({Role.ADMIN}),
    AUDIT: frozenset({Role.ADMIN, Role.AUDITOR}),
    CASE_FILES: frozenset({Role.LEASING_LEAD, Role.ADMIN, Role.AUDITOR}),
    MEASURES: frozenset({Role.ADMIN, Role.AUDITOR}),
    PERSONAL_DATA: frozenset({Role.ADMIN}),
    CONSENT_WORDING: frozenset({Role.ADMIN, Role.AUDITOR}),
}
"""The roles that may view a desk."""

DENIALS: dict[str, str] = {
    **{desk: access.denial for desk, access in ACCESS.items()},
    PEOPLE: "Only administrators may do this.",
    QUESTIONNAIRES: "Only leasing leads and administrators may change questionnaires.",
    PERSONAL_DATA: "Only administrators erase or export what is kept of a person.",
    CASE_FILES: "Only leasing leads and administrators have case files made.",
    MEASURES: "Only administrators may switch this on and off.",
    CONSENT_WORDING: "Only administrators change how your organization asks for consent.",
}
"""Why somebody who may look may not act, for each desk and other kind of thing: the reason of a disabled button."""


def refusal(desk: str) -> str:
    """The same for who tried it all the same."""
    return f"{DENIALS[desk]} Nothing was changed."


TITLES: dict[Role, str] = {
    Role.SCHEDULER: "Scheduler",
    Role.LEASING_AGENT: "Leasing agent",
    Role.LEASING_LEAD: "Leasing lead",
    Role.OPERATOR: "Inspection operator",
    Role.ADMIN: "Administrator",
    Role.AUDITOR: "Auditor",
}

DUTIES: dict[Role, str] = {
    Role.SCHEDULER: "schedules and cancels depositions",
    Role.LEASING_AGENT: "approves and denies prescreens",
    Role.LEASING_LEAD: "approves and denies prescreens, and edits questionnaires",
    Role.OPERATOR: "runs inspections",
    Role.ADMIN: "manages people, organizations and keys, and views every desk",
    Role.AUDITOR: "views every desk and changes nothing",
}


class Grant(NamedTuple):
    """One membership for access decisions: a role, and the organization it holds in (None: all)."""

    role: Role
    organization_id: int | None


def scope_of(grants: Iterable[Grant], roles: Iterable[Role]) -> Scope:
    """The rows that these grants open to one of the roles."""
    wanted = frozenset(roles)
    organization_ids = {grant.organization_id for grant in grants if grant.role in wanted}
    return Scope(None in organization_ids, frozenset(id for id in organization_ids if id is not None))
