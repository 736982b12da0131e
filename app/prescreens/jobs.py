"""What the worker does for prescreens: it writes pending decisions whose undo window is over."""

from app.accounts.roles import PRESCREENS
from app.dashboard.undo.actions import Finalizer
from app.prescreens import actions
from app.prescreens.events import SUBJECT

FINALIZERS = {SUBJECT: Finalizer(PRESCREENS, actions.finalize)}
