"""Search over all desks of a user: one ranked list, and the offers of the palette while they type.

Scope is checked twice: the index reads only organizations in scope, and each row is checked again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup, escape
from sqlalchemy import select

from app.accounts.access import Me
from app.dashboard.desk import Desk, Searched, SearchResult
from app.dashboard.saved_views import actions, list_url
from app.home.overview import desks_of
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.text import normalization, search
from app.kernel.text.search import MOST, Hit

SHOWN = 25
"""Finds on one page."""
OFFERED = 8
"""Finds of one desk, and as many views, that the palette offers."""
RECENT = 5
LOOKED_BACK = 40
"""The newest events of a user that are searched for recently changed things."""


@dataclass(frozen=True, slots=True)
class Find:
    """One thing that was found, the desk it belongs to, and what it is there."""

    desk: Desk
    kind: Searched
    result: SearchResult


@dataclass(frozen=True, slots=True)
class Tab:
    """A desk as a filter; None is all of them. `count` is None where it was not asked for."""

    desk: Desk | None
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


def search_desks(db: Db, user: Me, typed: str, now: datetime, only: str = "", page: int = 1) -> Finds:
    """Returns one page of results, the best first; `only` names the one desk to search."""
    mine = desks_of(user)
    chosen = [desk for desk in mine if desk.name == only] or mine
    kinds = [kind for desk in chosen for kind in desk.searched]
    hits = search.find(db, _reach(user, chosen), typed)
    hits = replace(hits, rows=_known(db, user, kinds, hits.rows, now))
    shown = [*(exact := _exact(kinds, typed)), *(hit for hit in hits.rows if hit not in exact)]
    pages = max(1, -(-len(shown) // SHOWN))
    page = min(max(page, 1), pages)
    rows = _finds(db, user, shown[(page - 1) * SHOWN : page * SHOWN], now)
    total = len(hits.rows) or len(rows)
    tabs = [Tab(None, None if len(chosen) < len(mine) else total, chosen == mine)]
    counts = Counter(hit.subject_type for hit in hits.rows)
    for desk in mine:
        known = desk in chosen
        count = sum(counts[kind.subject] for kind in desk.searched) if known else None
        tabs.append(Tab(desk, count, known and len(chosen) < len(mine)))
    return Finds(rows, tabs if len(mine) > 1 else [], total, hits.more, page, pages)


@dataclass(frozen=True, slots=True)
class Offer:
    """Entries of the palette under one heading."""

    title: str
    finds: Sequence[Find] = ()
    views: Sequence[tuple[str, str]] = ()
    """Saved views: (name, address)."""


def offers(db: Db, user: Me, typed: str, now: datetime) -> list[Offer]:
    """Returns the offers of the palette besides pages: matching views and things, or recently changed things."""
    found = []
    mine = desks_of(user)
    for desk in mine if typed else []:
        reach = _reach(user, [desk])
        for kind in desk.searched:
            exact = _exact([kind], typed)
            hits = search.find(db, {kind.subject: reach[kind.subject]}, typed, 4 * OFFERED).rows
            known = _known(db, user, [kind], hits, now)
            wanted = [*exact, *(hit for hit in known if hit not in exact)][:OFFERED]
            found.append(Offer(kind.title, _finds(db, user, wanted, now)))
    if not typed:
        found.append(Offer("Recent", _finds(db, user, _recent(db, user), now)))
    rank = normalization.ranking(normalization.query_terms(typed))
    views = [
        (row.name, list_url(desk.name, row.query))
        for desk in mine
        for row in actions.listed(db, user, desk.name)
        if rank(" ".join(normalization.tokens(row.name)), "") is not None
    ]
    found.append(Offer("Saved views", views=views[:OFFERED]))
    return [offer for offer in found if offer.finds or offer.views]


def marked(text: str, typed: str) -> Markup:
    """The text with the matching parts in <mark>: whole words where folding changes their length."""
    wanted = _wanted(typed)
    if text.replace("·", "").isascii():  # the middle dot joins parts of a detail, and no words
        found = str(escape(_beginnings(wanted).sub(rf"{_OPENS}\g<0>{_CLOSES}", text)))
        return Markup(found.replace(_OPENS, "<mark>").replace(_CLOSES, "</mark>"))
    parts, at = [], 0
    for start, written in normalization.spans(text):
        word = normalization.fold(written)
        if word.startswith(wanted):
            longest = max(len(each) for each in wanted if word.startswith(each))
            end = start + (longest if len(word) == len(written) else len(written))
            parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
            at = end
    return Markup("".join([*parts, escape(text[at:])]))


_OPENS, _CLOSES = "\ue000", "\ue001"
"""Where a mark goes, until the rest is escaped: no text that is marked like that has these."""


@lru_cache(maxsize=256)
def _beginnings(wanted: tuple[str, ...]) -> re.Pattern[str]:
    """Finds where a word of ASCII begins like one of these, the longest that fits."""
    longest_first = sorted(map(re.escape, filter(str.isascii, wanted)), key=len, reverse=True)
    either = "|".join(longest_first) or "(?!)"
    return re.compile(rf"(?<![0-9A-Za-z])(?:{either})", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=256)
def _wanted(typed: str) -> tuple[str, ...]:
    return tuple({word for term in normalization.query_terms(typed) for variant in term.variants for word in variant})


def _reach(user: Me, chosen: Iterable[Desk]) -> dict[str, frozenset[int] | None]:
    found: dict[str, frozenset[int] | None] = {}
    for desk in chosen:
        scope = user.scope(desk.name)
        organizations = None if scope.everything else scope.organization_ids
        found |= dict.fromkeys((kind.subject for kind in desk.searched), organizations)
    return found


def _known(db: Db, user: Me, kinds: Iterable[Searched], hits: list[Hit], now: datetime) -> list[Hit]:
    """The hits without those whose words the user may not know for now: to find them would tell."""
    hidden = {
        Hit(kind.subject, id)
        for kind in kinds
        for id in kind.veiled(db, user, [hit.subject_id for hit in hits if hit.subject_type == kind.subject], now)
    }
    return [hit for hit in hits if hit not in hidden] if hidden else hits


def _exact(kinds: Iterable[Searched], typed: str) -> list[Hit]:
    """What a typed number or id may be, before it is known whether it exists."""
    text = normalization.plain(typed)
    ids = ((kind.subject, kind.read_id(text)) for kind in kinds)
    return [Hit(subject, id) for subject, id in ids if id is not None]


def _recent(db: Db, user: Me) -> list[Hit]:
    own = select(Event.subject_type, Event.subject_id).where(
        Event.actor_kind == "person", Event.actor_id == str(user.id)
    )
    rows = db.execute(own.order_by(Event.id.desc()).limit(LOOKED_BACK))
    subjects = {kind.subject for desk in desks_of(user) for kind in desk.searched}
    return list(dict.fromkeys(Hit(subject, id) for subject, id in rows if subject in subjects))[:RECENT]


def _finds(db: Db, user: Me, hits: Sequence[Hit], now: datetime) -> list[Find]:
    """The things themselves, in the order of the hits; what is gone or out of the user's scope is left out."""
    found: dict[Hit, Find] = {}
    kinds = [(desk, kind) for desk in desks_of(user) for kind in desk.searched]
    for desk, kind in kinds:
        ids = [hit.subject_id for hit in hits if hit.subject_type == kind.subject]
        scope = user.scope(desk.name)
        veiled = kind.veiled(db, user, ids, now) if ids else ()
        for result in kind.results(db, ids, now) if ids else ():
            id = str(result.id)
            if id in veiled:
                if kind.label_of is None:
                    continue
                result = replace(result, title=kind.label_of(id), detail="")
            if scope.covers(result.organization_id):
                found[Hit(kind.subject, id)] = Find(desk, kind, result)
    return [found[hit] for hit in hits if hit in found]


__all__ = ["MOST", "Find", "Finds", "Offer", "marked", "offers", "search_desks"]
