"""Pages of the prescreens desk: the list, one prescreen with its decision, and the questionnaires with their editor."""

from app.prescreens.views import (
    actions,
    assignment,
    calibration,
    contact,
    detail,
    drop_off,
    editor,
    fairness,
    list,
    overview,
    personal,
    preview,
    questionnaires,
    reasons,
    reminders,
    team,
    texts,
)
from app.prescreens.views.filters import pages

__all__ = [
    "actions",
    "assignment",
    "calibration",
    "contact",
    "detail",
    "drop_off",
    "editor",
    "fairness",
    "list",
    "overview",
    "pages",
    "personal",
    "preview",
    "questionnaires",
    "reasons",
    "reminders",
    "team",
    "texts",
]
