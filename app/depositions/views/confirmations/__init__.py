"""What the team confirms before it acts, besides the messages: one module a verb."""

from app.depositions.views.confirmations.ask import asking
from app.depositions.views.confirmations.beliefs import believing_old_hour
from app.depositions.views.confirmations.cancel import canceling
from app.depositions.views.confirmations.change_manager import changing_manager
from app.depositions.views.confirmations.change_room import changing_room
from app.depositions.views.confirmations.end import ending
from app.depositions.views.confirmations.move import moving
from app.depositions.views.confirmations.schedule import scheduling
from app.depositions.views.confirmations.start import starting_early

__all__ = [
    "asking",
    "believing_old_hour",
    "canceling",
    "changing_manager",
    "changing_room",
    "ending",
    "moving",
    "scheduling",
    "starting_early",
]
