"""Pages of the depositions desk: the queue, one deposition, and what the team does with it."""

from app.depositions.views import acting, one, overview, queue, taking
from app.depositions.views.shared import pages

__all__ = ["acting", "one", "overview", "pages", "queue", "taking"]
