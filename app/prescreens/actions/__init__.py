"""Writes of the prescreens room: one function per verb.

The prospect: start, answer, send_link, complete. The agent: take, release, press; approve and deny are what a press
becomes, at once or after its hold. Each race is decided by one conditional UPDATE; each change writes its history and
its messages in the same transaction.
"""

from app.prescreens.actions.answering import LINK_MAILS, answer, complete, send_link, start
from app.prescreens.actions.deciding import approve, deny, finalize, press
from app.prescreens.actions.taking import release, take

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
