"""What a plan is made of: sessions that need a manager, managers with their time, and what the plan is asked for.

Pure: no database. The caller reads and hands in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.transitions import Span


@dataclass(frozen=True, slots=True)
class Session:
    """A request that waits for a manager, or a session whose manager is away.

    `case` is the key that sessions of a case share. `languages` are codes. `needs_room` is whether it can only be given
    to somebody with a room of their own; one that is booked keeps its room.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    name: str = ""
    case: int = 0
    preferred: str = ""
    languages: frozenset[str] = frozenset()
    provider: str = ""
    needs_room: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A manager: their time, what they speak, and where they meet. `booked` are the sessions that they have, `offered`
    hours to which other sessions of theirs may be moved."""

    id: int
    name: str
    zone: str
    gap: timedelta = timedelta()
    hours: Sequence[Hours] = ()
    absences: Sequence[Away] = ()
    languages: frozenset[str] = frozenset()
    templates: Mapping[str, str] = field(default_factory=dict)
    booked: Sequence[Span] = ()
    offered: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What a plan is asked for: who needs whom, within a time.

    `managed` are the managers who had sessions of a case before, by its key. `pinned` names the manager of a session,
    by its id: nobody else is proposed for it.
    """

    sessions: Sequence[Session]
    team: Sequence[Candidate]
    managed: Mapping[int, frozenset[int]] = field(default_factory=dict)
    pinned: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets which session: ids of managers by the ids of sessions.

    `missing` is the most sessions more that another plan might give to somebody, and `dearer` how much better in the
    points of costs.py it might suit at most; both are 0 for a plan that is known to be the best.
    """

    managers: Mapping[int, int]
    missing: int = 0
    dearer: int = 0

    @property
    def best(self) -> bool:
        return not self.missing and not self.dearer
