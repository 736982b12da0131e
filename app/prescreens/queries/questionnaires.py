"""Workflow templates: by public address, by version, and the staff's list of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, select, tuple_

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.prescreens.models import STAGE_COUNTS, TemplateVersion, WorkflowTemplate
from app.prescreens.queries.stages import Reach, whose
from app.prescreens.rules.answers import Question, read_questions

T, V, G = WorkflowTemplate.__table__.c, TemplateVersion.__table__.c, Organization.__table__.c


@dataclass(frozen=True, slots=True)
class Workflow:
    """One version of a template, with whose it is: what the public chat and the detail page read from."""

    id: UUID
    slug: str
    name: str
    is_open: bool
    number: int
    introduction: str
    questions: tuple[Question, ...]
    organization_id: int
    organization_slug: str
    organization_name: str
    locale: str
    time_zone: str
    decision_emails: bool


_WORKFLOW = (
    select(
        T.id,
        T.slug,
        T.name,
        T.is_open,
        V.number,
        V.introduction,
        V.questions,
        G.id,
        G.slug,
        G.name,
        G.locale,
        G.time_zone,
        G.decision_emails,
    )
    .join_from(WorkflowTemplate.__table__, TemplateVersion.__table__, V.workflow_template_id == T.id)
    .join(Organization.__table__, G.id == T.organization_id)
)


_VERSION = _WORKFLOW.where(T.id == bindparam("template_id"), V.number == bindparam("number"))


def _workflow(row: Row | None) -> Workflow | None:
    return None if row is None else Workflow(*(*row[:6], read_questions(row[6]), *row[7:]))


def by_address(db: Db, organization: str, workflow: str) -> Workflow | None:
    """The current version behind /p/<organization>/<workflow>, open or not."""
    statement = _WORKFLOW.where(G.slug == organization, T.slug == workflow, V.number == T.current_version)
    return _workflow(db.execute(statement).one_or_none())


def version(db: Db, template_id: UUID, number: int) -> Workflow:
    """The version a prescreen was started with. It always exists: the database holds the two together."""
    found = _workflow(db.execute(_VERSION, {"template_id": template_id, "number": number}).one_or_none())
    if found is None:
        raise LookupError("A prescreen without its template version.")
    return found


_QUESTIONS = select(V.workflow_template_id, V.number, V.questions).where(
    tuple_(V.workflow_template_id, V.number).in_(bindparam("wanted", expanding=True))
)


def questions_of(db: Db, versions: Iterable[tuple[UUID, int]]) -> dict[tuple[UUID, int], tuple[Question, ...]]:
    """The questions of several versions at once."""
    wanted = sorted(set(versions), key=str)
    if not wanted:
        return {}
    found = db.connection().execute(_QUESTIONS, {"wanted": wanted})
    return {(id, number): read_questions(questions) for id, number, questions in found}


def names(db: Db, reach: Reach) -> Sequence[Row]:
    """Templates for a filter: id, name and the organization's name."""
    return db.connection().execute(_names(reach.kind), reach.values).all()


@lru_cache(maxsize=8)
def _names(kind: str) -> Select:
    return (
        select(T.id, T.name, G.name.label("organization_name"))
        .join_from(WorkflowTemplate.__table__, Organization.__table__, G.id == T.organization_id)
        .where(*whose(T.organization_id, kind))
        .order_by(G.name, T.name)
        .limit(200)
    )


def organizations(db: Db, reach: Reach) -> Sequence[Row]:
    """Organizations that have templates, for a filter: id and name."""
    return db.connection().execute(_organizations(reach.kind), reach.values).all()


@lru_cache(maxsize=8)
def _organizations(kind: str) -> Select:
    having = select(T.organization_id).where(*whose(T.organization_id, kind))
    return select(G.id, G.name).where(G.id.in_(having)).order_by(G.name).limit(500)


def listing(db: Db, reach: Reach) -> Sequence[Row]:
    """Every template of a reach with its number of prescreens, from counter rows."""
    s = STAGE_COUNTS.c
    started = (
        select(func.coalesce(func.sum(s.n), 0))
        .where(s.organization_id == T.organization_id, s.workflow_template_id == T.id)
        .scalar_subquery()
    )
    return db.execute(
        select(
            T.id,
            T.slug,
            T.name,
            T.is_open,
            T.current_version,
            T.created_at,
            T.organization_id,
            G.slug.label("organization_slug"),
            G.name.label("organization_name"),
            V.questions,
            V.created_at.label("changed_at"),
            started.label("started"),
        )
        .join_from(WorkflowTemplate.__table__, Organization.__table__, G.id == T.organization_id)
        .join(TemplateVersion.__table__, (V.workflow_template_id == T.id) & (V.number == T.current_version))
        .where(reach.rows(T.organization_id))
        .order_by(G.name, T.name)
        .limit(500)
    ).all()


def one(db: Db, reach: Reach, id: UUID, number: int | None = None) -> Workflow | None:
    """A template in one of its versions, the current one unless asked for another."""
    statement = _WORKFLOW.where(T.id == id, reach.rows(T.organization_id))
    return _workflow(db.execute(statement.where(V.number == (number or T.current_version))).one_or_none())


def versions(db: Db, id: UUID) -> Sequence[Row]:
    """Number and day of every version of a template, newest first."""
    return db.execute(
        select(V.number, V.created_at).where(V.workflow_template_id == id).order_by(V.number.desc())
    ).all()
