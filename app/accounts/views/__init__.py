"""Pages of people, organizations and keys, and of a person's own settings.

One module a noun; each registers its views on `pages`.
"""

from flask import Blueprint, request

from app.accounts import queries
from app.accounts.access import me
from app.accounts.models import Organization
from app.accounts.roles import PEOPLE
from app.kernel.db.transaction import db

pages = Blueprint("accounts", __name__)


def administered() -> frozenset[int] | None:
    """The ids of the organizations that the current administrator manages; None means all (staff)."""
    scope = me().scope(PEOPLE)
    return None if scope.everything else scope.organization_ids


def organization_options(mine: frozenset[int] | None) -> list[tuple[str, str]]:
    """The organizations that a list can be narrowed to; with many, one that the address names besides the first."""
    found = [(str(each.id), each.name) for each in queries.organizations(db(), mine)]
    asked = request.args.get("organization", "")
    if len(found) < queries.LISTED or not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        return found
    one = db().get(Organization, int(asked)) if mine is None or int(asked) in mine else None
    return [*found, (str(one.id), one.name)] if one and asked not in dict(found) else found


from app.accounts.views import addresses, factors, keys, organizations, people, proof, settings  # noqa: E402  # they register on `pages`

__all__ = ["addresses", "administered", "factors", "keys", "organizations", "pages", "people", "proof", "settings"]
