"""The declaration of the depositions desk: everything that the rest of the app knows of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, literal, select

from app.accounts.access import Me, Scope
from app.accounts.models import Organization, Person
from app.accounts.roles import DEPOSITIONS
from app.dashboard.desk import SHOWN, Desk, FirstStep, Link, SearchResult, WaitingWork, WorkItem, first_rows
from app.depositions import answers, api, events, jobs, presentation, public, views
from app.depositions.actions import mailbox, people, rereading
from app.depositions.actions.roster import follow_address
from app.depositions.models import Deposition, State
from app.depositions.public import feed, proposal
from app.depositions.queries import backfills, counts, managers, roster, search, tabs
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.text import normalization

UNFINISHED = (State.ACTIVE, State.INITIAL, State.SCHEDULED, State.READY)
_ITEM = (
    Deposition.id,
    Deposition.state,
    Deposition.deponent_name,
    Deposition.title,
    Deposition.case_name,
    Deposition.starts_at,
)


def _reach(scope: Scope) -> frozenset[int] | None:
    return None if scope.everything else scope.organization_ids


def _waiting(db: Db, scope: Scope, now: datetime) -> int:
    return counts.waiting(db, _reach(scope), now)


def _waiting_work(db: Db, _me: Me, scope: Scope, now: datetime) -> list[WaitingWork]:
    numbers = counts.view_counts(db, _reach(scope), now)
    kinds = (
        (tabs.STARTING, "starting within 24 hours, not scheduled", "danger"),
        (tabs.CANCELLATION, "with a cancellation requested", "warn"),
        (tabs.NOT_UP_TO_DATE, "of which somebody is not up to date", "warn"),
        (tabs.NEEDS, "waiting to be scheduled", ""),
    )
    marked = (
        WaitingWork("that may not take place", numbers["next_no"], {"view": tabs.NEXT}, "danger"),
        WaitingWork("with an answer from the organization", numbers["asked_answered"], {"view": tabs.ASKED}, "warn"),
        WaitingWork("agreed to be moved", numbers["offered_agreed"], {"view": tabs.OFFERED}, "warn"),
    )
    return [*(WaitingWork(label, numbers[view], {"view": view}, tone) for view, label, tone in kinds), *marked]


def _work_items(db: Db, user: Me, now: datetime) -> list[WorkItem]:
    mine = (Deposition.assignee_id == user.id, user.scope(DEPOSITIONS).where(Deposition.organization_id))
    branches = [select(*_ITEM).where(*mine, Deposition.state == state.value) for state in UNFINISHED]
    rows = first_rows(db, branches, Deposition.starts_at.expression, Deposition.id.expression)
    return [_work_item(now, *row) for row in rows]


def _managed_today(db: Db, user: Me, now: datetime) -> list[WorkItem]:
    local = now.astimezone(ZoneInfo(user.time_zone))
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = db.execute(
        select(*_ITEM)
        .where(
            managers.managed_by(literal(user.id)),
            Deposition.starts_at >= now - timedelta(hours=1),
            Deposition.starts_at < midnight,
            Deposition.state.in_([state.value for state in (State.ACTIVE, State.SCHEDULED, State.READY)]),
            user.scope(DEPOSITIONS).where(Deposition.organization_id),
        )
        .order_by(Deposition.starts_at)
        .limit(SHOWN)
    ).all()
    return [_work_item(now, *row) for row in rows]


def _work_item(
    now: datetime, id: int, state: str, deponent_name: str | None, title: str, case_name: str, starts_at: datetime
) -> WorkItem:
    clock = "starts" if starts_at > now else "was for" if state == State.INITIAL else "started"
    return WorkItem(
        id,
        normalization.shown(deponent_name, title, f"Deposition {id}"),
        case_name,
        presentation.STATES[State(state)],
        starts_at,
        clock,
    )


class _Found(NamedTuple):
    """A deposition as a search shows it."""

    id: int
    organization_id: int
    deponent_name: str | None
    title: str
    case_name: str
    state: str
    starts_at: datetime
    organization: str


_FOUND = Prepared(
    select(
        Deposition.id,
        Deposition.organization_id,
        Deposition.deponent_name,
        Deposition.title,
        Deposition.case_name,
        Deposition.state,
        Deposition.starts_at,
        select(Organization.name).where(Organization.id == Deposition.organization_id).scalar_subquery(),
    ).where(Deposition.id.in_(bindparam("ids", expanding=True))),
    _Found,
)


def _search_results(db: Db, ids: Sequence[str], _now: datetime) -> list[SearchResult]:
    return [
        SearchResult(
            id=id,
            organization_id=organization_id,
            title=normalization.shown(deponent_name, title, f"Deposition {id}"),
            detail=f"{case_name} · no. {id}",
            organization=organization,
            state=presentation.STATES[State(state)],
            clock="starts",
            at=starts_at,
        )
        for id, organization_id, deponent_name, title, case_name, state, starts_at, organization in _FOUND.all(
            db, {"ids": [int(id) for id in ids]}
        )
    ]


def _read_id(text: str) -> str | None:
    number = text.removeprefix("#").strip()
    return str(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _first_steps(db: Db) -> list[FirstStep]:
    active, _ = roster.counts(db)
    return [FirstStep("Add those who manage depositions", "depositions.new_manager", active > 0)]


def _load_demo(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> object:
    from app.depositions import demo  # large tables, which no other process needs

    return demo.load(db, organizations=organizations, people=people, now=now)


DESK = Desk(
    name=DEPOSITIONS,
    title="Depositions",
    icon="inbox",
    subject=events.SUBJECT,
    further_subjects=(events.MANAGER, events.WEBHOOK_TEST),
    blueprints=(views.pages, public.public_pages, answers.answer_pages, feed.feed_pages, proposal.hour_pages),
    visitor_pages=(public.VISITOR_PAGES,),
    product=api.product,
    load_demo=_load_demo,
    first_steps=_first_steps,
    handlers=jobs.HANDLERS,
    receipts=people.RECEIPTS,
    follow_address=follow_address,
    backfills=(*backfills.BACKFILLS, *rereading.BACKFILLS),
    sweeps=(rereading.Rereading, mailbox.CalendarReplies),
    list_label="Requests",
    further_links=(
        Link(
            "Board",
            "calendar",
            "depositions.board",
            staff=True,
            alike=(
                "depositions.choose_manager",
                "depositions.plan",
                "depositions.review_plan",
                "depositions.book_plan",
            ),
        ),
        Link("Now", "radio", "depositions.now_page"),
        Link("Organizations", "building-2", "depositions.organizations"),
        Link(
            "Managers",
            "id-card",
            "depositions.managers",
            staff=True,
            alike=(
                "depositions.manager",
                "depositions.away",
                "depositions.new_manager",
                "depositions.import_managers",
            ),
        ),
        Link("Overview", "chart-column", "depositions.overview"),
    ),
    view_pages={"board": "depositions.board"},
    waiting=_waiting,
    waiting_work=_waiting_work,
    nothing_waits="No request waits to be scheduled.",
    work_items=_work_items,
    managed_today=_managed_today,
    search_source=search.SOURCE,
    search_results=_search_results,
    read_id=_read_id,
    search_arguments={"view": tabs.EVERYTHING},
    events=events.EVENTS,
)
