"""Every table of the house: importing this fills the metadata."""

from app.accounts import models as accounts
from app.depositions import models as depositions
from app.desk import presence, tags
from app.desk.holds import models as holds
from app.desk.views import models as views
from app.inspections import models as inspections
from app.kernel import events, idempotency, mailbox, outbox, search
from app.prescreens import models as prescreens

__all__ = [
    "accounts",
    "depositions",
    "events",
    "holds",
    "idempotency",
    "inspections",
    "mailbox",
    "outbox",
    "prescreens",
    "presence",
    "search",
    "tags",
    "views",
]
