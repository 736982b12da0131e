"""Pages of the inspections desk for staff."""

from app.inspections.views import actions, assignment, detail, list, new, overview
from app.inspections.views.filters import pages

__all__ = ["actions", "assignment", "detail", "list", "new", "overview", "pages"]
