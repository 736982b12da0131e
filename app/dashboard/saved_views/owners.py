"""Owners of saved views and notes: one person, a team (one organization at one desk), or the staff. No database.

A place is written `person:7`, `organization:3` or `house`. The staff of the operating company are a team of their own:
they do not see what organizations save for themselves, and organizations do not see theirs.
"""

from typing import Protocol

from app.accounts.roles import READERS, WRITERS, Grant, Role, scope_of
from app.kernel.errors import Denied

STAFF = "house"
"""The place of staff-wide views and notes. The word is stored, so it stays."""

NOT_YOURS = (
    "Only {maker}, who made this view, or an administrator of the team may change it. Nothing was changed. "
    "Save one of your own under another name."
)
ONLY_OWN = "You can save views for yourself here. Only people who work at this desk save them for the team."


class Reader(Protocol):
    """A signed-in user, as far as ownership asks."""

    id: int
    grants: tuple[Grant, ...]


def own(person_id: int) -> str:
    return f"person:{person_id}"


def of_organization(organization_id: int) -> str:
    return f"organization:{organization_id}"


def organization_of(place: str) -> int | None:
    """The organization of a team; None for a person and for the staff."""
    kind, _, number = place.partition(":")
    return int(number) if kind == "organization" else None


def is_team(place: str) -> bool:
    return not place.startswith("person:")


def _teams(person: Reader, roles: frozenset[Role]) -> list[str]:
    scope = scope_of(person.grants, roles)
    return ([STAFF] if scope.everything else []) + [of_organization(id) for id in sorted(scope.organization_ids)]


def reads(person: Reader, desk: str) -> list[str]:
    """The teams at a desk whose views and notes this person sees."""
    return _teams(person, READERS[desk])


def acts(person: Reader, desk: str) -> list[str]:
    """The teams at a desk this person works in: for them they save views and write notes."""
    return _teams(person, WRITERS[desk])


def makes(person: Reader, desk: str) -> list[str]:
    """The teams this person may save a view for: those they work in, and those they administer."""
    return _teams(person, WRITERS[desk] | {Role.ADMIN})


def sees(person: Reader, desk: str) -> list[str]:
    """Every place whose views this person sees at a desk."""
    return [own(person.id), *reads(person, desk)]


def may_change(person: Reader, place: str, made_by_id: int) -> bool:
    """Whether this person may rename, move or remove a view: its maker, or an administrator of its team."""
    return made_by_id == person.id or (is_team(place) and place in _teams(person, frozenset({Role.ADMIN})))


def check_change(person: Reader, place: str, made_by_id: int, maker: str) -> None:
    """Raises Denied unless this person may rename, move or remove a view."""
    if not may_change(person, place, made_by_id):
        raise Denied(NOT_YOURS.format(maker=maker))


def check_make(person: Reader, desk: str, place: str) -> None:
    """Raises Denied unless this person may save a view in a place: their own, or a team they make views for."""
    if place != own(person.id) and place not in makes(person, desk):
        raise Denied(ONLY_OWN)
