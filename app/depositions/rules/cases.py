"""A case: how its address names it, what its sessions lack, which of them overlap. Pure: no database."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from app.depositions.models import BOOKED, State
from app.depositions.rules.conflicts import OPEN
from app.depositions.rules.timed import Spanning
from app.depositions.rules.transitions import busy
from app.kernel.text import normalization
from app.kernel.text.template_filters import pluralize

_PLAIN = re.compile(r"[^~./\\%?#\s\x00-\x1f][^/\\%?#\x00-\x1f]*(?<!\s)")
"""Names that stand in an address as they are, once it is quoted."""


class CaseSession(Spanning, Protocol):
    """What is read of a session of a case."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def manager_id(self) -> int | None: ...
    @property
    def room_url(self) -> str | None: ...
    @property
    def deponent_email(self) -> str | None: ...


def folded(case_name: str) -> str:
    """A name without differences of case, accents and blanks: what makes two sessions those of one case."""
    return " ".join(normalization.fold(case_name).split())


def token_of(case_name: str) -> str:
    """The name as a part of an address; one with signs that an address has other uses for is encoded."""
    if _PLAIN.fullmatch(case_name):
        return case_name
    return "~" + urlsafe_b64encode(case_name.encode()).decode().rstrip("=")


def name_of(token: str) -> str:
    """The name that a part of an address stands for; empty for one that nobody made."""
    if not token.startswith("~"):
        return token
    try:
        return urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4)).decode()
    except ValueError:
        return ""


def gaps(sessions: Sequence[CaseSession], now: datetime) -> list[str]:
    """What the open sessions of a case lack, a sentence each."""
    booked = [one for one in sessions if one.state in BOOKED]
    counted = (
        (
            [one for one in sessions if one.state == State.INITIAL],
            "request waits to be scheduled",
            "requests wait to be scheduled",
        ),
        ([one for one in booked if one.manager_id is None], "session has no manager", "sessions have no manager"),
        ([one for one in booked if not one.room_url], "session has no room", "sessions have no room"),
        (
            [one for one in sessions if one.state in OPEN and not one.deponent_email],
            "deponent has no e-mail address",
            "deponents have no e-mail address",
        ),
        (
            [one for one in booked if busy(one.starts_at, one.ends_at).ends_at < now],
            "session was booked and never began",
            "sessions were booked and never began",
        ),
    )
    return [f"{pluralize(len(found), one, many)}." for found, one, many in counted if found]


def clashes(sessions: Sequence[CaseSession]) -> list[tuple[int, int]]:
    """The open sessions of a case that take the same hour, in pairs."""
    spans = sorted(
        ((busy(one.starts_at, one.ends_at), one.id) for one in sessions if one.state in OPEN),
        key=lambda each: (each[0].starts_at, each[1]),
    )
    return [
        (id, other_id)
        for n, (span, id) in enumerate(spans)
        for other, other_id in spans[n + 1 :]
        if other.starts_at < span.ends_at
    ]


def between(sessions: Sequence[CaseSession]) -> dict[int, timedelta]:
    """How long after the one before it each open session begins, by its id, where that is within the same half day."""
    open_ones = sorted((one for one in sessions if one.state in OPEN), key=lambda one: (one.starts_at, one.id))
    found = {}
    for before, one in pairwise(open_ones):
        free = one.starts_at - busy(before.starts_at, before.ends_at).ends_at
        if timedelta() <= free < timedelta(hours=12):
            found[one.id] = free
    return found
