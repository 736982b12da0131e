"""The latest decisions that an organization's people made on pages, as fairness counts them; and its measures."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, literal_column, select

from app.accounts.models import Organization, Person
from app.kernel.db.engine import Db
from app.kernel.text import datetimes
from app.kernel.text.i18n import language_of
from app.prescreens.measures import Measure, MeasureSwitch
from app.prescreens.models import DecisionSnapshot, Prescreen, Questionnaire
from app.prescreens.rules.fairness import MOST, Case, Fairness, criteria_of
from app.prescreens.rules.fairness import fairness as of_cases


class Measured(NamedTuple):
    """What is known of an organization's decisions: the tables, the names for their groups, and from when to when.

    `cases` are the decisions that are counted, by their prescreens.
    """

    fairness: Fairness
    first: datetime | None
    last: datetime | None
    agents: dict[int, str]
    questionnaires: dict[UUID, str]
    cases: Mapping[UUID, Case] = {}


_LATEST = (
    select(
        DecisionSnapshot.prescreen_id,
        DecisionSnapshot.decision,
        DecisionSnapshot.met,
        DecisionSnapshot.person_id,
        DecisionSnapshot.pressed_at,
        DecisionSnapshot.decided_at,
        Prescreen.alike_key,
        Prescreen.completed_at,
        Prescreen.locale,
        Prescreen.workflow_template_id,
        Prescreen.template_version,
    )
    .join_from(DecisionSnapshot, Prescreen, Prescreen.id == DecisionSnapshot.prescreen_id)
    .where(
        DecisionSnapshot.organization_id == bindparam("organization_id"),
        # Written out, as the index of these rows has it.
        DecisionSnapshot.via == literal_column("'page'"),
    )
    .order_by(DecisionSnapshot.decided_at.desc())
    .limit(bindparam("most"))
)


class Decided(NamedTuple):
    """A decision on a page: of which prescreen, when it was made, and what counts of it."""

    id: UUID
    decided_at: datetime
    case: Case


def latest(db: Db, organization_id: int, zone: str, most: int = MOST) -> list[Decided]:
    """The latest decisions, newest first: as far back in one index as `most`."""
    rows = db.execute(_LATEST, {"organization_id": organization_id, "most": most})
    return [
        Decided(
            row.prescreen_id,
            row.decided_at,
            Case(
                row.decision == "approved",
                criteria_of(row.met),
                row.person_id,
                row.alike_key,
                datetimes.local(row.pressed_at, zone).hour,
                row.pressed_at - (row.completed_at or row.pressed_at),
                language_of(row.locale),
                (row.workflow_template_id, row.template_version),
            ),
        )
        for row in rows
    ]


def measured(db: Db, organization_id: int, zone: str) -> Measured:
    """The tables of an organization's latest decisions, by the hours of its zone. Three queries, at any size."""
    found = latest(db, organization_id, zone)
    cases = {each.id: each.case for each in found}
    return Measured(
        of_cases(list(cases.values())),
        found[-1].decided_at if found else None,
        found[0].decided_at if found else None,
        _names(db, {case.person_id for case in cases.values() if case.person_id}),
        _questionnaires(db, {case.version[0] for case in cases.values()}),
        cases,
    )


def _names(db: Db, ids: Collection[int]) -> dict[int, str]:
    found = db.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(ids))).order_by(Person.name))
    return {row.id: row.name for row in found}


def _questionnaires(db: Db, ids: Collection[UUID]) -> dict[UUID, str]:
    found = db.execute(
        select(Questionnaire.id, Questionnaire.name)
        .where(Questionnaire.id.in_(sorted(ids)))
        .order_by(Questionnaire.name)
    )
    return {row.id: row.name for row in found}


class MeasuredOrganization(NamedTuple):
    """An organization whose decisions a person may see measured."""

    id: int
    name: str
    time_zone: str


def organizations(db: Db, ids: Collection[int]) -> list[MeasuredOrganization]:
    """These organizations, by name."""
    columns = (Organization.id, Organization.name, Organization.time_zone)
    rows = db.execute(select(*columns).where(Organization.id.in_(sorted(ids))).order_by(Organization.name))
    return [MeasuredOrganization._make(row) for row in rows]


_SWITCH = select(MeasureSwitch.is_on).where(
    MeasureSwitch.organization_id == bindparam("organization_id"), MeasureSwitch.measure == bindparam("measure")
)


def is_on(db: Db, organization_id: int, measure: Measure) -> bool:
    """Whether an administrator has switched a measure on."""
    return bool(db.execute(_SWITCH, {"organization_id": organization_id, "measure": measure.value}).scalar())
