"""Backfills: the keys by which recipients of invites are known, who made inspections and who has them, and consents."""

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, insert, select, update

from app.accounts.models import Organization, Person
from app.inspections.models import ChainEvent, Consent, Inspection, Invite, Status, WrongCodes
from app.kernel.crypto import sha256
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.text.normalization import region_of, telephone_key


def _keys_of_invites(db: Db, position: str | None, size: int) -> Portion:
    """Gives invites the key of their telephone number: in E.164, in the country of the organization."""
    rows = (
        select(
            Invite.id,
            Invite.inspection_id,
            Invite.recipient_email,
            Invite.recipient_phone,
            Organization.country,
            Organization.time_zone,
        )
        .join(Organization, Organization.id == Invite.organization_id)
        .where(*([Invite.id > UUID(position)] if position else []))
        .order_by(Invite.id)
        .limit(size)
    )
    found = db.execute(rows).all()
    keys: list[dict[str, object]] = []
    for row in found:
        if row.recipient_phone:
            key = telephone_key(row.recipient_phone, row.country or region_of(row.time_zone))
            keys.append({"of": row.id, "key": key})
            if not row.recipient_email:
                _move_wrong_codes(db, row.inspection_id, re.sub(r"\D", "", row.recipient_phone), key)
    if keys:
        table = Invite.__table__
        statement = update(table).where(table.c.id == bindparam("of")).values(recipient_phone_key=bindparam("key"))
        db.connection().execute(statement, keys)
    return Portion(len(keys), str(found[-1].id) if len(found) == size else None)


def _move_wrong_codes(db: Db, inspection_id: UUID, former: str, key: str) -> None:
    """Counts the wrong codes of a recipient, who was known by the digits as typed, under the key."""
    if former == key:
        return
    mine = WrongCodes.inspection_id == inspection_id
    counted = db.execute(
        delete(WrongCodes).where(mine, WrongCodes.recipient == sha256(former)).returning(WrongCodes.n)
    ).scalar_one_or_none()
    if counted:
        values = {"inspection_id": inspection_id, "recipient": sha256(key), "n": 0}
        db.execute(insert_or_ignore(db, WrongCodes).values(values))
        now_known = update(WrongCodes).where(mine, WrongCodes.recipient == sha256(key))
        db.execute(now_known.values({WrongCodes.n: WrongCodes.n + counted}))


def _next(db: Db, position: str | None, size: int) -> Sequence[UUID]:
    """The ids of the inspections after a position."""
    after = [Inspection.id > UUID(position)] if position else []
    return db.execute(select(Inspection.id).where(*after).order_by(Inspection.id).limit(size)).scalars().all()


def _operators(db: Db, position: str | None, size: int) -> Portion:
    """Stores the person whose address an inspection has, before that can become another's."""
    ids = _next(db, position, size)
    if not ids:
        return Portion(0, None)
    person = Person.email == Inspection.operator_email
    mine = (Inspection.id.between(ids[0], ids[-1]), Inspection.operator_id.is_(None), exists().where(person))
    known = {Inspection.operator_id: select(Person.id).where(person).scalar_subquery()}
    made = db.execute(update(Inspection).where(*mine).values(known).returning(Inspection.id))
    return Portion(len(made.all()), str(ids[-1]) if len(ids) == size else None)


def _assignees(db: Db, position: str | None, size: int) -> Portion:
    """Assigns inspections that are not over to who made them. Those that are over keep the name they show."""
    ids = _next(db, position, size)
    if not ids:
        return Portion(0, None)
    person = Person.email == Inspection.operator_email
    made = db.execute(
        update(Inspection)
        .where(
            Inspection.id.between(ids[0], ids[-1]),
            Inspection.status.in_((Status.CREATED, Status.OPEN, Status.RECORDING)),
            Inspection.operator_name != "",
            Inspection.assignee_id.is_(None),
            exists().where(person, Person.name == Inspection.operator_name),
        )
        .values(
            {
                Inspection.assignee_id: select(Person.id).where(person).scalar_subquery(),
                Inspection.assignee_name: select(Person.name).where(person).scalar_subquery(),
            }
        )
        .returning(Inspection.id)
    )
    return Portion(len(made.all()), str(ids[-1]) if len(ids) == size else None)


def _consents(db: Db, position: str | None, size: int) -> Portion:
    """Stores the answers that the chains hold by field user. The words in which they were asked were not kept.

    An answer that was given by a link which was replaced since counts no more.
    """
    ids = _next(db, position, size)
    if not ids:
        return Portion(0, None)
    given = db.execute(
        select(ChainEvent.inspection_id, ChainEvent.payload, ChainEvent.occurred_at)
        .where(ChainEvent.inspection_id.between(ids[0], ids[-1]), ChainEvent.kind == "consent.given")
        .order_by(ChainEvent.inspection_id, ChainEvent.sequence)
    ).all()
    invites = select(Invite.id, Invite.issue, Invite.joined_at).where(Invite.inspection_id.between(ids[0], ids[-1]))
    issues = {row.id: (row.issue, row.joined_at) for row in db.execute(invites)} if given else {}
    rows: list[dict[str, object]] = []
    for row in given:
        payload = json.loads(row.payload)
        if "wording" in payload:
            continue  # stored by the action itself, after the tables were made
        answered_at, invite_id = datetime.fromisoformat(row.occurred_at), UUID(payload["participant"])
        issue, joined_at = issues[invite_id]
        # The chain's moments are cut to milliseconds.
        counts = joined_at is not None and answered_at >= joined_at - timedelta(milliseconds=1)
        rows.append(
            {
                "inspection_id": row.inspection_id,
                "invite_id": invite_id,
                "issue": issue if counts else 0,
                "subject": payload["subject"],
                "answer": payload["answer"],
                "answered_at": answered_at,
            }
        )
    if rows:
        db.execute(insert(Consent), rows)
    return Portion(len(rows), str(ids[-1]) if len(ids) == size else None)


BACKFILLS = (
    Backfill("telephones.invites", _keys_of_invites),
    Backfill("assignees.inspections", _assignees, ordered=True),
    Backfill("consents.inspections", _consents, ordered=True),
    Backfill("operators.inspections", _operators, ordered=True),
)
