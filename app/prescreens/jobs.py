"""What the worker does for prescreens: it writes decisions whose undo window is over, and forgets empty drafts."""

from datetime import datetime

from app.accounts.roles import PRESCREENS
from app.dashboard.undo.actions import Finalizer
from app.kernel.db.engine import Db
from app.prescreens import actions
from app.prescreens.events import SUBJECT

FINALIZERS = {SUBJECT: Finalizer(PRESCREENS, actions.finalize)}


def tidy(db: Db, now: datetime) -> None:
    """Forgets drafts that nobody answered."""
    actions.forget_drafts(db, now)
