"""Writes of the depositions desk: one function a verb.

Each race is decided by one conditional UPDATE (`_write.py`); each change records its event and its outgoing messages
in the same transaction.
"""

from app.depositions.actions.assign import assign, give_back
from app.depositions.actions.cancel import cancel, request_cancellation, withdraw
from app.depositions.actions.request import request
from app.depositions.actions.schedule import Booking, change_room, schedule, write_notice
from app.depositions.actions.start_end import end, start

__all__ = [
    "Booking",
    "assign",
    "cancel",
    "change_room",
    "end",
    "give_back",
    "request",
    "request_cancellation",
    "schedule",
    "start",
    "withdraw",
    "write_notice",
]
