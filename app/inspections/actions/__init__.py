"""Writes of the inspections desk: one module a verb.

Each race is decided by one conditional UPDATE (`_write.py`); each change records its event, its outgoing messages and
what the chain seals in the same transaction.
"""

from app.inspections.actions._anchoring import ask_authorities, checkpoint
from app.inspections.actions._invites import Minted
from app.inspections.actions._visitor import Visitor
from app.inspections.actions.add_remark import add_remark
from app.inspections.actions.assign import assign, unassign
from app.inspections.actions.attend import attend
from app.inspections.actions.capture import add_document, capture
from app.inspections.actions.change_notes import change_notes
from app.inspections.actions.change_subjects import change_subjects
from app.inspections.actions.change_wording import change_wording
from app.inspections.actions.consent import Wording, consent
from app.inspections.actions.create import create
from app.inspections.actions.create_campaign import create_campaign
from app.inspections.actions.end import end
from app.inspections.actions.enroll_device import enroll_device
from app.inspections.actions.erase_evidence import (
    erase_evidence,
    expire_evidence,
    hold_item,
    place_hold,
    release_hold,
    release_item,
)
from app.inspections.actions.erase_person import erase_person
from app.inspections.actions.hear_phone import count_arrived, hear_phone
from app.inspections.actions.invite import invite
from app.inspections.actions.join import Outcome, join, join_outcome
from app.inspections.actions.new_code import new_code
from app.inspections.actions.note_download import note_download, note_made
from app.inspections.actions.open_invite import open_invite, see_invite
from app.inspections.actions.reissue import reissue
from app.inspections.actions.remark_evidence import remark_evidence
from app.inspections.actions.renew import renew
from app.inspections.actions.retry_anchor import retry_anchor
from app.inspections.actions.revoke import revoke
from app.inspections.actions.send_receipt import PIECES_MAILED, send_receipt
from app.inspections.actions.settle_anchor import settle_anchor
from app.inspections.actions.settle_copy import settle_copy
from app.inspections.actions.settle_originals import settle_originals
from app.inspections.actions.start_recording import start_recording
from app.inspections.actions.stop_recording import stop_recording
from app.inspections.actions.verify import verify
from app.inspections.actions.withdraw import withdraw

__all__ = [
    "PIECES_MAILED",
    "Minted",
    "Outcome",
    "Visitor",
    "Wording",
    "add_document",
    "add_remark",
    "ask_authorities",
    "assign",
    "attend",
    "capture",
    "change_notes",
    "change_subjects",
    "change_wording",
    "checkpoint",
    "consent",
    "count_arrived",
    "create",
    "create_campaign",
    "end",
    "enroll_device",
    "erase_evidence",
    "erase_person",
    "expire_evidence",
    "hear_phone",
    "hold_item",
    "invite",
    "join",
    "join_outcome",
    "new_code",
    "note_download",
    "note_made",
    "open_invite",
    "place_hold",
    "reissue",
    "release_hold",
    "release_item",
    "remark_evidence",
    "renew",
    "retry_anchor",
    "revoke",
    "see_invite",
    "send_receipt",
    "settle_anchor",
    "settle_copy",
    "settle_originals",
    "start_recording",
    "stop_recording",
    "unassign",
    "verify",
    "withdraw",
]
