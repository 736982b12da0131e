"""What the API lists besides sessions: published workflow templates and contacts, newest first, by numbered pages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol, cast
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.kernel.db.hourly_stats import HOUR, HourlyStat
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject
from app.prescreens.models import Contact, Questionnaire, QuestionnaireVersion
from app.prescreens.queries import contact_list
from app.prescreens.queries.stages import Reach


class TemplateRow(Protocol):
    """A questionnaire in its current version."""

    id: UUID
    slug: str
    name: str
    is_open: bool
    current_version: int
    created_at: datetime
    introduction: str
    questions: list[JsonObject]
    texts: JsonObject | None
    published_at: datetime
    organization_slug: str
    locale: str


_TEMPLATE = (
    select(
        Questionnaire.id,
        Questionnaire.slug,
        Questionnaire.name,
        Questionnaire.is_open,
        Questionnaire.current_version,
        Questionnaire.created_at,
        QuestionnaireVersion.introduction,
        QuestionnaireVersion.questions,
        QuestionnaireVersion.texts,
        QuestionnaireVersion.created_at.label("published_at"),
        Organization.slug.label("organization_slug"),
        Organization.locale,
    )
    .join_from(Questionnaire, QuestionnaireVersion, QuestionnaireVersion.workflow_template_id == Questionnaire.id)
    .join(Organization, Organization.id == Questionnaire.organization_id)
    .where(QuestionnaireVersion.number == Questionnaire.current_version)
)


def template(db: Db, organization_id: int, id: UUID) -> TemplateRow | None:
    """A published template of an organization, or None, also for another organization's."""
    mine = _TEMPLATE.where(Questionnaire.organization_id == organization_id, Questionnaire.id == id)
    return cast("TemplateRow | None", db.execute(mine).one_or_none())


def templates(db: Db, organization_id: int, *, offset: int, limit: int) -> tuple[Sequence[TemplateRow], int]:
    """A page of an organization's published templates, and how many there are: few, found in the index of its own."""
    mine = (Questionnaire.organization_id == organization_id, Questionnaire.current_version > 0)
    total = db.execute(select(func.count()).select_from(Questionnaire).where(*mine)).scalar_one()
    if offset >= total:
        return [], total
    order = (Questionnaire.created_at.desc(), Questionnaire.id.desc())
    # Questions are read of the templates on the page alone.
    ids = select(Questionnaire.id).where(*mine).order_by(*order).offset(offset).limit(limit).subquery()
    rows = db.execute(_TEMPLATE.join(ids, ids.c.id == Questionnaire.id).order_by(*order)).all()
    return cast("Sequence[TemplateRow]", rows), total


JUMP_FROM = 1000
"""Contacts to skip from which on asking the statistics is cheaper than skipping them one by one."""

_CONTACT = select(Contact.id, Contact.name, Contact.email, Contact.phone, Contact.created_at)


def contact(db: Db, organization_id: int, id: UUID) -> Contact | None:
    """A contact of an organization, or None, also for another organization's."""
    mine = _CONTACT.where(Contact.organization_id == organization_id, Contact.id == id)
    return cast("Contact | None", db.execute(mine).one_or_none())


_MINE = Contact.organization_id == bindparam("organization_id")
_NEWEST = (Contact.created_at.desc(), Contact.id.desc())


def _page_of(*where: ColumnElement[bool]) -> Prepared[Contact]:
    # The ids alone are skipped in the index; the rows of the page are read by them.
    ids = select(Contact.id).where(_MINE, *where).order_by(*_NEWEST)
    found = ids.offset(bindparam("offset")).limit(bindparam("limit")).subquery()
    return Prepared(_CONTACT.join(found, found.c.id == Contact.id).order_by(*_NEWEST))


_PAGE = _page_of()
_FAR_PAGE = _page_of(Contact.created_at < bindparam("before", type_=Contact.created_at.type))
HOURS_A_DAY = 24
_day = HourlyStat.hour // HOURS_A_DAY
_DAYS: Prepared[tuple[int, int]] = Prepared(
    select(_day, func.sum(HourlyStat.n))
    .where(HourlyStat.event == "contact.created", HourlyStat.organization_id == bindparam("organization_id"))
    .group_by(_day)
    .order_by(_day.desc())
)


def contacts(db: Db, organization_id: int, *, offset: int, limit: int) -> tuple[list[Contact], int]:
    """A page of an organization's contacts, and how many there are. Neither takes longer the more there are: the number
    is kept, and a far page begins on a day that the hourly statistics lead to."""
    parameters: dict[str, object] = {"organization_id": organization_id, "limit": limit}
    total = contact_list.total(db, Reach((organization_id,)))
    if offset >= total:
        return [], total
    far = offset > JUMP_FROM and contact_list.is_counted(db)
    if far:
        parameters["before"], offset = _landing(db, organization_id, offset)
    return (_FAR_PAGE if far else _PAGE).all(db, {**parameters, "offset": offset}), total


def _landing(db: Db, organization_id: int, offset: int) -> tuple[datetime, int]:
    """The end of the day on which a far page begins, and how many contacts of that day it skips."""
    for day, n in _DAYS.all(db, {"organization_id": organization_id}):
        if offset < n:
            return datetime.fromtimestamp((day + 1) * HOURS_A_DAY * HOUR, UTC), offset
        offset -= int(n)
    return datetime.fromtimestamp(0, UTC), 0
