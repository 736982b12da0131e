"""Pages of the inspections desk for staff."""

from app.inspections.views import actions, assignment, detail, evidence, list, new, overview, report, wording
from app.inspections.views.filters import pages

__all__ = ["actions", "assignment", "detail", "evidence", "list", "new", "overview", "pages", "report", "wording"]
