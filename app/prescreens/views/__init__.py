"""Pages of the prescreens desk: the list, one prescreen with its decision, and the templates."""

from app.prescreens.views import acting, one, overview, questionnaires, queue, taking
from app.prescreens.views.shared import pages

__all__ = ["acting", "one", "overview", "pages", "questionnaires", "queue", "taking"]
