"""Conflicts: sessions that take the same hour of the same people, the same case or the same interpreter.

What a session needs for itself is a list of keys, digests that two sessions share when they need the same. The table of
keys (models.ConflictKey) finds who shares one; here stands what a key is, what a conflict says, and when it needs a
reason. Sessions of another organization are only counted, with their hours: never named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple, Protocol

from app.depositions.models import BOOKED, State
from app.depositions.rules.new_request import LONGEST_HOURS, NewRequest
from app.depositions.rules.timed import Timed
from app.depositions.rules.transitions import LENGTH_UNKNOWN, busy
from app.kernel.errors import Conflict, FieldError
from app.kernel.text import datetimes, normalization

OPEN = (State.INITIAL, *BOOKED, State.ACTIVE)
"""The states in which a session takes its hour."""

LONGEST_GAP = timedelta(hours=8)
LONGEST = int((timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN + LONGEST_GAP).total_seconds())
"""The longest time that a session takes from anybody, in seconds."""

SHOWN = 20
"""Conflicts that are described one by one."""


class Need(StrEnum):
    """What two sessions at one hour may both need, the gravest first. `request`: they ask for the same session."""

    REQUEST = "request"
    MANAGER = "manager"
    NAME = "name"
    ADDRESS = "address"
    CASE = "case"
    INTERPRETER = "interpreter"


class Key(NamedTuple):
    """One thing that a session needs, and from when to when, in seconds since 1970."""

    need: str
    key: int
    begins: int
    ends: int


class Facts(Timed, Protocol):
    """What conflicts are computed from: a deposition, or a request that is not stored yet."""

    @property
    def organization_id(self) -> int: ...
    @property
    def case_name(self) -> str: ...
    @property
    def deponent_name(self) -> str | None: ...
    @property
    def deponent_email(self) -> str | None: ...
    @property
    def invites(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def details(self) -> Mapping[str, str]: ...
    @property
    def manager_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Requested:
    """The facts of a request that has no row yet."""

    organization_id: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    case_name: str
    deponent_name: str | None
    deponent_email: str | None
    invites: Sequence[Mapping[str, str]]
    details: Mapping[str, str]
    manager_id: int | None = None

    @classmethod
    def of(cls, new: NewRequest, organization_id: int) -> "Requested":
        return cls(
            organization_id,
            new.start.starts_at,
            new.ends_at,
            new.start.zone,
            new.case_name,
            new.deponent_name,
            new.deponent_email,
            [{"email": invite.email} for invite in new.invites],
            new.details,
        )


class OtherSession(Protocol):
    """What is read of a session that needs the same."""

    id: int
    organization_id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    case_name: str
    deponent_name: str | None
    deponent_email: str | None
    invites: list[dict[str, str]]


class Overlap(NamedTuple):
    """Another session at this hour, and what both need. `offered`: the hour is one to which it may be moved."""

    other: OtherSession
    needs: frozenset[str]
    offered: bool = False


@dataclass(slots=True)
class OfferedSession:
    """Another session, with an hour to which it may be moved in place of its own."""

    id: int
    organization_id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    case_name: str
    deponent_name: str | None
    deponent_email: str | None
    invites: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a conflict: `before`, the other session's `name`, which pages link by its `id`, and `after`.

    `asks` is whether booking in spite of it needs a reason.
    """

    before: str
    name: str
    after: str
    id: int | None
    asks: bool
    grave: bool

    @property
    def sentence(self) -> str:
        return f"{self.before}{self.name}{self.after}"


def keys_of(facts: Facts, gap: timedelta = timedelta(0)) -> list[Key]:
    """The keys of a session, each once. `gap` is what its manager needs between two sessions."""
    span = busy(facts.starts_at, facts.ends_at)
    begins, ends = int(span.starts_at.timestamp()), int(span.ends_at.timestamp())
    mine, case = f"{facts.organization_id}", _folded(facts.case_name)
    addresses, name = addresses_of(facts), _folded(facts.deponent_name)
    people = "\n".join((*sorted(addresses), name))
    found = {
        Key(Need.REQUEST, _digest(Need.REQUEST, mine, case, people, str(begins)), begins, ends),
        Key(Need.CASE, case_key(facts.organization_id, facts.case_name), begins, ends),
        *(Key(Need.ADDRESS, _digest(Need.ADDRESS, address), begins, ends) for address in addresses),
    }
    if name:
        found.add(Key(Need.NAME, _digest(Need.NAME, mine, name), begins, ends))
    wish = _folded(facts.details.get("interpreter"))
    if wish:
        found.add(Key(Need.INTERPRETER, _digest(Need.INTERPRETER, mine, wish), begins, ends))
    if facts.manager_id is not None:
        key = manager_key(facts.manager_id)
        found.add(Key(Need.MANAGER, key, begins, ends + int(gap.total_seconds())))
    return sorted(found)


class _Invited(Protocol):
    @property
    def deponent_email(self) -> str | None: ...
    @property
    def invites(self) -> Sequence[Mapping[str, str]]: ...


def addresses_of(facts: _Invited) -> set[str]:
    """The addresses of the deponent and the invitees, without differences of case."""
    given = [facts.deponent_email, *(invite["email"] for invite in facts.invites)]
    return {address.strip().casefold() for address in given if address and address.strip()}


def _folded(text: str | None) -> str:
    return " ".join(normalization.fold(text).split()) if text else ""


