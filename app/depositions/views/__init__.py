"""Pages of the depositions desk: the queue, one deposition, what the team does with it, organizations, the roster."""

from app.depositions.views import (
    actions,
    ask,
    assignment,
    board,
    cases,
    checklist,
    choosing,
    detail,
    import_managers,
    list,
    managers,
    moving,
    new,
    now,
    organizations,
    overview,
    reconfirm,
)
from app.depositions.views.filters import pages

__all__ = [
    "actions",
    "ask",
    "assignment",
    "board",
    "cases",
    "checklist",
    "choosing",
    "detail",
    "import_managers",
    "list",
    "managers",
    "moving",
    "new",
    "now",
    "organizations",
    "overview",
    "pages",
    "reconfirm",
]
