"""Pages of the inspections desk: the queue, one inspection, and what an operator does there."""

from app.inspections.views import acting, making, one, overview, queue, taking
from app.inspections.views.shared import pages

__all__ = ["acting", "making", "one", "overview", "pages", "queue", "taking"]
