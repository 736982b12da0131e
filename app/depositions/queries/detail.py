"""One deposition, and the list as the API gives it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, Select, TextClause, bindparam, func, select, text, true

from app.accounts.models import Organization
from app.depositions.models import COUNTS, IS_SESSION, SESSIONS, Deposition
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound
from app.kernel.outbox.delivery_status import ListedMessage
from app.kernel.outbox.outbox import QUEUED, SENT

if TYPE_CHECKING:

    class DepositionDetail(Deposition):
        """A row with every column of a deposition, and its organization's name."""

        organization_name: str
        organization_region: str
        organization_slug: str

else:
    DepositionDetail = Row

_EVERY_COLUMN = tuple(Deposition.__table__.c)
_WIRE = (
    Deposition.id,
    Deposition.state,
    Deposition.slug,
    Deposition.remote_session_id,
    Deposition.booked_at,
    Deposition.ended_at,
    Deposition.session_type,
    Deposition.deponent_name,
    Deposition.deponent_email,
    Deposition.deponent_role,
    Deposition.invites,
    Deposition.title,
    Deposition.case_name,
    Deposition.file_number,
    Deposition.start_date,
    Deposition.start_time,
    Deposition.time_zone,
    Deposition.estimated_duration,
    Deposition.details,
    Deposition.notice,
    Deposition.cancellation_requested_at,
)
"""The columns that the API's list shows."""

_OF_ORGANIZATION = Deposition.organization_id == bindparam("organization_id")
_WANTED: BindParameter[Any] = bindparam("wanted")
"""`Any`, because it takes the type of the column it is compared with."""
BY_ID = select(*_EVERY_COLUMN).where(_OF_ORGANIZATION, Deposition.id == _WANTED)
BY_REMOTE_ID = select(*_EVERY_COLUMN).where(_OF_ORGANIZATION, Deposition.remote_session_id == _WANTED)
BY_SLUG = select(*_EVERY_COLUMN).where(_OF_ORGANIZATION, Deposition.slug == _WANTED)
REGION = func.coalesce(Organization.country, Organization.time_zone).label("organization_region")
WITH_ORGANIZATION = select(
    *_EVERY_COLUMN,
    Organization.name.label("organization_name"),
    REGION,
    Organization.slug.label("organization_slug"),
).join(Organization, Organization.id == Deposition.organization_id)
PUBLIC = WITH_ORGANIZATION.where(Deposition.slug == _WANTED)
COUNT_ALL = select(func.coalesce(func.sum(COUNTS.c.n), 0)).where(
    COUNTS.c.organization_id == bindparam("organization_id")
)

LARGEST_ID = 2**63 - 1
EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


def get(db: Db, deposition_id: int, scope: ColumnElement[bool]) -> DepositionDetail:
    """A deposition that `scope` admits, with its organization's name. Raises NotFound."""
    row = db.execute(WITH_ORGANIZATION.where(Deposition.id == deposition_id, scope)).first()
    if row is None:
        raise NotFound("There is no such session request, or it belongs to another organization.")
    return cast(DepositionDetail, row)


def of_any_organization(db: Db, deposition_id: int) -> DepositionDetail:
    """The same for an operator. Raises NotFound."""
    return get(db, deposition_id, true())


class Informed(NamedTuple):
    """How many e-mails about a deposition have reached a mail server, and how many have still to be sent."""

    sent: int
    waiting: int

    @classmethod
    def by(cls, messages: Iterable[ListedMessage]) -> "Informed":
        """Counts the e-mails among the messages about a deposition. Those that failed or were dropped inform nobody."""
        states = Counter(message.state for message in messages if message.channel == "email")
        return cls(states[SENT], states[QUEUED])


class ExportedFacts(NamedTuple):
    """What the CSV says of a deposition besides the list."""

    id: int
    deponent_email: str | None
    invites: list[dict[str, str]]
    file_number: str | None
    manager_email: str | None
    provider: str | None
    room_url: str | None


_EXPORTED = Prepared(
    select(
        Deposition.id,
        Deposition.deponent_email,
        Deposition.invites,
        Deposition.file_number,
        Deposition.manager_email,
        func.coalesce(func.nullif(Deposition.provider, ""), Deposition.details["video_provider"].as_string()),
        Deposition.room_url,
    ).where(Deposition.id.in_(bindparam("ids", expanding=True))),
    ExportedFacts,
)


