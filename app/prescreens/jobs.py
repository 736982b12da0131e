"""What the worker does for prescreens: it writes decisions whose undo window is over, forgets empty drafts, writes
about what is new and what expires, and makes calibration rounds."""

from datetime import datetime

from app.accounts.roles import PRESCREENS
from app.dashboard.undo.actions import Finalizer
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Handler
from app.prescreens import actions
from app.prescreens.events import SUBJECT

FINALIZERS = {SUBJECT: Finalizer(PRESCREENS, actions.finalize)}


HANDLERS: dict[str, Handler] = {actions.DAILY: actions.daily_news}


def tidy(db: Db, now: datetime) -> None:
    """Forgets drafts that nobody answered, announces what expires, and makes the calibration rounds that are due."""
    actions.forget_drafts(db, now)
    actions.announce_expiry(db, now)
    actions.make_rounds(db, now)
