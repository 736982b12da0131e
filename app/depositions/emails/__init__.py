"""E-mails about a deposition: to the deponent and every invitee, to its manager, and before it begins."""

from app.depositions.emails.before import (
    QUESTION,
    RECONFIRM,
    question,
    question_keys,
    question_url,
    reconfirm_url,
    reconfirmation,
    reminders,
)
from app.depositions.emails.hours import PROPOSAL, hours_dedupe, proposal, proposal_mark, proposal_url
from app.depositions.emails.managers import manager_canceled, manager_changed, manager_invited
from app.depositions.emails.participants import (
    INVITEE,
    Participant,
    canceled,
    everybody,
    join_url,
    manager_of,
    moved,
    participants,
    recognize,
    scheduled,
    uninvited,
)

__all__ = [
    "INVITEE",
    "PROPOSAL",
    "QUESTION",
    "RECONFIRM",
    "Participant",
    "canceled",
    "everybody",
    "hours_dedupe",
    "join_url",
    "manager_canceled",
    "manager_changed",
    "manager_invited",
    "manager_of",
    "moved",
    "participants",
    "proposal",
    "proposal_mark",
    "proposal_url",
    "question",
    "question_keys",
    "question_url",
    "recognize",
    "reconfirm_url",
    "reconfirmation",
    "reminders",
    "scheduled",
    "uninvited",
]
