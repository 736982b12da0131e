"""Pages of the prescreens desk: the list, one prescreen with its decision, and the questionnaires."""

from app.prescreens.views import actions, assignment, detail, list, overview, questionnaires
from app.prescreens.views.filters import pages

__all__ = ["actions", "assignment", "detail", "list", "overview", "pages", "questionnaires"]
