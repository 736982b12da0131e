"""Writes of the prescreens room: one function per verb.

The prospect: start, answer, send_link, complete. The agent: take, release, press; approve and deny are what a press
becomes, at once or after its hold. Each race is decided by one conditional UPDATE; each change writes its history and
its messages in the same transaction.
"""

from app.prescreens.actions.answer import LINK_MAILS, answer, complete, send_link, start
from app.prescreens.actions.assign import release, take
from app.prescreens.actions.decide import approve, deny, finalize, press

__all__ = [
    "LINK_MAILS",
    "answer",
    "approve",
    "complete",
    "deny",
    "finalize",
    "press",
    "release",
    "send_link",
    "start",
    "take",
]
