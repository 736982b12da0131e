"""Every table of the house: importing this fills the metadata."""

from app.accounts import models as accounts
from app.depositions import models as depositions
from app.desk import presence
from app.desk.views import models as views
from app.inspections import models as inspections
from app.kernel import events, idempotency, mailbox, outbox
from app.prescreens import models as prescreens

__all__ = [
    "accounts",
    "depositions",
    "events",
    "idempotency",
    "inspections",
    "mailbox",
    "outbox",
    "prescreens",
    "presence",
    "views",
]
