"""The desk's list: its groups by days left, what narrows it, and in which order it can be read.

Each group is one stretch of one index, so that a page costs the same however many rows there are. All that is said of
a list comes from its `listing()` (app/dashboard/listing.py); its numbers are in numbers.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, false, func, literal_column, select, true

from app.accounts.models import Organization
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.dashboard.listing import CompiledListing, Listing, Neighbours, Segment
from app.dashboard.undo import queries as holds
from app.kernel.db.engine import Db
from app.kernel.text import search
from app.prescreens.models import TIME_TO_LIVE, WorkflowTemplate
from app.prescreens.queries import counts
from app.prescreens.queries.counts import ACTIVE, COMPLETED, DRAFT
from app.prescreens.queries.stages import PENDING, P, Reach, Stage, whose

T, G = WorkflowTemplate.__table__.c, Organization.__table__.c
SUBJECT = "prescreen"

WAITING = "waiting"
STATES = (WAITING, "answering", "decided", "approved", "denied", "expired", "all")
DECIDED = ("decided", "approved", "denied")
LEFT = (3, 7)
"""Days left at most, as the tabs ask for."""

SORTS = ("left", "decided")


HOLDERS: Any = literal_column("1000000000")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a row on a page was: its version, and who had it. Taking is no change of content, so it moves no version;
    a ticked row must not be taken from somebody whom its reader has not seen."""

    version: int
    holder: int | None

    @classmethod
    def read(cls, number: int) -> "Seen":
        """What the `version` of a row of the list says."""
        version, holder = divmod(number, 1_000_000_000)
        return cls(version, holder or None)

    @property
    def number(self) -> int:
        """The same in one number."""
        return self.version * 1_000_000_000 + (self.holder or 0)


