"""Writes of the prescreens desk: one module a verb.

Prospects start, answer, send themselves the link, complete and withdraw. Staff look, assign and decide; a decision is
pending until its undo window ends, and `finalize` writes it then. Each race is decided by one conditional UPDATE; each
change records its event and its outgoing messages in the same transaction.
"""

from app.prescreens.actions._file_jobs import COPY, TIDY
from app.prescreens.actions._review import check_explanation
from app.prescreens.actions.add_files import NewFile, add_asked_files, add_files, remove_asked_file, remove_file
from app.prescreens.actions.announce_answers import DAILY, daily_news
from app.prescreens.actions.announce_expiry import announce_expiry
from app.prescreens.actions.answer import answer
from app.prescreens.actions.approve import approve
from app.prescreens.actions.ask import answer_inquiry, ask
from app.prescreens.actions.assign import assign, unassign
from app.prescreens.actions.calibrate import answer_round, make_rounds
from app.prescreens.actions.complete import complete
from app.prescreens.actions.decide import decide
from app.prescreens.actions.deny import deny
from app.prescreens.actions.erase import erase_contact, erase_prescreens, erase_prospect
from app.prescreens.actions.export import export_contact, export_prospect, note_export
from app.prescreens.actions.finalize import finalize
from app.prescreens.actions.forget_drafts import forget_drafts
from app.prescreens.actions.keep_refused import keep_refused, keep_refused_inquiry
from app.prescreens.actions.look import look
from app.prescreens.actions.note_case_file import note_case_file
from app.prescreens.actions.note_file import note_file
from app.prescreens.actions.remind import remind, renew
from app.prescreens.actions.send_link import LINK_MAILS, send_link
from app.prescreens.actions.settle_file import settle_file_copies, settle_kept_file, settle_read_files
from app.prescreens.actions.speak import speak
from app.prescreens.actions.start import start
from app.prescreens.actions.start_again import start_again
from app.prescreens.actions.switch_measure import switch_measure
from app.prescreens.actions.withdraw import withdraw
from app.prescreens.actions.write_note import write_note

__all__ = [
    "COPY",
    "DAILY",
    "LINK_MAILS",
    "TIDY",
    "NewFile",
    "add_asked_files",
    "add_files",
    "announce_expiry",
    "answer",
    "answer_inquiry",
    "answer_round",
    "approve",
    "ask",
    "assign",
    "check_explanation",
    "complete",
    "daily_news",
    "decide",
    "deny",
    "erase_contact",
    "erase_prescreens",
    "erase_prospect",
    "export_contact",
    "export_prospect",
    "finalize",
    "forget_drafts",
    "keep_refused",
    "keep_refused_inquiry",
    "look",
    "make_rounds",
    "note_case_file",
    "note_export",
    "note_file",
    "remind",
    "remove_asked_file",
    "remove_file",
    "renew",
    "send_link",
    "settle_file_copies",
    "settle_kept_file",
    "settle_read_files",
    "speak",
    "start",
    "start_again",
    "switch_measure",
    "unassign",
    "withdraw",
    "write_note",
]
