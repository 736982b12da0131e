"""What a person finds over all their desks: one ranked list, and what the palette offers while they type.

Who finds what is settled twice: the index is asked only about organizations in reach, and each row is checked again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape
from sqlalchemy import Select, Uuid, bindparam, select

from app.accounts.access import Me
from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.dashboard.saved_views import actions, list_url
from app.depositions import events as depositions
from app.depositions import presentation as deposition_words
from app.depositions.models import Deposition, State
from app.home import overview
from app.inspections import events as inspections
from app.inspections import presentation as inspection_words
from app.inspections.models import Inspection
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.text import normalization, search
from app.kernel.text.search import MOST, Hit
from app.prescreens import events as prescreens
from app.prescreens import presentation as prescreen_words
from app.prescreens.models import Prescreen

SHOWN = 25
"""Finds on one page."""
OFFERED = 8
"""Finds of one desk, and as many views, that the palette offers."""
LATELY = 5
LOOKED_BACK = 40
"""The newest entries of one's own history in which things done lately are looked for."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: its word, icon and tone."""

    word: str
    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Find:
    """One thing found: what it is called, what tells it apart, how it stands, where it is."""

    desk: overview.Desk
    title: str
    small: str
    organization: str
    badge: Badge
    said: str
    at: datetime
    endpoint: str
    id: int | UUID


@dataclass(frozen=True, slots=True)
class Tab:
    """A desk as a filter; None is all of them. `count` is None where it was not asked for."""

    desk: overview.Desk | None
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class Finds:
    """One page of what was found. `more`: there are further hits, older than the `total` that were ranked."""

    rows: list[Find]
    tabs: list[Tab]
    total: int
    more: bool
    page: int
    pages: int


D: Any = Deposition.__table__.c
P: Any = Prescreen.__table__.c
_I: Any = Inspection.__table__.c
G: Any = Organization.__table__.c


def _organization(column: Any) -> Any:
    return select(G.name).where(G.id == column).scalar_subquery().label("organization")


_DEPOSITIONS = select(
    D.id,
    D.organization_id,
    D.deponent_name,
    D.title,
    D.case_name,
    D.state,
    D.starts_at,
    _organization(D.organization_id),
).where(D.id.in_(bindparam("ids", expanding=True)))
_PRESCREENS = select(
    P.id,
    P.organization_id,
    P.name,
    P.email,
    P.phone,
    P.status,
    P.review_status,
    P.reviewed_at,
    P.reviewed_by,
    P.expires_at,
    P.created_at,
    _organization(P.organization_id),
).where(P.id.in_(bindparam("ids", expanding=True, type_=Uuid())))
_INSPECTIONS = select(
    _I.id,
    _I.organization_id,
    _I.notes,
    _I.operator_email,
    _I.status,
    _I.expires_at,
    _I.created_at,
    _organization(_I.organization_id),
).where(_I.id.in_(bindparam("ids", expanding=True, type_=Uuid())))


def _deposition(row: Any, desk: overview.Desk, _now: datetime) -> Find:
    word = deposition_words.STATES[State(row.state)]
    return Find(
        desk,
        row.deponent_name or row.title,
        f"{row.case_name} · no. {row.id}",
        row.organization,
        Badge(*word),
        "starts",
        row.starts_at,
        "depositions.detail",
        row.id,
    )


def _prescreen(row: Any, desk: overview.Desk, now: datetime) -> Find:
    state = prescreen_words.state_badge(row, now)
    return Find(
        desk,
        row.name or row.email or row.phone or "Somebody without a name",
        " · ".join(part for part in (row.email, row.phone) if part),
        row.organization,
        Badge(state.word, state.icon, state.tone),
        "began",
        row.created_at,
        "prescreens.detail",
        row.id,
    )


def _inspection(row: Any, desk: overview.Desk, now: datetime) -> Find:
    expired = row.status == "created" and row.expires_at <= now
    return Find(
        desk,
        row.notes.partition("\n")[0][:120] or f"Inspection {str(row.id)[:8]}",
        f"by {row.operator_email} · {str(row.id)[:8]}",
        row.organization,
        Badge(*inspection_words.STATUS_BADGES["expired" if expired else row.status]),
        "asked for",
        row.created_at,
        "inspections.detail",
        row.id,
    )


_WAYS: dict[str, tuple[Select, Any, Any]] = {
    depositions.SUBJECT: (_DEPOSITIONS, int, _deposition),
    prescreens.SUBJECT: (_PRESCREENS, UUID, _prescreen),
    inspections.SUBJECT: (_INSPECTIONS, UUID, _inspection),
}


