"""Whether a prospect may be reminded of answers that they never sent, or sent a fresh link after theirs expired."""

from datetime import datetime, timedelta
from typing import Protocol

from app.prescreens.models import TIME_TO_LIVE, ReviewStatus, Status
from app.prescreens.rules.review import Expiring, has_expired

QUIET = timedelta(days=1)
"""How long a prospect has not answered before they may be reminded."""
NOBODY = "No e-mail address was given, so nobody can be written to."


class Remindable(Expiring, Protocol):
    """The columns of a prescreen that these rules read."""

    @property
    def email(self) -> str | None: ...
    @property
    def updated_at(self) -> datetime: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...
    @property
    def reminded_at(self) -> datetime | None: ...
    @property
    def renewed_at(self) -> datetime | None: ...


def why_not_remind(prescreen: Remindable, now: datetime) -> str | None:
    """Why the prospect is not reminded now, or None."""
    if prescreen.status != Status.ACTIVE or has_expired(prescreen, now):
        return "Only prospects who are still answering are reminded."
    if not prescreen.email:
        return NOBODY
    if prescreen.reminded_at:
        return "They were reminded already, and one reminder is enough."
    if now - prescreen.updated_at < QUIET:
        return "They answered less than a day ago, so give them time."
    return None


def why_not_renew(prescreen: Remindable, is_open: bool, now: datetime) -> str | None:
    """Why the prospect is sent no fresh link now, or None."""
    if prescreen.withdrawn_at:
        return "The prospect has withdrawn these answers, so they are not asked to send them again."
    if prescreen.review_status != ReviewStatus.PENDING or not has_expired(prescreen, now):
        return "It has not expired without a decision."
    if not prescreen.email:
        return NOBODY
    if prescreen.renewed_at:
        return "A fresh link was sent already, and one is enough."
    if not is_open:
        return "The questionnaire is closed, so nobody can start."
    return None


def renewable_until(renewed_at: datetime) -> datetime:
    """Until when a fresh link starts a prescreen."""
    return renewed_at + TIME_TO_LIVE
