"""The declaration of the inspections desk: everything that the rest of the app knows of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, select

from app.accounts.access import Me, Scope
from app.accounts.models import Organization, Person
from app.accounts.roles import CONSENT_WORDING, INSPECTIONS
from app.dashboard.desk import (
    Desk,
    Link,
    SearchResult,
    WaitingWork,
    WorkItem,
    first_rows,
    read_uuid,
)
from app.files import arriving
from app.files.reading import Reading
from app.inspections import api, bundles, events, jobs, nightly, public, reading, retention, views
from app.inspections.evidence import leftovers
from app.inspections.evidence.arrivals import ARRIVALS
from app.inspections.models import Inspection, Status
from app.inspections.presentation import labels
from app.inspections.public import verify
from app.inspections.queries import backfills, listing, search
from app.inspections.report import document
from app.inspections.rules import status_of
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.text import normalization

LIVE = (Status.OPEN, Status.RECORDING)


def _reach(scope: Scope) -> frozenset[int] | None:
    return None if scope.everything else scope.organization_ids


def _waiting(db: Db, scope: Scope, _now: datetime) -> int:
    return listing.waiting(db, _reach(scope))


def _waiting_work(db: Db, user: Me, scope: Scope, now: datetime) -> list[WaitingWork]:
    counts = listing.view_counts(db, _reach(scope), now, user.time_zone)
    return [
        WaitingWork("waiting for an operator", counts["waiting"], {"view": "now"}, "danger"),
        WaitingWork("live", counts["live"], {"view": "now"}),
        WaitingWork("beginning today", counts["today"], {"view": "now"}),
        WaitingWork("whose record does not hold", counts["broken"], {"view": "broken"}, "danger"),
        WaitingWork("waiting for a time stamp", counts["unanchored"], {"view": "unanchored"}, "warn"),
    ]


def _title(notes: str, id: UUID) -> str:
    return normalization.shown(notes.strip().partition("\n")[0][:120], f"Inspection {str(id)[:8]}")


def _work_items(db: Db, user: Me, now: datetime) -> list[WorkItem]:
    in_scope = user.scope(INSPECTIONS).where(Inspection.organization_id)
    columns = (
        Inspection.id,
        Inspection.status,
        Inspection.notes,
        Inspection.scheduled_for,
        Inspection.started_at,
        Inspection.created_at,
        Inspection.expires_at,
    )
    # What is assigned to them, and what they made while it is unassigned; each has its own index.
    assigned = Inspection.assignee_id == user.id
    made = (Inspection.operator_id == user.id) & Inspection.assignee_id.is_(None)
    branches = []
    for mine in (assigned, made):
        branches += [select(*columns).where(mine, in_scope, Inspection.status == status.value) for status in LIVE]
        waiting = (Inspection.status == Status.CREATED.value, Inspection.expires_at > now)
        branches.append(select(*columns).where(mine, in_scope, *waiting))
    rows = first_rows(db, branches, Inspection.expires_at.expression, Inspection.id.expression)
    return [_work_item(row, now) for row in rows]


def _work_item(row: Row, now: datetime) -> WorkItem:
    state = labels.STATES[status_of(row, now)]
    if row.started_at:
        at, clock = row.started_at, "since"
    elif row.scheduled_for:
        at, clock = row.scheduled_for, "begins"
    else:
        at, clock = row.expires_at, "expires"
    return WorkItem(row.id, _title(row.notes, row.id), str(row.id)[:8], state, at, clock)


class _Found(NamedTuple):
    """An inspection as a search shows it."""

    id: UUID
    organization_id: int
    notes: str
    operator_email: str
    status: str
    expires_at: datetime
    created_at: datetime
    organization: str


_FOUND = Prepared(
    select(
        Inspection.id,
        Inspection.organization_id,
        Inspection.notes,
        Inspection.operator_email,
        Inspection.status,
        Inspection.expires_at,
        Inspection.created_at,
        select(Organization.name).where(Organization.id == Inspection.organization_id).scalar_subquery(),
    ).where(Inspection.id.in_(bindparam("ids", expanding=True, type_=Uuid()))),
    _Found,
)


def _search_results(db: Db, ids: Sequence[str], now: datetime) -> list[SearchResult]:
    found = []
    for id, organization_id, notes, operator_email, status, expires_at, created_at, organization in _FOUND.all(
        db, {"ids": [UUID(id) for id in ids]}
    ):
        shown = "expired" if status == Status.CREATED and expires_at <= now else status
        found.append(
            SearchResult(
                id=id,
                organization_id=organization_id,
                title=_title(notes, id),
                detail=f"by {operator_email} · {str(id)[:8]}",
                organization=organization,
                state=labels.STATES[shown],
                clock="asked for",
                at=created_at,
            )
        )
    return found


def _load_demo(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> object:
    from app.inspections import demo  # large tables, which no other process needs

    return demo.load(db, organizations=organizations, people=people, now=now)


def _measures(db: Db, now: datetime) -> Iterator[nightly.Measure]:
    yield from nightly.measures(db, now)
    yield from reading.measures(db, now)
    yield from retention.measures(db, now)


DESK = Desk(
    name=INSPECTIONS,
    title="Inspections",
    icon="smartphone",
    subject=events.SUBJECT,
    further_subjects=("invite", events.WORDING),
    blueprints=(views.pages, public.public_pages, verify.verify_pages),
    visitor_pages=(public.VISITOR_PAGES, verify.VISITOR_PAGES),
    product=api.product,
    load_demo=_load_demo,
    handlers=jobs.HANDLERS,
    documents=(bundles.KIND, document.KIND),
    sweeps=(
        nightly.Nightly,
        partial(Reading, reading.read_portion),
        partial(arriving.Sweep, ARRIVALS),
        leftovers.Leftovers,
        retention.Retention,
    ),
    measures=_measures,
    list_label="Live board",
    further_links=(
        Link("Overview", "chart-column", "inspections.overview"),
        Link(
            "Consent wording",
            "message-square-text",
            "inspections.wording",
            alike=("inspections.wording_in",),
            access=CONSENT_WORDING,
        ),
    ),
    waiting=_waiting,
    waiting_tone="danger",
    waiting_work=_waiting_work,
    nothing_waits="Nobody waits, and nothing begins today.",
    work_items=_work_items,
    search_source=search.SOURCE,
    backfills=backfills.BACKFILLS,
    search_results=_search_results,
    read_id=read_uuid,
    events=events.EVENTS,
)
