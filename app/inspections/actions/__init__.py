"""Writes of the inspections room: one function per verb a person, a client or the worker uses.

Each takes `db`, `by` and `now`. A race is settled by one conditional UPDATE; who loses it hears the rule's sentence.
"""

from app.inspections.actions.anchor import retry_anchor, settle_anchor
from app.inspections.actions.assign import assign, give_back
from app.inspections.actions.invite import Minted, invite, new_code, reissue, revoke
from app.inspections.actions.join import Outcome, Visitor, consent, look, open_invite, redeem, see_invite
from app.inspections.actions.sessions import (
    add_remark,
    attend,
    change_notes,
    create,
    create_campaign,
    end,
    start_recording,
    stop_recording,
)

__all__ = [
    "Minted",
    "Outcome",
    "Visitor",
    "add_remark",
    "assign",
    "attend",
    "change_notes",
    "consent",
    "create",
    "create_campaign",
    "end",
    "give_back",
    "invite",
    "look",
    "new_code",
    "open_invite",
    "redeem",
    "reissue",
    "retry_anchor",
    "revoke",
    "see_invite",
    "settle_anchor",
    "start_recording",
    "stop_recording",
]
