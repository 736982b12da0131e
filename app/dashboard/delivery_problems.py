"""How many messages of each desk have failed or keep failing: the same numbers for lists and home."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from app.accounts.scope import Scope
from app.dashboard.subjects import Subjects
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.outbox.outbox import FAILING, UNDELIVERED, OutboxRow

MOST_COUNTED = 1000
"""Counts stop here: a larger number tells nothing more."""


class DeliveryProblems(NamedTuple):
    """Messages of one desk: failed and not dismissed, and tried in vain so far; MOST_COUNTED at most."""

    dead: int
    failing: int


def delivery_problems(db: Db, scopes: Mapping[str, Scope], subjects: Subjects) -> dict[str, DeliveryProblems]:
    """For each of these desks, within the scope beside it. One statement, read from two small indexes."""
    if not scopes:
        return {}
    shape = tuple((desk, tuple(subjects.of_desks[desk]), scope.everything) for desk, scope in scopes.items())
    ids: dict[str, list[int]] = {f"places_{desk}": sorted(scope.organization_ids) for desk, scope in scopes.items()}
    known = {name: these for name, these in ids.items() if not scopes[name.removeprefix("places_")].everything}
    (counts,) = _statement(shape).all(db, known)
    return {
        desk: DeliveryProblems(getattr(counts, f"{desk}_dead"), getattr(counts, f"{desk}_failing")) for desk in scopes
    }


def failing_by_channel(db: Db, types: Sequence[str], scope: Scope) -> dict[str, int]:
    """How many messages about these types of things were tried in vain so far, by channel; MOST_COUNTED in all."""
    of_desk = (FAILING, OutboxRow.subject_type.in_(types), scope.where(OutboxRow.organization_id))
    rows = select(OutboxRow.channel).where(*of_desk).limit(MOST_COUNTED).subquery()
    found = db.execute(select(rows.c.channel, func.count()).group_by(rows.c.channel))
    return dict(found.all())


@lru_cache(maxsize=32)
def _statement(shape: tuple[tuple[str, tuple[str, ...], bool], ...]) -> Prepared[object]:
    columns = []
    for desk, types, everything in shape:
        of_desk: list[ColumnElement[bool]] = [OutboxRow.subject_type.in_(types)]
        if not everything:
            of_desk.append(OutboxRow.organization_id.in_(bindparam(f"places_{desk}", expanding=True)))
        for name, which in (("dead", UNDELIVERED), ("failing", FAILING)):
            rows = select(OutboxRow.id).where(which, *of_desk).limit(MOST_COUNTED).subquery()
            columns.append(select(func.count()).select_from(rows).scalar_subquery().label(f"{desk}_{name}"))
    return Prepared(select(*columns))
