"""Pages about people, organizations and keys, and everybody's own settings.

A module for each noun; each hangs its views on `pages`.
"""

from flask import Blueprint

from app.accounts.access import me
from app.accounts.roles import PEOPLE

pages = Blueprint("accounts", __name__)


def administered() -> frozenset[int] | None:
    """The organizations this administrator keeps; None is the house, which keeps all."""
    scope = me().scope(PEOPLE)
    return None if scope.everything else scope.organization_ids


from app.accounts.views import keys, organizations, people, settings  # noqa: E402  # they hang their views on `pages`

__all__ = ["administered", "keys", "organizations", "pages", "people", "settings"]
