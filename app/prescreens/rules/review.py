"""States and transitions of a prescreen, and the sentences that refuse a verb.

The same sentence is the guard's refusal, the API's `detail` and the reason beside a disabled button.
"""

from datetime import datetime
from typing import Protocol

from app.kernel.errors import Conflict, Denied, Gone, Invalid
from app.prescreens.models import ReviewStatus, Status

TRANSITIONS: dict[str, dict[str, str]] = {
    "draft": {"answer": "active", "complete": "completed"},
    "active": {"answer": "active", "complete": "completed"},
    "completed": {"approve": "approved", "deny": "denied"},
    "approved": {},
    "denied": {},
    "expired": {},
}
"""The verbs that each state allows, with the state they lead to."""

TIMED_TRANSITIONS: dict[str, str] = {"draft": "expired", "active": "expired", "completed": "expired"}
"""What time alone does, 30 days after the start. Computed on read."""

REVIEWING_PLANS = frozenset(("pro", "scale"))
PAGE_LIMITS = {"starter": 50, "pro": 100, "scale": 200}
RATE_LIMITS = {"starter": 30, "pro": 120, "scale": 600}
NOTES_LIMIT = 2000
DECISIONS = {"approve": ReviewStatus.APPROVED, "deny": ReviewStatus.DENIED}


class Reviewable(Protocol):
    """What the rules need to know of a prescreen."""

    @property
    def status(self) -> str: ...
    @property
    def review_status(self) -> str: ...
    @property
    def reviewed_by(self) -> str | None: ...
    @property
    def expires_at(self) -> datetime: ...


def has_expired(prescreen: Reviewable, now: datetime) -> bool:
    """Not yet reviewed, and its 30 days are over. A decision made in time is never undone by time."""
    return prescreen.review_status == ReviewStatus.PENDING and prescreen.expires_at <= now


def status_of(prescreen: Reviewable, now: datetime) -> str:
    """The status as everybody reads it: the stored one, or `expired`."""
    return Status.EXPIRED.value if has_expired(prescreen, now) else prescreen.status


def state_of(prescreen: Reviewable, now: datetime) -> str:
    """Status and decision in one word, a key of TRANSITIONS."""
    if prescreen.review_status != ReviewStatus.PENDING:
        return prescreen.review_status
    return status_of(prescreen, now)


def check_review(prescreen: Reviewable, now: datetime) -> None:
    """Whether it can be approved or denied now. Order: already reviewed 409, then not `completed` 422."""
    if prescreen.review_status != ReviewStatus.PENDING:
        raise Conflict(
            f"{prescreen.reviewed_by or 'Somebody'} has already {prescreen.review_status} this. "
            "A decision is final, so nothing was changed.",
            code="session.already_reviewed",
        )
    if has_expired(prescreen, now):
        raise Invalid(
            "This prescreen expired 30 days after it was started. It can still be read, but no longer decided.",
            code="session.expired",
        )
    if prescreen.status != Status.COMPLETED:
        raise Invalid(
            "The prospect has not finished answering. It can be decided once they have sent their answers.",
            code="session.not_completed",
        )


def check_plan(plan: str) -> None:
    """The API's review is part of pro and scale; a starter plan only reads."""
    if plan not in REVIEWING_PLANS:
        raise Denied(
            f"The {plan} plan can read sessions, but not review them by API. Nothing was changed.",
            code="plan.read_only",
        )


def check_answering(prescreen: Reviewable, now: datetime) -> None:
    """Whether the prospect may still answer. Said to the prospect, not to staff."""
    if prescreen.status == Status.COMPLETED:
        raise Conflict(
            "Your answers were already sent. They cannot be changed any more.", code="session.already_completed"
        )
    if has_expired(prescreen, now):
        raise Gone(
            "This questionnaire was open for 30 days and has closed. Nothing was sent. You can start a new one.",
            code="session.expired",
        )


def page_limit(plan: str, asked: int) -> int:
    """The page size a plan allows: what was asked, but no more than its maximum."""
    return min(asked, PAGE_LIMITS.get(plan, PAGE_LIMITS["starter"]))


def days_left(expires_at: datetime, now: datetime) -> int:
    """Days until expiry, begun ones counted: 3 means "three days or fewer"; 0 when it is over."""
    left = expires_at - now
    return max(0, left.days + (1 if left.seconds or left.microseconds else 0))
