"""Backfills: the keys by which contacts and prescreens are matched and compared, and the names of assignees."""

from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.accounts.models import Organization, Person
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.engine import Db
from app.kernel.text.normalization import region_of, telephone_key
from app.prescreens.models import Contact, Prescreen, Status
from app.prescreens.queries import questionnaires
from app.prescreens.rules.alike import alike_key


def _keys_of(table: type[Contact] | type[Prescreen]) -> Backfill:
    """Makes the telephone keys of a table anew: in E.164, in the country of the organization."""

    def portion(db: Db, position: str | None, size: int) -> Portion:
        rows = (
            select(table.id, table.phone, table.phone_key, Organization.country, Organization.time_zone)
            .join(Organization, Organization.id == table.organization_id)
            .where(*([table.id > UUID(position)] if position else []))
            .order_by(table.id)
            .limit(size)
        )
        found = db.execute(rows).all()
        keys: list[dict[str, object]] = [
            {"of": row.id, "key": key}
            for row in found
            if row.phone and (key := telephone_key(row.phone, row.country or region_of(row.time_zone))) != row.phone_key
        ]
        if keys:
            statement = update(table.__table__).where(table.__table__.c.id == bindparam("of"))
            db.connection().execute(statement.values(phone_key=bindparam("key")), keys)
        return Portion(len(keys), str(found[-1].id) if len(found) == size else None)

    return Backfill(f"telephones.{table.__tablename__}", portion)


def _names_of_assignees(db: Db, position: str | None, size: int) -> Portion:
    """Stores the names of assignees beside their numbers."""
    after = [Prescreen.id > UUID(position)] if position else []
    ids = db.execute(select(Prescreen.id).where(*after).order_by(Prescreen.id).limit(size)).scalars().all()
    if not ids:
        return Portion(0, None)
    made = db.execute(
        update(Prescreen)
        .where(
            Prescreen.id.between(ids[0], ids[-1]),
            Prescreen.assignee_id.is_not(None),
            Prescreen.assignee_name.is_(None),
        )
        .values(
            {Prescreen.assignee_name: select(Person.name).where(Person.id == Prescreen.assignee_id).scalar_subquery()}
        )
        .returning(Prescreen.id)
    )
    return Portion(len(made.all()), str(ids[-1]) if len(ids) == size else None)


def _alike_keys(db: Db, position: str | None, size: int) -> Portion:
    """Makes the keys of key answers, of prescreens that were sent."""
    rows = db.execute(
        select(
            Prescreen.id,
            Prescreen.workflow_template_id,
            Prescreen.template_version,
            Prescreen.submission,
            Prescreen.status,
            Prescreen.alike_key,
        )
        .where(*([Prescreen.id > UUID(position)] if position else []))
        .order_by(Prescreen.id)
        .limit(size)
    ).all()
    versions = ((row.workflow_template_id, row.template_version) for row in rows)
    questions = questionnaires.questions_of(db, versions)
    keys: list[dict[str, object]] = []
    for row in rows:
        version = (row.workflow_template_id, row.template_version)
        if row.status != Status.COMPLETED or row.alike_key is not None:
            continue
        if key := alike_key(*version, questions[version], row.submission):
            keys.append({"of": row.id, "key": key})
    if keys:
        table = Prescreen.__table__
        missing = update(table).where(table.c.id == bindparam("of"), table.c.alike_key.is_(None))
        db.connection().execute(missing.values(alike_key=bindparam("key")), keys)
    return Portion(len(keys), str(rows[-1].id) if len(rows) == size else None)


def _count_contacts(db: Db, position: str | None, size: int) -> Portion:
    """Lets the triggers count the contacts that were there before them."""
    after = [Contact.id > UUID(position)] if position else []
    ids = db.scalars(select(Contact.id).where(*after).order_by(Contact.id).limit(size)).all()
    if not ids:
        return Portion(0, None)
    uncounted = (Contact.id.between(ids[0], ids[-1]), Contact.is_counted.is_(False))
    made = db.execute(update(Contact.__table__).where(*uncounted).values(is_counted=True).returning(Contact.id))
    return Portion(len(made.all()), str(ids[-1]) if len(ids) == size else None)


COUNTED = Backfill("counted.contacts", _count_contacts, ordered=True)
ALIKE = Backfill("alike.prescreens", _alike_keys, ordered=True, by_worker=True)
BACKFILLS = (
    _keys_of(Contact),
    _keys_of(Prescreen),
    Backfill("assignees.prescreens", _names_of_assignees, ordered=True),
    ALIKE,
    COUNTED,
)
