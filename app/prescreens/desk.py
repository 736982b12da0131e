"""The declaration of the prescreens desk: everything that the rest of the app knows of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, select

from app.accounts.access import Me, Scope
from app.accounts.models import Organization, Person
from app.accounts.roles import MEASURES, PRESCREENS
from app.dashboard.desk import (
    SHOWN,
    Desk,
    FirstStep,
    Link,
    Searched,
    SearchResult,
    WaitingWork,
    WorkItem,
    read_uuid,
)
from app.dashboard.queue import Label
from app.files import arriving
from app.files.reading import Reading
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.prescreens import api, events, jobs, presentation, public, reading, views
from app.prescreens.actions import retain
from app.prescreens.models import Contact, Prescreen, Questionnaire, ReviewStatus, Status
from app.prescreens.queries import backfills, contact_history, contact_list, counts, first_looks, search
from app.prescreens.queries.contact_list import ListedContact
from app.prescreens.queries.first_looks import Looker
from app.prescreens.rules import first_look
from app.prescreens.views import case_file, contact, export


def _waiting(db: Db, scope: Scope, now: datetime) -> int:
    return counts.waiting_count(db, scope, now)


def _waiting_work(db: Db, _me: Me, scope: Scope, now: datetime) -> list[WaitingWork]:
    numbers = counts.list_counts(db, counts.reach_of(scope), now)
    return [
        WaitingWork("expiring within 3 days", numbers.of("waiting", 3), {"left": 3}, "danger"),
        WaitingWork("waiting for a decision", numbers.of("waiting"), {}),
        WaitingWork("being answered", numbers.of("answering"), {"state": "answering"}),
    ]


def _work_items(db: Db, user: Me, now: datetime) -> list[WorkItem]:
    rows = db.execute(
        select(
            Prescreen.id,
            Prescreen.name,
            Prescreen.email,
            Prescreen.phone,
            Prescreen.expires_at,
            Questionnaire.name.label("template"),
        )
        .join(Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)
        .where(
            Prescreen.assignee_id == user.id,
            Prescreen.status == Status.COMPLETED.value,
            Prescreen.review_status == ReviewStatus.PENDING.value,
            Prescreen.expires_at > now,
            user.scope(PRESCREENS).where(Prescreen.organization_id),
        )
        .order_by(Prescreen.expires_at, Prescreen.id)
        .limit(SHOWN)
    ).all()
    state = Label("Waiting for a decision", "circle-dot")
    veiled = _veiled(db, user, [str(row.id) for row in rows], now)
    names = {row.id: first_look.label(row.id) if str(row.id) in veiled else presentation.name_of(row) for row in rows}
    return [WorkItem(row.id, names[row.id], row.template, state, row.expires_at, "expires") for row in rows]


class _Found(NamedTuple):
    """A prescreen as a search shows it."""

    id: UUID
    organization_id: int
    name: str
    email: str | None
    phone: str | None
    status: str
    review_status: str
    reviewed_at: datetime | None
    reviewed_by: str | None
    expires_at: datetime
    withdrawn_at: datetime | None
    created_at: datetime
    organization: str


_FOUND = Prepared(
    select(
        Prescreen.id,
        Prescreen.organization_id,
        Prescreen.name,
        Prescreen.email,
        Prescreen.phone,
        Prescreen.status,
        Prescreen.review_status,
        Prescreen.reviewed_at,
        Prescreen.reviewed_by,
        Prescreen.expires_at,
        Prescreen.withdrawn_at,
        Prescreen.created_at,
        select(Organization.name)
        .where(Organization.id == Prescreen.organization_id)
        .scalar_subquery()
        .label("organization"),
    ).where(Prescreen.id.in_(bindparam("ids", expanding=True, type_=Uuid()))),
    _Found,
)


def _search_results(db: Db, ids: Sequence[str], now: datetime) -> list[SearchResult]:
    return [
        SearchResult(
            id=row.id,
            organization_id=row.organization_id,
            title=presentation.name_of(row),
            detail=" · ".join(part for part in (row.email, row.phone) if part),
            organization=row.organization,
            state=presentation.state_badge(row, now),
            clock="began",
            at=row.created_at,
        )
        for row in _FOUND.all(db, {"ids": [UUID(id) for id in ids]})
    ]


def _veiled(db: Db, user: Me, ids: Sequence[str], now: datetime) -> Collection[str]:
    looker = Looker(user.id, user.scope(PRESCREENS, write=True))
    known = [UUID(found) for id in ids if (found := read_uuid(id))]
    return {str(id) for id in first_looks.unseen_of(db, known, looker, now)}


_CONTACTS = Prepared(
    select(
        *contact_list.COLUMNS,
        select(Organization.name).where(Organization.id == Contact.organization_id).scalar_subquery(),
    ).where(Contact.id.in_(bindparam("ids", expanding=True, type_=Uuid()))),
    ListedContact,
)


def _contact_results(db: Db, ids: Sequence[str], _now: datetime) -> list[SearchResult]:
    return [
        SearchResult(
            id=row.id,
            organization_id=row.organization_id,
            title=contact.name_of(row),
            detail=" · ".join(part for part in (row.email, row.phone) if part),
            organization=row.organization_name,
            state=Label("Erased", "circle-dashed") if row.erased_at else Label("Contact", "id-card"),
            clock="known since",
            at=row.created_at,
        )
        for row in _CONTACTS.all(db, {"ids": [UUID(id) for id in ids]})
    ]


def _veiled_contacts(db: Db, user: Me, ids: Sequence[str], now: datetime) -> Collection[str]:
    looker = Looker(user.id, user.scope(PRESCREENS, write=True))
    known = [UUID(found) for id in ids if (found := read_uuid(id))]
    if not known or not first_looks.concerns(db, looker):
        return ()
    readable = contact_history.readable(db, known, looker, now)
    return {str(id) for id in known if id not in readable}


def _first_steps(db: Db) -> list[FirstStep]:
    published = db.execute(
        select(exists(select(Questionnaire.id).where(Questionnaire.current_version > 0)))
    ).scalar_one()
    return [FirstStep("Publish a questionnaire that prospects answer", "prescreens.questionnaires", published)]


def _load_demo(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> object:
    from app.prescreens import demo  # large tables, which no other process needs

    return demo.load(db, organizations=organizations, people=people, now=now)


DESK = Desk(
    name=PRESCREENS,
    title="Prescreens",
    icon="clipboard-check",
    subject=events.SUBJECT,
    further_subjects=(events.QUESTIONNAIRE, events.REASONS, events.MEASURES, events.CONTACT),
    blueprints=(views.pages, public.public_pages),
    visitor_pages=(public.VISITOR_PAGES,),
    product=api.product,
    load_demo=_load_demo,
    first_steps=_first_steps,
    handlers=jobs.HANDLERS,
    finalizers=jobs.FINALIZERS,
    documents=(case_file.KIND, export.KIND),
    tidy=jobs.tidy,
    sweeps=(retain.Retention, partial(Reading, reading.read_portion), partial(arriving.Sweep, reading.ARRIVALS)),
    measures=reading.measures,
    list_label="Reviews",
    further_links=(
        Link("Contacts", "id-card", "prescreens.contacts"),
        Link(
            "Questionnaires",
            "list-checks",
            "prescreens.questionnaires",
            alike=(
                "prescreens.questionnaire",
                "prescreens.new_questionnaire",
                "prescreens.edit_questionnaire",
                "prescreens.preview_questionnaire",
                "prescreens.questionnaire_texts",
                "prescreens.translation",
                "prescreens.reasons",
                "prescreens.drop_off",
            ),
        ),
        Link("Overview", "chart-column", "prescreens.overview"),
        Link("Calibration", "users", "prescreens.calibration"),
        Link("Fairness", "scale", "prescreens.fairness", access=MEASURES),
    ),
    waiting=_waiting,
    waiting_work=_waiting_work,
    nothing_waits="No prescreen waits for a decision.",
    work_items=_work_items,
    search_source=search.SOURCE,
    backfills=backfills.BACKFILLS,
    search_results=_search_results,
    veiled=_veiled,
    read_id=read_uuid,
    search_arguments={"state": "all"},
    further_searched=(
        Searched(
            subject=events.CONTACT,
            title="Contacts",
            icon="id-card",
            detail_endpoint="prescreens.contact",
            source=search.CONTACTS,
            results=_contact_results,
            veiled=_veiled_contacts,
            read_id=read_uuid,
            list_endpoint="prescreens.contacts",
            list_arguments={},
        ),
    ),
    events=events.EVENTS,
)