def look(db: Db, person: Me, typed: str, now: datetime, only: str = "", page: int = 1) -> Finds:
    """One page of what a person finds, the best answers first; `only` keeps to one desk."""
    mine = overview.of(person)
    chosen = [desk for desk in mine if desk.name == only] or mine
    hits = search.find(db, _reach(person, chosen), typed)
    shown = [*(exact := _exact(chosen, typed)), *(hit for hit in hits.rows if hit not in exact)]
    pages = max(1, -(-len(shown) // SHOWN))
    page = min(max(page, 1), pages)
    rows = _finds(db, person, shown[(page - 1) * SHOWN : page * SHOWN], now)
    total = len(hits.rows) or len(rows)
    tabs = [Tab(None, None if len(chosen) < len(mine) else total, chosen == mine)]
    for desk in mine:
        known = desk in chosen
        count = sum(hit.subject_type == overview.SUBJECTS[desk.name] for hit in hits.rows) if known else None
        tabs.append(Tab(desk, count, known and len(chosen) < len(mine)))
    return Finds(rows, tabs if len(mine) > 1 else [], total, hits.more, page, pages)


@dataclass(frozen=True, slots=True)
class Offer:
    """Entries of the palette under one heading."""

    title: str
    finds: Sequence[Find] = ()
    views: Sequence[tuple[str, str]] = ()
    """Saved views: (name, address)."""


def offers(db: Db, person: Me, typed: str, now: datetime) -> list[Offer]:
    """What the palette offers besides pages: views and things that match, or what one did something with lately."""
    found = []
    mine = overview.of(person)
    for desk in mine if typed else []:
        exact = _exact([desk], typed)
        hits = search.find(db, _reach(person, [desk]), typed, 4 * OFFERED).rows
        wanted = [*exact, *(hit for hit in hits if hit not in exact)][:OFFERED]
        found.append(Offer(desk.title, _finds(db, person, wanted, now)))
    if not typed:
        found.append(Offer("Lately", _finds(db, person, _lately(db, person), now)))
    terms = normalization.query_terms(typed)
    views = [
        (row.name, list_url(desk.name, row.query))
        for desk in mine
        for row in actions.listed(db, person, desk.name)
        if normalization.rank(terms, normalization.tokens(row.name), []) is not None
    ]
    found.append(Offer("Saved views", views=views[:OFFERED]))
    return [offer for offer in found if offer.finds or offer.views]


def marked(text: str, typed: str) -> Markup:
    """Text with what answers the question in <mark>: whole words where folding changes their length."""
    wanted = sorted({word for term in normalization.query_terms(typed) for way in term.ways for word in way}, key=len)
    parts: list[Any] = []
    at = 0
    for found in re.finditer(r"[^\W_]+", text):
        word = normalization.fold(found[0])
        lengths = [len(each) for each in wanted if word.startswith(each)]
        if lengths:
            end = found.start() + (lengths[-1] if len(word) == len(found[0]) else len(found[0]))
            parts += [escape(text[at : found.start()]), Markup("<mark>{}</mark>").format(text[found.start() : end])]
            at = end
    return Markup("").join([*parts, escape(text[at:])])


def _reach(person: Me, chosen: Iterable[overview.Desk]) -> dict[str, frozenset[int] | None]:
    return {overview.SUBJECTS[desk.name]: overview.reach(person.scope(desk.name)) for desk in chosen}


def _exact(chosen: Iterable[overview.Desk], typed: str) -> list[Hit]:
    """What a number or an id may be, before it is known whether there is one."""
    kinds = [overview.SUBJECTS[desk.name] for desk in chosen]
    plain = typed.removeprefix("#").strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 19:
        return [Hit(kind, str(int(plain))) for kind in kinds if kind == depositions.SUBJECT]
    try:
        id = str(UUID(plain))
    except ValueError:
        return []
    return [Hit(kind, id) for kind in kinds if kind != depositions.SUBJECT]


def _lately(db: Db, person: Me) -> list[Hit]:
    e = Event.__table__.c
    mine = select(e.subject_type, e.subject_id).where(e.actor_kind == "person", e.actor_id == str(person.id))
    rows = db.execute(mine.order_by(e.id.desc()).limit(LOOKED_BACK)).all()
    kinds = {overview.SUBJECTS[desk.name] for desk in overview.of(person)}
    hits = dict.fromkeys(Hit(row.subject_type, row.subject_id) for row in rows if row.subject_type in kinds)
    return list(hits)[:LATELY]


def _finds(db: Db, person: Me, hits: Sequence[Hit], now: datetime) -> list[Find]:
    """The things themselves, in the order of the hits; what is gone or not this person's is left out."""
    found: dict[Hit, Find] = {}
    for desk in overview.of(person):
        kind = overview.SUBJECTS[desk.name]
        statement, read, say = _WAYS[kind]
        ids = [read(hit.subject_id) for hit in hits if hit.subject_type == kind]
        scope: Scope = person.scope(desk.name)
        for row in db.execute(statement, {"ids": ids}) if ids else ():
            if scope.covers(row.organization_id):
                found[Hit(kind, str(row.id))] = say(row, desk, now)
    return [found[hit] for hit in hits if hit in found]


__all__ = ["MOST", "Find", "Finds", "Offer", "look", "marked", "offers"]
