"""Pages of the inspections desk: the board, one inspection, and what an operator does there."""

from app.inspections.views import acting, board, one, overview
from app.inspections.views.shared import pages

__all__ = ["acting", "board", "one", "overview", "pages"]
