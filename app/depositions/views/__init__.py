"""Pages of the depositions desk: the queue, one deposition, and what the team does with it."""

from app.depositions.views import actions, assignment, detail, list, moving, overview
from app.depositions.views.filters import pages

__all__ = ["actions", "assignment", "detail", "list", "moving", "overview", "pages"]
