"""First looks: what somebody chose, which prescreens they have not looked at, and those as they may see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, func, not_, or_, select, text

from app.accounts.scope import Scope
from app.kernel.db.engine import Db
from app.prescreens.models import DecisionSnapshot, FirstLook, Prescreen, ReviewStatus, Submission
from app.prescreens.queries import questionnaires
from app.prescreens.rules import first_look
from app.prescreens.rules.first_look import Blind


class Owned(Blind, Protocol):
    """A prescreen as pages read it, with whose it is."""

    @property
    def id(self) -> UUID: ...
    @property
    def organization_id(self) -> int: ...


class Read(Owned, Protocol):
    """The same with its answers."""

    @property
    def workflow_template_id(self) -> UUID: ...
    @property
    def template_version(self) -> int: ...
    @property
    def submission(self) -> Submission: ...


class Looker(NamedTuple):
    """A user, and the organizations whose prescreens they may decide: where first looks concern them."""

    person_id: int
    scope: Scope


R = TypeVar("R", bound=Owned)
Q = TypeVar("Q", bound=Read)


class Veiled(SimpleNamespace):
    """A prescreen as it is shown before the first look: it has a label for a name, and no hidden answer."""


def is_veiled(row: object) -> bool:
    """Whether a row is one that `veiled` has changed."""
    return isinstance(row, Veiled)


def choice(db: Db, prescreen_id: UUID, person_id: int) -> FirstLook | None:
    """What a person chose at their first look; None before."""
    mine = (FirstLook.prescreen_id == prescreen_id, FirstLook.person_id == person_id)
    row = db.execute(select(*FirstLook.__table__.c).where(*mine)).one_or_none()
    return None if row is None else cast(FirstLook, row)


_LOOKED_AT = select(FirstLook.prescreen_id).where(
    FirstLook.person_id == bindparam("person_id"), FirstLook.prescreen_id.in_(bindparam("ids", expanding=True))
)


def unseen(db: Db, rows: Sequence[R], viewer: Looker, now: datetime) -> set[UUID]:
    """Those of these prescreens that the viewer may decide and has not looked at."""
    blind = {row.id for row in rows if first_look.is_blind(row, now) and viewer.scope.covers(row.organization_id)}
    if not blind:
        return blind
    parameters = {"person_id": viewer.person_id, "ids": sorted(blind)}
    return blind - set(db.connection().execute(_LOOKED_AT, parameters).scalars())


def known_to(viewer: Looker, now: datetime) -> ColumnElement[bool]:
    """The condition on prescreens that the viewer knows all of: those that `unseen` leaves, in a statement."""
    looked_at = exists().where(FirstLook.prescreen_id == Prescreen.id, FirstLook.person_id == viewer.person_id)
    return or_(
        Prescreen.blind.is_(False),
        Prescreen.review_status != ReviewStatus.PENDING.value,
        Prescreen.expires_at <= now,
        not_(viewer.scope.where(Prescreen.organization_id)),
        looked_at,
    )


_BY_CHOICE = (
    select(DecisionSnapshot.first_choice, DecisionSnapshot.decision, func.count())
    .where(
        DecisionSnapshot.organization_id.in_(bindparam("organizations", expanding=True)),
        DecisionSnapshot.decided_at >= bindparam("since", type_=DecisionSnapshot.decided_at.type),
        DecisionSnapshot.first_choice.is_not(None),
    )
    .group_by(DecisionSnapshot.first_choice, DecisionSnapshot.decision)
)


def decided_by_choice(db: Db, organization_ids: Collection[int], since: datetime) -> dict[tuple[str, str], int]:
    """How many were decided since then, by what their agents chose at the first look and by the decision."""
    found = db.connection().execute(_BY_CHOICE, {"organizations": sorted(organization_ids), "since": since})
    return {(choice or "", decision): n for choice, decision, n in found}


# In the words of the index's condition: SQLite takes "blind = 1", as a boolean is written for it, for another one.
_ANY = select(exists().where(text("prescreens.blind")).select_from(Prescreen))
_BLIND = select(
    Prescreen.id,
    Prescreen.organization_id,
    Prescreen.blind,
    Prescreen.status,
    Prescreen.review_status,
    Prescreen.expires_at,
).where(
    Prescreen.id.in_(bindparam("ids", expanding=True)),
    Prescreen.blind,
    Prescreen.review_status == ReviewStatus.PENDING.value,
)


def concerns(db: Db, viewer: Looker) -> bool:
    """Whether there may be anything that the viewer is to look at first."""
    return _may_act(viewer) and bool(db.connection().execute(_ANY).scalar())


def unseen_of(db: Db, ids: Collection[UUID], viewer: Looker, now: datetime) -> set[UUID]:
    """The same by id alone."""
    if not ids or not concerns(db, viewer):
        return set()
    rows = db.connection().execute(_BLIND, {"ids": sorted(ids)})
    return unseen(db, cast(Sequence[Owned], rows.all()), viewer, now)


def veiled(db: Db, rows: Sequence[Q], viewer: Looker, now: datetime) -> Sequence[Q]:
    """These prescreens as the viewer may see them now."""
    hidden = unseen(db, rows, viewer, now)
    if not hidden:
        return rows
    versions = ((row.workflow_template_id, row.template_version) for row in rows if row.id in hidden)
    questions = questionnaires.questions_of(db, versions)
    return [
        _veil(row, first_look.shown_answers(questions[row.workflow_template_id, row.template_version], row.submission))
        if row.id in hidden
        else row
        for row in rows
    ]


def _may_act(viewer: Looker) -> bool:
    return viewer.scope.everything or bool(viewer.scope.organization_ids)


def _veil(row: Q, submission: Submission) -> Q:
    columns: dict[str, Any] = cast(Any, row)._asdict()  # Any: a row of many types
    nobody = dict.fromkeys(
        columns.keys() & {"email", "phone", "phone_key", "contact_id", "other_contact_id", "refused_answer"}
    )
    return cast(Q, Veiled(**{**columns, **nobody, "name": first_look.label(row.id), "submission": submission}))
