"""What the worker does for prescreens: held decisions whose time is over."""

from datetime import datetime

from app.accounts.roles import PRESCREENS
from app.dashboard.undo.actions import Ending, Finalizer
from app.dashboard.undo.models import Decision
from app.kernel.db.engine import Db
from app.prescreens import actions
from app.prescreens.events import SUBJECT


def decide(db: Db, hold: Decision, now: datetime) -> Ending:
    """Approves or denies for the person who pressed."""
    return actions.finalize(db, hold, now)


FINALIZERS = {SUBJECT: Finalizer(PRESCREENS, decide)}