SEEN = (cast(P.version, BigInteger) * HOLDERS + func.coalesce(P.assignee_id, literal_column("0"))).label("version")
# Names are looked up row by row, not joined: a planner that joins may read the list in another order and sort it.
COLUMNS = (
    P.id,
    P.organization_id,
    P.name,
    P.email,
    P.phone,
    P.submission,
    P.status,
    P.review_status,
    P.reviewed_at,
    P.reviewed_by,
    P.contact_id,
    P.other_contact_id,
    P.workflow_template_id,
    P.template_version,
    P.assignee_id,
    P.assignee_name,
    SEEN,
    P.created_at,
    P.completed_at,
    P.expires_at,
    select(T.name).where(T.id == P.workflow_template_id).scalar_subquery().label("template_name"),
    select(G.name).where(G.id == P.organization_id).scalar_subquery().label("organization_name"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list says. `reach` are the organizations the reader may see, None is all of them.

    `left` are the days left at most (waiting only). `first` and `last` are days in the reader's `zone`, both included:
    of the decision in lists of what is decided, else of the start. `person` is who has it, NOBODY or anyone (None).
    `sort` is one of `sorts`, with a leading `-` when it descends; empty is urgency.
    """

    state: str = WAITING
    left: int | None = None
    organization_id: int | None = None
    template_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    q: str = ""
    reach: frozenset[int] | None = None
    zone: str = "UTC"
    tag: str = ""
    person: int | None = None
    sort: str = ""

    @property
    def sorts(self) -> tuple[str, ...]:
        """The orders that an index carries."""
        return ("decided",) if self.state in DECIDED else ("left",)

    @property
    def order(self) -> str:
        """The order in force: another tab may have taken away the one asked for."""
        return self.sort if self.sort.removeprefix("-") in self.sorts else ""

    @property
    def plain(self) -> bool:
        """Whether nothing narrows it but its tab: the counters know such a list's numbers."""
        narrowed = (self.organization_id, self.template_id, self.first, self.last, self.person)
        return not (self.q or self.tag or any(one is not None for one in narrowed))

    @property
    def whose(self) -> Reach:
        """The reader's reach, in the words of this room's queries."""
        return Reach(None if self.reach is None else tuple(sorted(self.reach)))


class _Kind(NamedTuple):
    """What of the filters changes the statement, and not only its values."""

    state: str
    left: int | None
    whose: str
    chosen: str
    template: bool
    first: bool
    last: bool
    found: bool
    tagged: bool
    person: str
    sort: str
    free: bool


def listing(db: Db, f: Filters, now: datetime, *, besides: Sequence[UUID] | None = None) -> Listing:
    """The list of these filters at this moment; with `besides`, the list without these rows."""
    zone = ZoneInfo(f.zone)
    shift = timedelta() if f.state in DECIDED else TIME_TO_LIVE
    values: dict[str, Any] = {
        **counts.limits(now),
        **f.whose.values,
        "organization": f.organization_id,
        "template": f.template_id,
        "first": datetime.combine(f.first, time(), zone) + shift if f.first else None,
        "last": datetime.combine(f.last + timedelta(days=1), time(), zone) + shift if f.last else None,
        "found": _found(db, f) if f.q else [],
        "tag": f.tag,
        "person": f.person,
        "besides": list(besides or ()),
    }
    return Listing(_shape(_kind(f, besides is not None)), values, purpose=purpose(f))


def _found(db: Db, f: Filters) -> list[UUID]:
    """The newest that have every word, looked for among the organizations that may be in the list."""
    among = f.reach if f.organization_id is None else frozenset({f.organization_id})
    return [UUID(id) for id in search.ids(db, SUBJECT, f.q, among)]


def _kind(f: Filters, free: bool) -> _Kind:
    chosen = ""
    if f.organization_id is not None:
        chosen = "one" if f.reach is None or f.organization_id in f.reach else "none"
    return _Kind(
        f.state,
        f.left if f.state == WAITING else None,
        f.whose.kind,
        chosen,
        f.template_id is not None,
        f.first is not None,
        f.last is not None,
        bool(f.q),
        bool(f.tag),
        "" if f.person is None else "nobody" if f.person == UNASSIGNED else "one",
        f.order,
        free,
    )


def purpose(f: Filters) -> str:
    """What binds a cursor to this list and this reader."""
    reach = "all" if f.reach is None else ",".join(map(str, sorted(f.reach)))
    narrowed = (f.organization_id, f.template_id, f.first, f.last, f.q, f.tag, f.person)
    return "prescreens:" + ":".join(map(str, (f.state, f.left, *narrowed, f.order, reach)))


@lru_cache(maxsize=1024)
def _shape(kind: _Kind) -> CompiledListing:
    reach = whose(P.organization_id, kind.whose)
    return CompiledListing(COLUMNS, _stretches(kind), version=SEEN, reach=reach, kept=counts.kept(kind.whose))


def _at(name: str) -> Any:
    """A moment of the request."""
    return bindparam(name, type_=P.expires_at.type)


def _stretches(kind: _Kind) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow = _narrow(kind)
    order = (P.reviewed_at if kind.state in DECIDED else P.expires_at, P.id)
    arms = tuple((*arm, *narrow) for arm in _arms(kind.state, kind.left))
    if kind.found or kind.sort:
        down = kind.sort.startswith("-") if kind.sort else kind.state != WAITING
        return [Segment("found" if kind.found else "sorted", arms, order, descending=down)]
    if kind.state == WAITING:
        return [Segment(key, ((*within, *narrow),), order) for key, within in _by_days_left(kind.left)]
    keys = {"answering": (ACTIVE, DRAFT), "expired": ("expired-completed", "expired-active", "expired-draft")}
    names = keys.get(kind.state, (kind.state,))
    return [Segment(key, (arm,), order, descending=True) for key, arm in zip(names, arms, strict=True)]


def _arms(state: str, left: int | None) -> tuple[tuple[ColumnElement[bool], ...], ...]:
    """Which rows a state means: each arm one range on one index."""
    if state == WAITING:
        soon = (P.expires_at <= _at(f"end_{left}"),) if left else ()
        return ((Stage(COMPLETED, PENDING).of(P), P.expires_at > _at("now"), *soon),)
    if state == "answering":
        return tuple((Stage(status, PENDING).of(P), P.expires_at > _at("now")) for status in (ACTIVE, DRAFT))
    if state == "expired":
        stored = (COMPLETED, ACTIVE, DRAFT)
        return tuple((Stage(status, PENDING).of(P), P.expires_at <= _at("now")) for status in stored)
    if state in DECIDED:
        word = () if state == "decided" else (P.review_status == state,)
        return ((P.reviewed_at.is_not(None), *word),)
    return ((true(),),)


def _by_days_left(left: int | None) -> list[tuple[str, tuple[ColumnElement[bool], ...]]]:
    """The groups of what waits: by how soon it could not be decided any more."""
    waiting, start = Stage(COMPLETED, PENDING).of(P), "now"
    found: list[tuple[str, tuple[ColumnElement[bool], ...]]] = []
    for edge in {None: (3, 10, None), 3: (3,), 7: (3, 7)}[left]:
        after = P.expires_at > _at(start)
        if edge is None:
            found.append(("later", (waiting, after)))
            break
        start = f"end_{edge}"
        found.append((f"within-{edge}", (waiting, after, P.expires_at <= _at(start))))
    return found


def _narrow(kind: _Kind) -> list[ColumnElement[bool]]:
    """The conditions of the filters besides state and days left."""
    found: list[ColumnElement[bool]] = []
    day = P.reviewed_at if kind.state in DECIDED else P.expires_at
    if kind.found:
        found.append(P.id.in_(bindparam("found", expanding=True)))
    if kind.free:
        found.append(P.id.not_in(bindparam("besides", expanding=True)))
    if kind.first:
        found.append(day >= _at("first"))
    if kind.last:
        found.append(day < _at("last"))
    if kind.tagged:
        found.append(tags.wearing(SUBJECT, P.id, bindparam("tag")))
    if kind.person:
        found.append(P.assignee_id.is_(None) if kind.person == "nobody" else P.assignee_id == bindparam("person"))
    if kind.template:
        found.append(P.workflow_template_id == bindparam("template"))
    if kind.chosen:
        found.append(P.organization_id == bindparam("organization") if kind.chosen == "one" else false())
    elif kind.whose != "all":
        found += whose(P.organization_id, kind.whose)
    elif kind.template:
        # Whose the template is, is known; the indexes by template begin with it.
        home = select(T.organization_id).where(T.id == bindparam("template")).scalar_subquery()
        found.append(P.organization_id == home)
    return found


def near(db: Db, listed: Listing, f: Filters, now: datetime, id: UUID) -> Neighbours | None:
    """What comes before and after a row in its list, and its place; None when it is not in it.

    What somebody has on hold is passed over among those that wait: there is nothing to do about it.
    """
    found = listed.near(db, id)
    if found is None or f.state != WAITING:
        return found
    held = [UUID(one) for one in holds.held_ids(db, SUBJECT) if UUID(one) != id]
    if found.previous not in held and found.next not in held:
        return found
    free = listing(db, f, now, besides=held).near(db, id)
    return free._replace(place=found.place) if free else found