def case_key(organization_id: int, case_name: str) -> int:
    """The key that the sessions of a case share."""
    return _digest(Need.CASE, f"{organization_id}", _folded(case_name))


def manager_key(manager_id: int) -> int:
    """The key that the sessions of a manager share."""
    return _digest(Need.MANAGER, str(manager_id))


def _digest(*parts: str) -> int:
    digest = blake2b("\x00".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def findings(facts: Facts, overlaps: Iterable[Overlap], now: datetime) -> list[Finding]:
    """A sentence for each of these sessions of the organization, and one for each need of those of others; the gravest
    first. Hours are those of this session's zone."""
    own: list[Overlap] = []
    foreign: list[Overlap] = []
    for overlap in overlaps:
        (own if overlap.other.organization_id == facts.organization_id else foreign).append(overlap)
    found = [_own(facts, overlap, now) for overlap in sorted(own, key=_gravity)]
    for need in (Need.MANAGER, Need.ADDRESS):
        others = [overlap.other for overlap in foreign if need in overlap.needs]
        if others:
            found.append(_foreign(facts, need, others, now))
    return sorted(found, key=lambda finding: (not finding.asks, not finding.grave))


def _gravity(overlap: Overlap) -> tuple[int, datetime, int]:
    first = next(at for at, need in enumerate(Need) if need in overlap.needs)
    return first, overlap.other.starts_at, overlap.other.id


def _own(facts: Facts, overlap: Overlap, now: datetime) -> Finding:
    other = overlap.other
    name = f"{other.id}, {normalization.shown(other.deponent_name, other.case_name)}"
    hours, asks = _hours(other, facts.zone, now), needs_reason(overlap)
    if Need.REQUEST in overlap.needs:
        return Finding("Requested twice: ", name, " has the same case, people and hour.", other.id, asks, True)
    kept = "" if _touches(facts, other) else ", too close for the manager"
    return Finding(
        "Overlaps an hour that is offered for " if overlap.offered else "Overlaps ",
        name,
        f" ({hours}): {_shared(facts, overlap)}{kept}.",
        other.id,
        asks,
        overlap.needs != {Need.INTERPRETER},
    )


def _shared(facts: Facts, overlap: Overlap) -> str:
    """`same manager, deponent and case`."""
    other, needs = overlap.other, overlap.needs
    shared = addresses_of(facts) & addresses_of(other) if Need.ADDRESS in needs else set()
    deponent = {(facts.deponent_email or "").casefold()} & {(other.deponent_email or "").casefold()} & shared
    words = [
        "manager" if Need.MANAGER in needs else "",
        "deponent" if Need.NAME in needs or deponent else "",
        "invitee" if shared - deponent else "",
        "case" if Need.CASE in needs else "",
        "interpreter" if Need.INTERPRETER in needs else "",
    ]
    given = [word for word in words if word]
    return f"same {', '.join(given[:-1])}{' and ' if given[1:] else ''}{given[-1]}"


def _foreign(facts: Facts, need: Need, others: Sequence[OtherSession], now: datetime) -> Finding:
    """`The manager has 2 sessions of other organizations at this hour: 9:00–10:00 AM EST; 9:30–11:00 AM EST.`"""
    ordered = sorted(others, key=lambda other: (other.starts_at, other.id))
    hours = "; ".join(_hours(other, facts.zone, now) for other in ordered[:SHOWN])
    n = len(ordered)
    sessions = f"{n} sessions of other organizations" if n > 1 else "a session of another organization"
    who = "The manager has" if need == Need.MANAGER else "Somebody invited here is also invited to"
    asks = any(other.state != State.INITIAL for other in ordered)
    return Finding(f"{who} {sessions} at this hour: {hours}.", "", "", None, asks, True)


def _hours(other: OtherSession, zone: str, now: datetime) -> str:
    span = busy(other.starts_at, other.ends_at)
    return datetimes.span(span.starts_at, span.ends_at, zone, now)


def _touches(facts: Facts, other: OtherSession) -> bool:
    """Whether the hours themselves overlap, not only what the manager needs between them."""
    mine, theirs = busy(facts.starts_at, facts.ends_at), busy(other.starts_at, other.ends_at)
    return mine.starts_at < theirs.ends_at and theirs.starts_at < mine.ends_at


def needs_reason(overlap: Overlap) -> bool:
    """Whether a booking needs a reason: the other session is booked, and more than an interpreter is wished twice."""
    return overlap.other.state != State.INITIAL and overlap.needs != {Need.INTERPRETER}


def asks_reason(found: Collection[Finding], starts_at: datetime, now: datetime) -> bool:
    """Whether a booking needs a reason: for one of its conflicts, or because its hour is over."""
    return starts_at < now or any(finding.asks for finding in found)


def check(found: Collection[Finding], reason: str) -> None:
    """Raises Conflict for a conflict that needs a reason without one; with one, it is allowed."""
    asking = [finding for finding in found if finding.asks]
    if not asking or reason.strip():
        return
    more = f" There are {len(asking) - 1} more." if len(asking) > 1 else ""
    raise Conflict(
        f"{asking[0].sentence}{more} Nothing was changed. Choose another manager or hour, or say why it should be so "
        "all the same.",
        code="session_request.overlap",
        errors=[FieldError("reason", "overlap", "Say why it is booked over the overlap.")],
    )
