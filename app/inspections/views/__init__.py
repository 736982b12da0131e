"""Pages of the inspections desk: the queue, one inspection, and what an operator does there."""

from app.inspections.views import actions, assignment, detail, list, new, overview
from app.inspections.views.shared import pages

__all__ = ["actions", "assignment", "detail", "list", "new", "overview", "pages"]
