"""Writing about what waits and expires: to the leads on day 27 and day 29, to the prospect when theirs has expired."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import func, select, update

from app.accounts.models import Organization
from app.dashboard.undo import queries as undo_queries
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.outbox.outbox import is_known
from app.kernel.text import datetimes
from app.prescreens import emails, events
from app.prescreens.actions._write import record
from app.prescreens.events import SUBJECT
from app.prescreens.measures import ExpiryMark
from app.prescreens.models import COLUMNS, TIME_TO_LIVE, Prescreen, Questionnaire, ReviewStatus, Status
from app.prescreens.queries import questionnaires, recipients

NOTICES: dict[str, tuple[timedelta, timedelta | None]] = {
    "expired": (timedelta(), None),
    "day 29": (timedelta(days=1), timedelta()),
    "day 27": (timedelta(days=3), timedelta(days=1)),
}
"""How long before the expiry each notice is due, and when it is too late for it because the next one is."""
PORTION = 200
"""Prescreens of one notice in one pass."""
PATIENCE = timedelta(hours=1)
"""So long a decision that was made in time is waited for before its prescreen counts as expired."""

_WAITING = (
    Prescreen.status == Status.COMPLETED.value,
    Prescreen.review_status == ReviewStatus.PENDING.value,
    Prescreen.withdrawn_at.is_(None),
    Prescreen.erased_at.is_(None),
)


def announce_expiry(db: Db, now: datetime) -> int:
    """Sends the notices that are due, once each; returns how many prescreens were looked at."""
    looked_at = 0
    for notice, (before, over) in NOTICES.items():
        rows = _due(db, notice, now + before, None if over is None else now + over, now)
        looked_at += len(rows)
        if notice == "expired":
            for row in rows:
                _expired(db, row, now)
        else:
            _to_leads(db, notice, rows, now)
    return looked_at


def _due(db: Db, notice: str, until: datetime, over: datetime | None, now: datetime) -> list[Prescreen]:
    """What expires after the mark and up to `until`, and still waits; moves the mark."""
    mark = select(ExpiryMark.until).where(ExpiryMark.notice == notice)
    since = db.execute(mark.with_for_update()).scalar_one_or_none()
    if since is None:
        # Rows of before this feature expire before that: nothing is sent about them.
        db.execute(insert_or_ignore(db, ExpiryMark).values(notice=notice, until=now + TIME_TO_LIVE))
        return []
    if since >= until:
        return []
    begin = since if over is None else max(since, over)
    within = (Prescreen.expires_at > begin, Prescreen.expires_at <= until)
    ordered = select(*COLUMNS).where(*_WAITING, *within).order_by(Prescreen.expires_at, Prescreen.id)
    rows = [cast(Prescreen, row) for row in db.execute(ordered.limit(PORTION))]
    if len(rows) == PORTION:
        # Those of one moment are one portion: the mark is a moment.
        until = rows[-1].expires_at
        same = ordered.where(Prescreen.expires_at == until, Prescreen.id > rows[-1].id)
        rows += [cast(Prescreen, row) for row in db.execute(same)]
    if notice == "expired":
        rows, until = _without_pending(db, rows, until, now)
    moved = {ExpiryMark.until: max(since, until)}
    db.execute(update(ExpiryMark).where(ExpiryMark.notice == notice).values(moved))
    return rows


def _without_pending(
    db: Db, rows: Sequence[Prescreen], until: datetime, now: datetime
) -> tuple[list[Prescreen], datetime]:
    """Without those whose decision was made in time and is not written yet: the mark stays before the first of them."""
    pending = undo_queries.pending_of(db, SUBJECT, [row.id for row in rows])
    pending_until = [row.expires_at for row in rows if str(row.id) in pending and row.expires_at > now - PATIENCE]
    if pending_until:
        until = min(pending_until) - timedelta(microseconds=1)
    return [row for row in rows if row.expires_at <= until], until


def _expired(db: Db, prescreen: Prescreen, now: datetime) -> None:
    questionnaire = questionnaires.of_prescreen(db, prescreen)
    messages = emails.expired(db, prescreen, questionnaire, now)
    data = {"told": bool(messages)}
    record(
        db, events.EXPIRED, prescreen.id, prescreen.organization_id, by=WORKER, now=now, data=data, messages=messages
    )


def _to_leads(db: Db, notice: str, rows: Iterable[Prescreen], now: datetime) -> None:
    """One e-mail to each lead for all that expire on one day of the organization."""
    done: set[tuple[int, date]] = set()
    for row in rows:
        home = db.execute(
            select(Organization.name, Organization.time_zone).where(Organization.id == row.organization_id)
        ).one()
        day = datetimes.local(row.expires_at, home.time_zone).date()
        if (row.organization_id, day) in done:
            continue
        done.add((row.organization_id, day))
        messages = []
        for person in recipients.leads(db, row.organization_id):
            key = f"prescreen-{notice.replace(' ', '')}:{person.id}:{row.organization_id}:{day}"
            if not is_known(db, key):
                content = _of_day(db, row.organization_id, day, home.time_zone, now)
                messages.append(emails.expiring(db, person, row.organization_id, home.name, day, content, key))
        if messages:
            data = {"day": day.isoformat(), "people": len(messages)}
            record(db, events.EXPIRING, row.id, row.organization_id, by=WORKER, now=now, data=data, messages=messages)


def _of_day(db: Db, organization_id: int, day: date, zone: str, now: datetime) -> list[tuple[str, int]]:
    """How many wait and expire on this day, by questionnaire."""
    begin = datetime(day.year, day.month, day.day, tzinfo=datetimes.zone_info(zone))
    end = begin + timedelta(days=1)
    statement = (
        select(Questionnaire.name, func.count())
        .join_from(Prescreen, Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)
        .where(
            Prescreen.organization_id == organization_id,
            *_WAITING,
            Prescreen.expires_at >= max(begin, now),
            Prescreen.expires_at < end,
        )
        .group_by(Questionnaire.name)
        .order_by(func.count().desc(), Questionnaire.name)
    )
    return [(name, int(n)) for name, n in db.execute(statement)]
