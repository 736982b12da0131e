"""Writes of the depositions desk: one module a verb.

Each race is decided by one conditional UPDATE (`_write.py`); each change records its event and its outgoing messages
in the same transaction.
"""

from app.depositions.actions import roster
from app.depositions.actions.ask import answer_question, ask, settle_question
from app.depositions.actions.ask_hours import ask_added, remind_hours
from app.depositions.actions.assign import assign, unassign
from app.depositions.actions.cancel import cancel
from app.depositions.actions.change_checklist import change_checklist
from app.depositions.actions.change_manager import change_manager
from app.depositions.actions.change_room import change_room
from app.depositions.actions.change_session import change_session
from app.depositions.actions.change_settings import change_settings
from app.depositions.actions.decline_cancellation import decline_cancellation
from app.depositions.actions.end import end
from app.depositions.actions.keep_hour import keep_clock_time, keep_moment
from app.depositions.actions.move import Move, move
from app.depositions.actions.propose import answer_hours, propose, withdraw_proposal
from app.depositions.actions.reconfirm import reconfirm, respondent
from app.depositions.actions.request import Entry, request
from app.depositions.actions.request_cancellation import request_cancellation
from app.depositions.actions.schedule import Booking, schedule
from app.depositions.actions.start import start
from app.depositions.actions.take_back_start import take_back_start
from app.depositions.actions.tell import tell
from app.depositions.actions.test_webhook import test_webhook
from app.depositions.actions.withdraw import withdraw
from app.depositions.actions.write_notice import write_notice

__all__ = [
    "Booking",
    "Entry",
    "Move",
    "answer_hours",
    "answer_question",
    "ask",
    "ask_added",
    "assign",
    "cancel",
    "change_checklist",
    "change_manager",
    "change_room",
    "change_session",
    "change_settings",
    "decline_cancellation",
    "end",
    "keep_clock_time",
    "keep_moment",
    "move",
    "propose",
    "reconfirm",
    "remind_hours",
    "request",
    "request_cancellation",
    "respondent",
    "roster",
    "schedule",
    "settle_question",
    "start",
    "take_back_start",
    "tell",
    "test_webhook",
    "unassign",
    "withdraw",
    "withdraw_proposal",
    "write_notice",
]
