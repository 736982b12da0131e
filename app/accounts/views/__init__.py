"""Pages of people, organizations and keys, and of a person's own settings.

One module a noun; each registers its views on `pages`.
"""

from flask import Blueprint

from app.accounts.access import me
from app.accounts.roles import PEOPLE

pages = Blueprint("accounts", __name__)


def administered() -> frozenset[int] | None:
    """The ids of the organizations that the current administrator manages; None means all (staff)."""
    scope = me().scope(PEOPLE)
    return None if scope.everything else scope.organization_ids


from app.accounts.views import factors, keys, organizations, people, proof, settings  # noqa: E402  # they register on `pages`

__all__ = ["administered", "factors", "keys", "organizations", "pages", "people", "proof", "settings"]
