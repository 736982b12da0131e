"""E-mails about a deposition: to the deponent and every invitee, and to its manager."""

from app.depositions.emails.manager import manager_canceled, manager_changed, manager_invited
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
    "Participant",
    "canceled",
    "everybody",
    "join_url",
    "manager_canceled",
    "manager_changed",
    "manager_invited",
    "manager_of",
    "moved",
    "participants",
    "recognize",
    "scheduled",
    "uninvited",
]
