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


# They hang their views on `pages`.
from app.accounts.views import factors, keys, organizations, people, proof, settings  # noqa: E402  # after `pages`

__all__ = ["administered", "factors", "keys", "organizations", "pages", "people", "proof", "settings"]
