"""The numbers of the desk: of its tabs, of its groups by days left, and the one in the navigation.

All are exact at any size. Whole days come from counter rows; the days that a limit cuts in two, from an index.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, bindparam, case, func, literal_column, select, union_all

from app.accounts.scope import Scope
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.prescreens.models import DAY_COUNTS, STAGE_COUNTS, Prescreen, ReviewStatus, Status
from app.prescreens.queries.stages import PENDING, Reach, Stage, day_start, times, whose, whose_counts
from app.prescreens.rules.review import LIMITS

S, D = STAGE_COUNTS.c, DAY_COUNTS.c

DRAFT, ACTIVE, COMPLETED = Status.DRAFT.value, Status.ACTIVE.value, Status.COMPLETED.value


@dataclass(slots=True)
class ListCounts:
    """Exact numbers of the tabs and groups.

    `stored` is by status and review status; `live` has not expired, by status; `until[n]` waits and expires within n
    days. `asked` are asked again; `answered[n]` have answered that, and expire within n days (0: whenever).
    """

    stored: dict[tuple[str, str], int] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)
    asked: int = 0
    answered: dict[int, int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return self.live.get(COMPLETED, 0)

    @property
    def answering(self) -> int:
        return self.live.get(ACTIVE, 0)

    @property
    def everything(self) -> int:
        return sum(n for (status, _), n in self.stored.items() if status != DRAFT)

    def of(self, state: str, left: int | None = None) -> int:
        """Number of rows of a list without further filters."""
        if state == "waiting":
            return self.waiting if left is None else self.until[left]
        decided = {review: self.stored.get((COMPLETED, review.value), 0) for review in ReviewStatus}
        return {
            "answering": self.answering,
            "asked": self.asked,
            "approved": decided[ReviewStatus.APPROVED],
            "denied": decided[ReviewStatus.DENIED],
            "decided": decided[ReviewStatus.APPROVED] + decided[ReviewStatus.DENIED],
            "expired": self.expired(COMPLETED) + self.expired(ACTIVE),
            "all": self.everything,
        }[state]

    def expired(self, status: str) -> int:
        return self.stored.get((status, PENDING), 0) - self.live.get(status, 0)

    def group(self, key: str) -> int:
        """Number of rows of a group of such a list."""
        if key.startswith("within-"):
            days = int(key.removeprefix("within-"))
            until, answered = self.until, self.answered
            less = max((limit for limit in until if limit < days), default=0)
            return until[days] - answered[days] - (until[less] - answered[less] if less else 0)
        if key == "later":
            return self.waiting - self.until[LIMITS[-1]] - (self.answered[0] - self.answered[LIMITS[-1]])
        if key == "answered":
            return self.answered[0]
        if key == ACTIVE:
            return self.answering
        if key.startswith("expired-"):
            return self.expired(key.removeprefix("expired-"))
        return self.of(key)


def limits(now: datetime) -> dict[str, datetime | date]:
    """The parameters of `counter_queries` and of the list's groups at this moment."""
    found = times(now)
    for n in LIMITS:
        end = now + timedelta(days=n)
        found |= {f"end_{n}": end, f"start_{n}": day_start(end), f"last_{n}": day_start(end).date()}
    return found


@lru_cache(maxsize=8)
def counter_queries(kind: str) -> tuple[Select, ...]:
    """Statements of (key, 0, n) rows, which `read` turns into ListCounts; `kind` is a Reach's."""
    zero: ColumnElement[int] = literal_column("0")
    stored = (
        select(S.status + literal_column("'/'") + S.review_status, zero, func.sum(S.n))
        .where(*whose_counts(S.organization_id, kind))
        .group_by(S.status, S.review_status)
    )
    # Each day counts in the first range that contains all of it; `read` adds them up.
    day = case(
        *((D.expires_on < bindparam(f"last_{n}", type_=D.expires_on.type), literal_column(f"' {n}'")) for n in LIMITS),
        else_=literal_column("' later'"),
    )
    days = (
        select(D.status + day, zero, func.sum(D.n))
        .where(*whose_counts(D.organization_id, kind), D.expires_on > bindparam("today"), D.review_status == PENDING)
        .group_by(D.status, day)
    )
    moment = Prescreen.expires_at.type
    rest = (
        Prescreen.expires_at > bindparam("now", type_=moment),
        Prescreen.expires_at < bindparam("tomorrow", type_=moment),
    )
    today = [_rows(f"{status} today", kind, status, *rest) for status in (ACTIVE, COMPLETED)]
    cut = []
    for n in LIMITS:
        start, end = bindparam(f"start_{n}", type_=moment), bindparam(f"end_{n}", type_=moment)
        cut.append(_rows(f"cut {n}", kind, COMPLETED, Prescreen.expires_at >= start, Prescreen.expires_at <= end))
    live = Prescreen.expires_at > bindparam("now", type_=moment)
    again = [_rows("again 0", kind, COMPLETED, live, Prescreen.inquiry == literal_column("'asked'"))]
    answered = (live, Prescreen.inquiry == literal_column("'answered'"))
    again.append(_rows("answered 0", kind, COMPLETED, *answered))
    for n in LIMITS:
        end = bindparam(f"end_{n}", type_=moment)
        again.append(_rows(f"answered {n}", kind, COMPLETED, *answered, Prescreen.expires_at <= end))
    return stored, days, *today, *cut, *again


