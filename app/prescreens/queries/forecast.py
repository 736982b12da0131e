"""What becomes of those that wait in one organization, at the pace of its last week, and which expire first."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select, union_all

from app.kernel.db.engine import Db
from app.kernel.db.hourly_stats import DAY, HOUR, HourlyStat
from app.kernel.text import datetimes
from app.prescreens.models import Prescreen, Questionnaire, ReviewStatus, Status
from app.prescreens.rules.forecast import DAYS, Forecast, Lapse, forecast

FIRST = 3
"""How many are named that should be decided first."""

_hours = (HourlyStat.organization_id == bindparam("organization_id"), HourlyStat.hour >= bindparam("since"))
_WAITING = (
    Prescreen.organization_id == bindparam("organization_id"),
    Prescreen.status == Status.COMPLETED.value,
    Prescreen.review_status == ReviewStatus.PENDING.value,
    Prescreen.expires_at > bindparam("now", type_=Prescreen.expires_at.type),
)
_READ = union_all(
    select(literal_column("-1").label("hour"), func.sum(HourlyStat.n))
    .where(HourlyStat.event == "prescreen.decided", *_hours)
    .having(func.sum(HourlyStat.n) > 0),
    # The hour that is running has also what expired in it already: its rows are counted.
    select(bindparam("this_hour", type_=HourlyStat.hour.type), func.count())
    .select_from(Prescreen)
    .where(*_WAITING, Prescreen.expires_at < bindparam("next", type_=Prescreen.expires_at.type)),
    select(HourlyStat.hour, func.sum(HourlyStat.n))
    .where(
        HourlyStat.event == "prescreen.expires",
        HourlyStat.category == "waiting",
        HourlyStat.organization_id == bindparam("organization_id"),
        HourlyStat.hour > bindparam("this_hour"),
    )
    .group_by(HourlyStat.hour),
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast of one organization by day of expiry; only days with some that wait."""

    days: tuple[date, ...]
    forecast: Forecast

    def on(self, day: date) -> Lapse:
        """What becomes of those that expire on this day."""
        return self.forecast.slots[self.days.index(day)] if day in self.days else Lapse(0, 0, 0, 0)

    @property
    def first_day(self) -> date | None:
        """The first day on which some expire undecided in most cases."""
        return None if self.forecast.first is None else self.days[self.forecast.first]


def outlook(db: Db, organization_id: int, zone: str, now: datetime) -> Outlook:
    """The forecast for one organization, by the days of a time zone.

    Reads hourly statistics and one hour of an index, however many rows there are. The pace is that of one organization:
    its agents decide for no other.
    """
    this_hour = int(now.timestamp() // HOUR)
    since = this_hour - DAYS * 24
    next_hour = datetime.fromtimestamp((this_hour + 1) * HOUR, UTC)
    values = {"organization_id": organization_id, "since": since, "this_hour": this_hour, "now": now, "next": next_hour}
    decided, at = 0, now.timestamp()
    due: dict[date, list[tuple[int, float]]] = {}
    for hour, number in db.execute(_READ, values):
        if hour == -1:
            decided = int(number)
        elif number:
            # In the middle of its hour, or of what is left of it.
            seconds = ((hour + 1) * HOUR + max(hour * HOUR, at)) / 2
            day = datetimes.local(datetime.fromtimestamp(hour * HOUR, UTC), zone).date()
            due.setdefault(day, []).append((int(number), (seconds - at) / DAY))
    found = sorted(due)
    numbers = [sum(n for n, _ in due[day]) for day in found]
    until = [sum(n * days for n, days in due[day]) / sum(n for n, _ in due[day]) for day in found]
    return Outlook(tuple(found), forecast(numbers, until, decided, (at - since * HOUR) / DAY))


class Waiting(NamedTuple):
    """A prescreen that waits, without its prospect."""

    id: UUID
    expires_at: datetime
    questionnaire: str


_FIRST = (
    select(Prescreen.id, Prescreen.expires_at, Questionnaire.name)
    .join_from(Prescreen, Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)
    .where(*_WAITING)
    .order_by(Prescreen.expires_at, Prescreen.id)
    .limit(FIRST)
)


def first_to_decide(db: Db, organization_id: int, now: datetime) -> list[Waiting]:
    """Those that expire first."""
    return [Waiting._make(row) for row in db.execute(_FIRST, {"organization_id": organization_id, "now": now})]