def export_facts(db: Db, ids: Sequence[int]) -> Sequence[ExportedFacts]:
    """The facts of these depositions, in any order."""
    return _EXPORTED.all(db, {"ids": ids}) if ids else []


def find(db: Db, organization_id: int, wanted: str) -> Deposition:
    """An organization's deposition by numeric id, then `remote_session_id`, then the slug of its address.

    Raises NotFound, alike for what does not exist and what belongs to others.
    """
    for statement, value in _readings(wanted):
        row = db.execute(statement, {"organization_id": organization_id, "wanted": value}).first()
        if row is not None:
            return cast(Deposition, row)
    raise NotFound("There is no such session request.")


def _readings(wanted: str) -> Iterator[tuple[Select, int | UUID | str]]:
    """What the text may name, each as a statement and its parameter."""
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 19 and int(wanted) <= LARGEST_ID:
        yield BY_ID, int(wanted)
    if len(wanted) == 36:
        with suppress(ValueError):
            yield BY_REMOTE_ID, UUID(wanted)
    if _may_be_slug(wanted):
        yield BY_SLUG, wanted


def by_slug(db: Db, slug: str) -> DepositionDetail:
    """The session behind a public address, with its organization's name. Raises NotFound."""
    row = db.execute(PUBLIC, {"wanted": slug}).first() if _may_be_slug(slug) else None
    if row is None:
        raise NotFound("There is no session at this address. Copy the whole link from your message.")
    return cast(DepositionDetail, row)


def _may_be_slug(text: str) -> bool:
    return text.isascii() and len(text) <= 100 and "\x00" not in text


def listed(
    db: Db,
    organization_id: int,
    *,
    after: datetime | None,
    before: datetime | None,
    page: int,
    size: int,
    sessions: bool = False,
) -> tuple[list[Deposition], int]:
    """One page in ascending id, and how many there are in all.

    `after`: only what starts later; `before`: only what ends earlier; `sessions`: neither requests that are not booked
    nor what was canceled. The ids are found in an index alone, so that a late page does not read the rows before it;
    without filters the count comes from counters.
    """
    count_of, page_of = _statements(after is not None, before is not None, sessions)
    values: dict[str, object] = {"organization_id": organization_id}
    if after is not None:
        values["after"] = _storable(after)
    if before is not None:
        values["before"] = _storable(before)
    count = int(db.execute(count_of, values).scalar_one())
    offset = (page - 1) * size
    if offset >= count:
        return [], count
    rows = db.execute(page_of, {**values, "size": size, "offset": offset})
    return [cast(Deposition, row) for row in rows], count


@lru_cache(maxsize=8)
def _statements(after: bool, before: bool, sessions: bool) -> tuple[Select, Select]:
    """The count and one page of the list with these filters. Built once: building costs a third of running them."""
    conditions: list[ColumnElement[bool] | TextClause] = [_OF_ORGANIZATION]
    if sessions:
        # As text, because no planner uses a partial index for a condition with values that are bound later.
        conditions.append(text(f"depositions.{IS_SESSION}"))
    if after:
        conditions.append(Deposition.starts_at > bindparam("after"))
    if before:
        conditions.append(Deposition.ends_at < bindparam("before"))
    narrowed = select(Deposition.id).where(*conditions).order_by(Deposition.id)
    ids = narrowed.limit(bindparam("size")).offset(bindparam("offset")).subquery()
    page = select(*_WIRE).join(ids, ids.c.id == Deposition.id).order_by(Deposition.id)
    count_all = COUNT_ALL.where(COUNTS.c.state.in_([state.value for state in SESSIONS])) if sessions else COUNT_ALL
    return select(func.count()).where(*conditions) if after or before else count_all, page


def _storable(moment: datetime) -> datetime:
    return min(max(moment, EARLIEST), LATEST)


def instant_of(epoch: int, milliseconds_from: int) -> datetime:
    """The moment of an epoch in seconds, or in milliseconds from `milliseconds_from` on, clamped to the calendar."""
    seconds = epoch / 1000 if abs(epoch) >= milliseconds_from else epoch
    seconds = min(max(seconds, EARLIEST.timestamp()), LATEST.timestamp())
    return datetime.fromtimestamp(seconds, UTC)
