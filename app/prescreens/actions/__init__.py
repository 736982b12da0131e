"""Writes of the prescreens desk: one module a verb.

Prospects start, answer, send themselves the link and complete. Staff assign and decide; a decision is pending until
its undo window ends, and `finalize` writes it then. Each race is decided by one conditional UPDATE; each change records
its event and its outgoing messages in the same transaction.
"""

from app.prescreens.actions.answer import answer
from app.prescreens.actions.approve import approve
from app.prescreens.actions.assign import assign, unassign
from app.prescreens.actions.complete import complete
from app.prescreens.actions.decide import decide
from app.prescreens.actions.deny import deny
from app.prescreens.actions.finalize import finalize
from app.prescreens.actions.forget_drafts import forget_drafts
from app.prescreens.actions.keep_refused import keep_refused
from app.prescreens.actions.send_link import LINK_MAILS, send_link
from app.prescreens.actions.start import start

__all__ = [
    "LINK_MAILS",
    "answer",
    "approve",
    "assign",
    "complete",
    "decide",
    "deny",
    "finalize",
    "forget_drafts",
    "keep_refused",
    "send_link",
    "start",
    "unassign",
]
