"""The questions as a program over SQLAlchemy's ORM asks them; shared by Flask and FastAPI."""

from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from bench.peers.contract import QUEUE_PAGE, cursor, new_uid, now, opened
from bench.peers.tables import ApiKey, Event, IdempotencyKey, Person, Prescreen

NEWEST = (Prescreen.created_at.desc(), Prescreen.id.desc())


class Conflict(Exception):
    """The row is not in the state that this needs, or the idempotency key was used for something else."""


def organization_of(session: Session, secret_sha256: str) -> int | None:
    wanted = select(ApiKey).where(ApiKey.secret_sha256 == secret_sha256, ApiKey.revoked_at.is_(None))
    key = session.scalars(wanted).first()
    return key.organization_id if key else None


def person(session: Session, id: int | None) -> Person | None:
    return session.get(Person, id) if id else None


def newest(
    session: Session, organization: int, limit: int, given: str | None = None
) -> tuple[list[Prescreen], str | None]:
    """A page of an organization's rows, and the cursor of the next."""
    wanted = select(Prescreen).where(Prescreen.organization_id == organization).order_by(*NEWEST).limit(limit + 1)
    if given:
        wanted = wanted.where(tuple_(Prescreen.created_at, Prescreen.id) < tuple_(*opened(given)))
    found = list(session.scalars(wanted))
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], cursor(last.created_at, last.id) if last else None


def numbered(session: Session, organization: int, status: str, page: int, limit: int) -> tuple[list[Prescreen], int]:
    """A page by its number, and how many rows there are."""
    those = (Prescreen.organization_id == organization, Prescreen.status == status)
    total = session.scalar(select(func.count()).select_from(Prescreen).where(*those)) or 0
    wanted = select(Prescreen).where(*those).order_by(*NEWEST).limit(limit).offset((page - 1) * limit)
    return list(session.scalars(wanted)), total


def one(session: Session, organization: int, uid: str) -> Prescreen | None:
    return session.scalars(select(Prescreen).filter_by(uid=uid, organization_id=organization)).first()


def create(session: Session, organization: int, key: str | None, fingerprint: str, values: dict[str, Any]) -> Prescreen:
    """Key, row and event in one transaction. Raises Conflict when the key stands for something else."""
    at, kept = now(), None
    if key:
        kept = session.scalars(select(IdempotencyKey).filter_by(organization_id=organization, key=key)).first()
        if kept is not None:
            found = session.get(Prescreen, kept.prescreen_id)
            if found is None or kept.fingerprint != fingerprint:
                raise Conflict
            return found
        kept = IdempotencyKey(organization_id=organization, key=key, fingerprint=fingerprint, created_at=at)
        session.add(kept)
    made = Prescreen(
        uid=new_uid(), organization_id=organization, status="draft", version=1, created_at=at, updated_at=at, **values
    )
    session.add(made)
    session.flush()
    actor = f"organization {organization}"
    session.add(Event(prescreen_id=made.id, actor=actor, kind="created", data={"status": "draft"}, created_at=at))
    if kept is not None:
        kept.prescreen_id = made.id
    session.commit()
    return made


def review(session: Session, organization: int, uid: str, status: str, notes: str | None) -> Prescreen | None:
    """The decision and its event in one transaction. Raises Conflict when the row does not wait for one."""
    wanted = select(Prescreen).filter_by(uid=uid, organization_id=organization).with_for_update()
    found = session.scalars(wanted).first()
    if found is None:
        return None
    if found.status != "waiting":
        raise Conflict
    at = now()
    found.status, found.notes, found.reviewer_id = status, notes, 1
    found.version, found.updated_at = found.version + 1, at
    session.add(Event(prescreen_id=found.id, actor="person 1", kind=status, data={"notes": notes}, created_at=at))
    session.commit()
    return found


def queue(session: Session, status: str, page: int) -> tuple[list[Prescreen], dict[str, int]]:
    """A page of every organization's rows, and how many there are of each state."""
    wanted = (
        select(Prescreen)
        .options(joinedload(Prescreen.organization), joinedload(Prescreen.reviewer))
        .where(Prescreen.status == status)
        .order_by(*NEWEST)
        .limit(QUEUE_PAGE)
        .offset((page - 1) * QUEUE_PAGE)
    )
    counts = session.execute(select(Prescreen.status, func.count()).group_by(Prescreen.status))
    return list(session.scalars(wanted)), {state: int(n) for state, n in counts}