def _rows(key: str, kind: str, status: str, *where: ColumnElement[bool]) -> Select:
    conditions = (*whose(Prescreen.organization_id, kind), Stage(status, PENDING).of(Prescreen), *where)
    zero: ColumnElement[int] = literal_column("0")
    return select(literal_column(f"'{key}'"), zero, func.count()).select_from(Prescreen).where(*conditions)


def read(rows: Iterable[tuple[str, int, int]]) -> ListCounts:
    """The numbers in the rows of `counter_queries`."""
    found, live, soon = ListCounts(), dict.fromkeys((ACTIVE, COMPLETED), 0), dict.fromkeys(LIMITS, 0)
    whole: dict[str, int] = defaultdict(int)
    for key, _, number in rows:
        n = int(number or 0)
        if "/" in key:
            status, _, review = key.partition("/")
            found.stored[status, review] = n
            continue
        what, _, when = key.partition(" ")
        if what == "cut":
            soon[int(when)] += n
            continue
        if what == DRAFT:
            continue
        if what == "again":
            found.asked += n
            continue
        if what == "answered":
            found.answered[int(when)] = found.answered.get(int(when), 0) + n
            continue
        live[what] += n
        if what == COMPLETED:
            whole[when] += n
    found.live = live
    found.answered = {limit: found.answered.get(limit, 0) for limit in (0, *LIMITS)}
    begun = whole["today"]
    for limit in LIMITS:
        begun += whole[str(limit)]
        found.until[limit] = begun + soon[limit]
    return found


@lru_cache(maxsize=8)
def _all_queries(kind: str) -> Prepared[tuple[str, int, int]]:
    return Prepared(union_all(*counter_queries(kind)))


def list_counts(db: Db, reach: Reach, now: datetime) -> ListCounts:
    """All numbers of the tabs and groups, in one statement."""
    return read(_all_queries(reach.kind).all(db, {**reach.values, **limits(now)}))


@lru_cache(maxsize=8)
def _waiting(kind: str) -> Prepared[tuple[int]]:
    """Not yet expired: every later day whole, and what is left of today."""
    moment, mine = Prescreen.expires_at.type, Stage(COMPLETED, PENDING)
    days = select(func.coalesce(func.sum(D.n), 0)).where(
        *whose_counts(D.organization_id, kind), D.expires_on > bindparam("today"), mine.of(D)
    )
    today = (
        select(func.count())
        .select_from(Prescreen)
        .where(
            *whose(Prescreen.organization_id, kind),
            mine.of(Prescreen),
            Prescreen.expires_at > bindparam("now", type_=moment),
            Prescreen.expires_at < bindparam("tomorrow", type_=moment),
        )
    )
    return Prepared(select(days.scalar_subquery() + today.scalar_subquery()))


def waiting_count(db: Db, scope: Scope, now: datetime) -> int:
    """Number of prescreens that wait for a decision, for the navigation."""
    reach = reach_of(scope)
    return int(_waiting(reach.kind).scalar(db, {**reach.values, **times(now)}))


def reach_of(scope: Scope, organization_id: int | None = None) -> Reach:
    """The organizations of a scope; with `organization_id` that one alone, if it is among them."""
    if organization_id is not None:
        return Reach((organization_id,) if scope.covers(organization_id) else ())
    return Reach(None if scope.everything else tuple(sorted(scope.organization_ids)))
