"""Saved views: save, rename, move, remove. Names are unique in a place at a desk; the database decides."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, bindparam, delete, false, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.accounts.roles import DESKS
from app.accounts.rules import plain_text
from app.dashboard.saved_views import owners, query_strings
from app.dashboard.saved_views.events import VIEW_MOVED, VIEW_REMOVED, VIEW_RENAMED, VIEW_SAVED
from app.dashboard.saved_views.models import VIEW_COLUMNS, SavedView, SavedViewRow
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Conflict, FieldError, Invalid, NotFound

SUBJECT = "view"
MOST = 30
"""Saved views one person may have made, at all desks together: of those that they see, and so can remove."""
LONGEST_NAME = 60

GONE = "There is no such view, or it is not one of yours. Perhaps it was removed."
TAKEN = "There is a view called “{name}” already. Nothing was saved. Choose another name, or remove that one first."
ENOUGH = "You have saved {most} views, which is as many as there can be. Nothing was saved. Remove one first."
CHANGED = "This view was changed while you were here: it is called “{name}” now. Nothing was changed. Reload the page."


_LISTED: Prepared[SavedViewRow] = Prepared(
    select(*VIEW_COLUMNS)
    .where(SavedView.desk == bindparam("desk"), SavedView.place.in_(bindparam("places", expanding=True)))
    .order_by(SavedView.position, SavedView.id)
)


def listed(db: Db, person: owners.Reader, desk: str) -> Sequence[SavedViewRow]:
    """Every view a person sees at a desk: their own first, then the teams', each in its order."""
    found = _LISTED.all(db, {"desk": desk, "places": owners.sees(person, desk)})
    return sorted(found, key=lambda row: (owners.is_team(row.place), row.place != owners.STAFF, row.place))


def _seen_by(person: owners.Reader) -> ColumnElement[bool]:
    """The condition on views that a person sees: at the desks that they have, in their own place and their teams'."""
    at = (desk for desk in DESKS if owners.reads(person, desk))
    seen = (and_(SavedView.desk == desk, SavedView.place.in_(owners.sees(person, desk))) for desk in at)
    return or_(false(), *seen)


def get(db: Db, id: int, person: owners.Reader) -> SavedViewRow:
    """A view this person sees. Raises NotFound, for other people's as for one that never was."""
    row = db.execute(select(*VIEW_COLUMNS).where(SavedView.id == id)).first()
    if row is None or row.place not in owners.sees(person, row.desk):
        raise NotFound(GONE)
    return cast(SavedViewRow, row)


def save(
    db: Db, person: owners.Reader, desk: str, place: str, name: str, query: str, *, by: Actor, now: datetime
) -> int:
    """Gives a list's address a name. Returns the view's id. Raises Denied, Invalid, Conflict."""
    owners.check_make(person, desk, place)
    name, name_key = _named(name)
    # Two tabs of one person take turns here, so that neither slips past the limit.
    db.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    if db.execute(select(func.count()).where(SavedView.made_by_id == person.id, _seen_by(person))).scalar_one() >= MOST:
        raise Conflict(ENOUGH.format(most=MOST), code="view.enough")
    last = db.execute(
        select(func.max(SavedView.position)).where(SavedView.desk == desk, SavedView.place == place)
    ).scalar_one()
    id = insert_once(
        db,
        SavedView,
        {
            SavedView.desk: desk,
            SavedView.place: place,
            SavedView.organization_id: owners.organization_of(place),
            SavedView.name: name,
            SavedView.name_key: name_key,
            SavedView.query: query,
            SavedView.view_sha256: query_strings.key(desk, query),
            SavedView.position: (last or 0) + 1,
            SavedView.made_by_id: person.id,
            SavedView.made_by_name: by.name,
            SavedView.version: 1,
            SavedView.created_at: now,
        },
    )
    if id is None:
        raise _taken(name)
    _record(db, VIEW_SAVED, id, place, {"desk": desk, "name": name, "query": query}, by, now)
    return id


def rename(db: Db, person: owners.Reader, id: int, name: str, *, version: int | None, by: Actor, now: datetime) -> None:
    """Raises NotFound, Denied, Invalid, and Conflict when it was changed meanwhile or the name is taken."""
    row = _changeable(db, person, id)
    name, name_key = _named(name)
    if name == row.name:
        return
    same = select(SavedView.id).where(
        SavedView.desk == row.desk, SavedView.place == row.place, SavedView.name_key == name_key, SavedView.id != id
    )
    if db.execute(same).first():
        raise _taken(name)
    renaming = (
        update(SavedView.__table__)
        .where(SavedView.id == id, SavedView.version == (row.version if version is None else version))
        .values(name=name, name_key=name_key, version=SavedView.version + 1)
        .returning(SavedView.id)
    )
    try:
        with db.begin_nested():
            done = db.execute(renaming).first()
    except IntegrityError:  # another transaction took the name
        raise _taken(name) from None
    if done is None:
        raise Conflict(CHANGED.format(name=row.name), code="view.changed")
    _record(db, VIEW_RENAMED, id, row.place, {"desk": row.desk, "before": row.name, "after": name}, by, now)


def move(db: Db, person: owners.Reader, id: int, *, up: bool, by: Actor, now: datetime) -> None:
    """One place towards the front or the end among the views of its place; at the end nothing happens."""
    row = _changeable(db, person, id)
    beside = (
        select(SavedView.id)
        .where(SavedView.desk == row.desk, SavedView.place == row.place)
        .order_by(SavedView.position, SavedView.id)
    )
    order = list(db.execute(beside.with_for_update()).scalars())
    at = order.index(id)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(order):
        return
    order[at], order[to] = order[to], order[at]
    for position, each in enumerate(order, 1):
        db.execute(update(SavedView.__table__).where(SavedView.id == each).values(position=position))
    _record(db, VIEW_MOVED, id, row.place, {"desk": row.desk, "name": row.name}, by, now)


def remove(db: Db, person: owners.Reader, id: int, *, by: Actor, now: datetime) -> SavedViewRow:
    """Takes the name away; the list it named stays as it is. Returns what was removed. Raises NotFound, Denied."""
    row = _changeable(db, person, id)
    if db.execute(delete(SavedView.__table__).where(SavedView.id == id).returning(SavedView.id)).first() is None:
        raise NotFound(GONE)
    facts = {"desk": row.desk, "name": row.name, "query": row.query}
    _record(db, VIEW_REMOVED, id, row.place, facts, by, now)
    return row


def _changeable(db: Db, person: owners.Reader, id: int) -> SavedViewRow:
    row = get(db, id, person)
    owners.check_change(person, row.place, row.made_by_id, row.made_by_name)
    return row


def _named(name: str) -> tuple[str, str]:
    """A name as shown and as compared: one space between words, capitals and widths of letters all the same."""
    shown = " ".join(plain_text("name", name, LONGEST_NAME).split())
    return shown, unicodedata.normalize("NFKC", shown).casefold()[:200]


def _taken(name: str) -> Invalid:
    sentence = TAKEN.format(name=name)
    return Invalid(sentence, code="view.name_taken", errors=[FieldError("name", "taken", sentence)], status=409)


def _record(
    db: Db, event_type: EventType, id: int, place: str, data: Mapping[str, object], by: Actor, now: datetime
) -> None:
    whose = "own" if not owners.is_team(place) else "team"
    events.record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=id,
        organization_id=owners.organization_of(place),
        by=by,
        now=now,
        data={**data, "whose": whose},
    )
