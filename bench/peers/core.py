"""The questions as statements of SQLAlchemy Core that are built once; shared by Litestar and the tuned Flask."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bench.peers.contract import QUEUE_PAGE, new_uid, now, opened
from bench.peers.tables import Base, connected

P, ORGANIZATIONS, PEOPLE, EVENTS, KEYS, KEPT = (
    Base.metadata.tables[name]
    for name in ("prescreens", "organizations", "people", "events", "api_keys", "idempotency_keys")
)
COUNTS = Table(
    "prescreen_counts",
    MetaData(),
    Column("organization_id", Integer, primary_key=True),
    Column("status", String(10), primary_key=True),
    Column("n", BigInteger),
)
"""Counters that triggers keep, where a program prepares them (`with_flask_tuned`)."""


class Conflict(Exception):
    """The row is not in the state that this needs, or the idempotency key was used for something else."""


class Statements:
    """Everything that is asked. `shown` are the columns of a row, as far as a program wants them its own way."""

    def __init__(self, url: str, shown: Any = None) -> None:
        own = {column.name: column for column in shown or ()}
        columns = [own.get(column.name, column) for column in P.c]
        self.reader = connected(url, isolation_level="AUTOCOMMIT")
        self.writer = connected(url).execution_options(writes=True)
        kept = (sqlite if url.startswith("sqlite") else postgresql).insert(KEPT)
        mine = select(*columns).where(P.c.organization_id == bindparam("organization"))
        ordered = mine.order_by(P.c.created_at.desc(), P.c.id.desc()).limit(bindparam("limit"))
        of_status = ordered.where(P.c.status == bindparam("status"))
        after = tuple_(bindparam("moment", type_=P.c.created_at.type), bindparam("id", type_=P.c.id.type))
        self.key = select(KEYS.c.organization_id).where(
            KEYS.c.secret_sha256 == bindparam("secret"), KEYS.c.revoked_at.is_(None)
        )
        self.person = select(PEOPLE.c.id, PEOPLE.c.name, PEOPLE.c.password_hash).where(PEOPLE.c.id == bindparam("id"))
        self.by_email = select(PEOPLE.c.id, PEOPLE.c.name, PEOPLE.c.password_hash).where(
            PEOPLE.c.email == bindparam("email")
        )
        self.newest = ordered
        self.after = ordered.where(tuple_(P.c.created_at, P.c.id) < after)
        self.numbered = of_status.offset(bindparam("offset"))
        self.total = (
            select(func.count())
            .select_from(P)
            .where(P.c.organization_id == bindparam("organization"), P.c.status == bindparam("status"))
        )
        self.one = mine.where(P.c.uid == bindparam("uid"))
        self.by_id = select(*columns).where(P.c.id == bindparam("id"))
        self.keep = kept.on_conflict_do_nothing().returning(KEPT.c.id)
        self.kept = select(KEPT.c.fingerprint, KEPT.c.prescreen_id).where(
            KEPT.c.organization_id == bindparam("organization"), KEPT.c.key == bindparam("key")
        )
        self.link = update(KEPT).where(KEPT.c.id == bindparam("kept")).values(prescreen_id=bindparam("prescreen"))
        self.create = insert(P).returning(P.c.id)
        self.event = insert(EVENTS).inline()
        self.review = (
            update(P)
            .where(P.c.uid == bindparam("wanted"), P.c.organization_id == bindparam("whose"), P.c.status == "waiting")
            .values(
                status=bindparam("new"),
                notes=bindparam("why"),
                reviewer_id=1,
                version=P.c.version + 1,
                updated_at=bindparam("at"),
            )
            .returning(*columns)
        )
        self.counts = select(P.c.status, func.count()).group_by(P.c.status)
        self.queue = (
            select(*columns, ORGANIZATIONS.c.name.label("organization_name"), PEOPLE.c.name.label("reviewer_name"))
            .join(ORGANIZATIONS, ORGANIZATIONS.c.id == P.c.organization_id)
            .outerjoin(PEOPLE, PEOPLE.c.id == P.c.reviewer_id)
            .where(P.c.status == bindparam("status"))
            .order_by(P.c.created_at.desc(), P.c.id.desc())
            .limit(QUEUE_PAGE)
            .offset(bindparam("offset"))
        )

    def count_by_triggers(self) -> None:
        """Takes totals from counters."""
        those = (COUNTS.c.organization_id == bindparam("organization"), COUNTS.c.status == bindparam("status"))
        self.total = select(COUNTS.c.n).where(*those)
        self.counts = select(COUNTS.c.status, func.sum(COUNTS.c.n)).group_by(COUNTS.c.status)

    def reading(self) -> Connection:
        return self.reader.connect()

    def writing(self) -> Any:
        return self.writer.begin()

    def organization_of(self, secret: str) -> int | None:
        with self.reading() as db:
            return db.execute(self.key, {"secret": secret}).scalar()

    def list_of(self, organization: int, limit: int, given: str | None) -> list[Row[Any]]:
        """One row more than the page has, if there are more."""
        values = {"organization": organization, "limit": limit + 1}
        with self.reading() as db:
            if not given:
                return list(db.execute(self.newest, values).all())
            moment, id = opened(given)
            return list(db.execute(self.after, {**values, "moment": moment, "id": id}).all())

    def page(self, organization: int, status: str, page: int, limit: int) -> tuple[list[Row[Any]], int]:
        those = {"organization": organization, "status": status}
        with self.reading() as db:
            found = db.execute(self.numbered, {**those, "limit": limit, "offset": (page - 1) * limit}).all()
            return list(found), db.execute(self.total, those).scalar() or 0

    def get(self, organization: int, uid: str) -> Row[Any] | None:
        with self.reading() as db:
            return db.execute(self.one, {"organization": organization, "uid": uid}).first()

    def add(self, organization: int, key: str | None, fingerprint: str, values: dict[str, Any]) -> Row[Any]:
        """Key, row and event in one transaction. Raises Conflict when the key stands for something else."""
        at, kept = now(), None
        moments = {"created_at": at, "updated_at": at}
        whose = {"organization_id": organization}
        with self.writing() as db:
            if key:
                mine = {**whose, "key": key, "fingerprint": fingerprint, "created_at": at}
                kept = db.execute(self.keep, mine).scalar()
                if kept is None:
                    known, id = db.execute(self.kept, {"organization": organization, "key": key}).one()
                    if known != fingerprint:
                        raise Conflict
                    return db.execute(self.by_id, {"id": id}).one()
            fixed = {"uid": new_uid(), **whose, "status": "draft", "version": 1, "reviewer_id": None, "notes": None}
            id = db.execute(self.create, {**fixed, **moments, **values}).scalar_one()
            actor = f"organization {organization}"
            happened = {"prescreen_id": id, "actor": actor, "kind": "created", "data": {"status": "draft"}}
            db.execute(self.event, {**happened, "created_at": at})
            if kept is not None:
                db.execute(self.link, {"kept": kept, "prescreen": id})
            return db.execute(self.by_id, {"id": id}).one()

    def decide(self, organization: int, uid: str, status: str, notes: str | None) -> Row[Any] | None:
        """The decision and its event in one transaction. Raises Conflict when the row does not wait for one."""
        at = now()
        with self.writing() as db:
            given = {"wanted": uid, "whose": organization, "new": status, "why": notes, "at": at}
            found = db.execute(self.review, given).first()
            if found is None:
                if db.execute(self.one, {"organization": organization, "uid": uid}).first() is None:
                    return None
                raise Conflict
            happened = {"prescreen_id": found.id, "actor": "person 1", "kind": status, "data": {"notes": notes}}
            db.execute(self.event, {**happened, "created_at": at})
            return found

    def queue_page(self, status: str, page: int) -> tuple[Sequence[Any], dict[str, int]]:
        """A page of every organization's rows, and how many there are of each state."""
        with self.reading() as db:
            found = db.execute(self.queue, {"status": status, "offset": (page - 1) * QUEUE_PAGE}).all()
            return found, {each: int(n) for each, n in db.execute(self.counts)}
