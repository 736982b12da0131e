"""States and transitions of a prescreen, and the sentences that refuse a verb.

The same sentence is the refusal, the `detail` of the API and the reason of the disabled button.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from app.kernel.errors import Conflict, Denied, Gone, Invalid
from app.prescreens.models import ReviewStatus, Status

TRANSITIONS: dict[str, dict[str, str]] = {
    "draft": {"answer": "active", "complete": "completed"},
    "active": {"answer": "active", "complete": "completed"},
    "completed": {"approve": "approved", "deny": "denied", "withdraw": "expired"},
    "approved": {},
    "denied": {},
    "expired": {},
}
"""The verbs that each state allows, with the state they lead to."""

TIMED_TRANSITIONS: dict[str, str] = {"draft": "expired", "active": "expired", "completed": "expired"}
"""The state after 30 days without a review. Computed on read."""

REVIEWING_PLANS = frozenset(("pro", "scale"))
PAGE_LIMITS = {"starter": 50, "pro": 100, "scale": 200}
RATE_LIMITS = {"starter": 30, "pro": 120, "scale": 600}
NOTES_LIMIT = 2000
LIMITS = (3, 7)
"""Days left at which tabs, groups and colours are cut: what is urgent, and what is next."""
DECISIONS = {"approve": ReviewStatus.APPROVED, "deny": ReviewStatus.DENIED}


class Expiring(Protocol):
    """The columns of a prescreen from which its status follows."""

    @property
    def status(self) -> str: ...
    @property
    def review_status(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


class Reviewable(Expiring, Protocol):
    """The columns of a prescreen that the rules of a review read."""

    @property
    def reviewed_by(self) -> str | None: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


def has_expired(prescreen: Expiring, now: datetime) -> bool:
    """Whether its 30 days ended without a review. A reviewed prescreen never expires."""
    return prescreen.review_status == ReviewStatus.PENDING and prescreen.expires_at <= now


def status_of(prescreen: Expiring, now: datetime) -> str:
    """The stored status, or `expired`."""
    return Status.EXPIRED.value if has_expired(prescreen, now) else prescreen.status


def state_of(prescreen: Expiring, now: datetime) -> str:
    """Status and decision in one word, a key of TRANSITIONS."""
    if prescreen.review_status != ReviewStatus.PENDING:
        return prescreen.review_status
    return status_of(prescreen, now)


def check_review(prescreen: Reviewable, now: datetime, own: bool = False) -> None:
    """Whether it can be approved or denied now. Order: already reviewed 409, then not `completed` 422. `own` is whether
    the reviewer is the one who asks."""
    if prescreen.review_status != ReviewStatus.PENDING:
        who = "You have" if own else f"{prescreen.reviewed_by or 'Somebody'} has"
        raise Conflict(
            f"{who} already {prescreen.review_status} this. A decision is final, so nothing was changed.",
            code="session.already_reviewed",
        )
    if has_expired(prescreen, now):
        if prescreen.withdrawn_at:
            raise Invalid(
                "The prospect has withdrawn these answers. They can still be read, but no longer decided.",
                code="session.expired",
            )
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
    """Whether the plan includes reviews by API: a starter plan only reads."""
    if plan not in REVIEWING_PLANS:
        raise Denied(
            f"The {plan} plan can read sessions, but not review them by API. Nothing was changed.",
            code="plan.read_only",
        )


def check_answering(prescreen: Expiring, now: datetime) -> None:
    """Whether the prospect may still answer. The sentences address the prospect."""
    if prescreen.status == Status.COMPLETED:
        raise Conflict(
            "Your answers were already sent. They cannot be changed any more.", code="session.already_completed"
        )
    if has_expired(prescreen, now):
        raise Gone(
            "This questionnaire was open for 30 days and has closed. Nothing was sent. You can start a new one.",
            code="session.expired",
        )


def check_withdraw(prescreen: Expiring, now: datetime, is_final: bool) -> None:
    """Whether the prospect may withdraw. `is_final` is whether a decision is made that only waits to be written."""
    if prescreen.status != Status.COMPLETED:
        raise Conflict("Nothing was sent yet, so there is nothing to withdraw.", code="session.not_completed")
    if is_final or prescreen.review_status != ReviewStatus.PENDING:
        raise Conflict("It is decided already. Nothing was withdrawn.", code="session.already_reviewed")
    if has_expired(prescreen, now):
        raise Gone("Its 30 days are over already. Nothing was withdrawn.", code="session.expired")


ENOUGH = 10
"""Decisions from which one may say how long they usually take."""
MOST = 0.8
"""Which part of them "most" is."""


def usual_days(waits: Sequence[timedelta]) -> int | None:
    """Within how many days most of these decisions were made, at least one; None when they are too few to say so."""
    if len(waits) < ENOUGH:
        return None
    longest = sorted(waits)[ceil(MOST * len(waits)) - 1]
    return max(1, ceil(longest / timedelta(days=1)))


def page_limit(plan: str, asked: int) -> int:
    """The requested page size, but no more than the plan's maximum."""
    return min(asked, PAGE_LIMITS.get(plan, PAGE_LIMITS["starter"]))


def time_left(expires_at: datetime, now: datetime) -> timedelta:
    """How long it can still be decided; nothing when it is over."""
    return max(timedelta(), expires_at - now)
