"""Every table of the house: importing this fills the metadata."""

from app.accounts import models as accounts
from app.dashboard import presence, tags
from app.dashboard.saved_views import models as views
from app.dashboard.undo import models as holds
from app.depositions import models as depositions
from app.inspections import models as inspections
from app.kernel.changes import events
from app.kernel.db import idempotency
from app.kernel.outbox import dev_mailbox, outbox
from app.kernel.text import search
from app.prescreens import models as prescreens

__all__ = [
    "accounts",
    "depositions",
    "dev_mailbox",
    "events",
    "holds",
    "idempotency",
    "inspections",
    "outbox",
    "prescreens",
    "presence",
    "search",
    "tags",
    "views",
]
