"""Writes of the inspections desk: one module a verb.

Each race is decided by one conditional UPDATE (`_write.py`); each change records its event, its outgoing messages and
what the chain seals in the same transaction.
"""

from app.inspections.actions._anchoring import ask_authorities
from app.inspections.actions._invites import Minted
from app.inspections.actions._visitor import Visitor
from app.inspections.actions.add_remark import add_remark
from app.inspections.actions.assign import assign, unassign
from app.inspections.actions.attend import attend
from app.inspections.actions.change_notes import change_notes
from app.inspections.actions.consent import Wording, consent
from app.inspections.actions.create import create
from app.inspections.actions.create_campaign import create_campaign
from app.inspections.actions.end import end
from app.inspections.actions.invite import invite
from app.inspections.actions.join import Outcome, join, join_outcome
from app.inspections.actions.new_code import new_code
from app.inspections.actions.open_invite import open_invite, see_invite
from app.inspections.actions.reissue import reissue
from app.inspections.actions.retry_anchor import retry_anchor
from app.inspections.actions.revoke import revoke
from app.inspections.actions.settle_anchor import settle_anchor
from app.inspections.actions.start_recording import start_recording
from app.inspections.actions.stop_recording import stop_recording

__all__ = [
    "Minted",
    "Outcome",
    "Visitor",
    "Wording",
    "add_remark",
    "ask_authorities",
    "assign",
    "attend",
    "change_notes",
    "consent",
    "create",
    "create_campaign",
    "end",
    "invite",
    "join",
    "join_outcome",
    "new_code",
    "open_invite",
    "reissue",
    "retry_anchor",
    "revoke",
    "see_invite",
    "settle_anchor",
    "start_recording",
    "stop_recording",
    "unassign",
]
