"""What the team confirms before it acts, besides the messages: one module a verb."""

from app.depositions.views.confirmations._parts import DryRun, conflict_flags, linked, subject_of
from app.depositions.views.confirmations.ask import asking
from app.depositions.views.confirmations.cancel import canceling, is_silent
from app.depositions.views.confirmations.change_manager import changing_manager
from app.depositions.views.confirmations.change_room import changing_room
from app.depositions.views.confirmations.decline import declining
from app.depositions.views.confirmations.end import ending
from app.depositions.views.confirmations.keep_hour import keeping_hour
from app.depositions.views.confirmations.move import moving
from app.depositions.views.confirmations.propose import asking_added, proposing, reminding
from app.depositions.views.confirmations.schedule import scheduling
from app.depositions.views.confirmations.start import starting_early
from app.depositions.views.confirmations.tell import informing

__all__ = [
    "DryRun",
    "asking",
    "asking_added",
    "canceling",
    "changing_manager",
    "changing_room",
    "conflict_flags",
    "declining",
    "ending",
    "informing",
    "is_silent",
    "keeping_hour",
    "linked",
    "moving",
    "proposing",
    "reminding",
    "scheduling",
    "starting_early",
    "subject_of",
]
