"""Pages of the prescreens desk: the list, one prescreen with its decision, and the questionnaires with their editor."""

from app.prescreens.views import actions, assignment, detail, editor, list, overview, preview, questionnaires
from app.prescreens.views.filters import pages

__all__ = ["actions", "assignment", "detail", "editor", "list", "overview", "pages", "preview", "questionnaires"]
