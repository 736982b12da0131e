"""Every table of the app: importing this module fills the metadata."""

from importlib import import_module

from app.accounts.roles import DESKS

MODULES = (
    "app.accounts.models",
    "app.dashboard.documents.models",
    "app.dashboard.presence",
    "app.dashboard.saved_views.models",
    "app.dashboard.tags",
    "app.dashboard.undo.models",
    "app.kernel.changes.events",
    "app.kernel.db.backfills",
    "app.kernel.db.idempotency",
    "app.kernel.outbox.dev_mailbox",
    "app.kernel.outbox.outbox",
    "app.kernel.outbox.recipient_limits",
    "app.kernel.text.search",
    *(f"app.{desk}.models" for desk in DESKS),
    "app.inspections.evidence.models",
    "app.prescreens.answer_files",
    "app.prescreens.measures",
)
"""The modules that declare tables."""

for _module in MODULES:
    import_module(_module)
