"""What a list shows of its views: tabs, the lit one, since when it is new, and the notes. One query for all of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from flask import request, url_for
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)

from app.accounts.models import Organization
from app.dashboard.desk import desks
from app.dashboard.listing import Id
from app.dashboard.queue import ShownTab
from app.dashboard.saved_views import last_seen, owners, query_strings
from app.dashboard.saved_views.last_seen import Dated, Seen
from app.dashboard.saved_views.models import HandoverNote, LastSeen, SavedView
from app.kernel.db.engine import Db, Instant
from app.kernel.db.prepared import Prepared
from app.kernel.db.transaction import side_note
from app.kernel.web.live import is_poll

SAVED, NOTE, SEEN = 1, 2, 3
_EMPTY: ColumnElement[str] = literal_column("''")
_ZERO: ColumnElement[int] = literal_column("0")
_AT_DESK: BindParameter[str] = bindparam("at_desk")


class _Part(Protocol):
    """A row of `everything`: a saved view, a note or when the list was last seen, as `kind` says."""

    kind: int
    id: int
    place: str
    text: str
    query: str
    view_sha256: str
    who_id: int
    who: str
    at: datetime
    since: datetime | None
    position: int
    version: int


def _kind(n: int) -> ColumnElement[int]:
    return literal_column(str(n)).label("kind")


@lru_cache(maxsize=64)
def everything(places: int) -> Prepared[_Part]:
    """The one statement for what a list shows of its views, for a reader of so many places: `place_0`, `place_1`, …"""
    bound = [bindparam(f"place_{at}", type_=SavedView.place.type) for at in range(places)]
    never = cast(null(), Instant)
    return Prepared(
        union_all(
            select(
                _kind(SAVED),
                SavedView.id,
                SavedView.place,
                SavedView.name.label("text"),
                SavedView.query,
                SavedView.view_sha256,
                SavedView.made_by_id.label("who_id"),
                SavedView.made_by_name.label("who"),
                SavedView.created_at.label("at"),
                never.label("since"),
                SavedView.position,
                SavedView.version,
            ).where(SavedView.desk == _AT_DESK, SavedView.place.in_(bound)),
            select(
                _kind(NOTE),
                HandoverNote.id,
                HandoverNote.place,
                HandoverNote.text,
                HandoverNote.query,
                HandoverNote.view_sha256,
                HandoverNote.written_by_id,
                HandoverNote.written_by_name,
                HandoverNote.written_at,
                never,
                _ZERO,
                HandoverNote.version,
            ).where(HandoverNote.desk == _AT_DESK, HandoverNote.place.in_(bound)),
            select(
                _kind(SEEN),
                _ZERO,
                _EMPTY,
                _EMPTY,
                _EMPTY,
                LastSeen.view_sha256,
                LastSeen.person_id,
                _EMPTY,
                LastSeen.looked_at,
                LastSeen.since,
                _ZERO,
                _ZERO,
            ).where(LastSeen.person_id == bindparam("me"), LastSeen.desk == _AT_DESK),
        )
    )


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view beside the desk's own tabs. `mark` says in words what is new about it."""

    id: int
    label: str
    url: str
    icon: str
    current: bool = False
    mark: str = ""
    count: None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A team's note on this list; `text` is empty when there is none. `writable`: this person may leave one."""

    id: int
    place: str
    team: str
    writable: bool
    text: str = ""
    who: str = ""
    at: datetime | None = None
    version: int = 0


@dataclass(slots=True)
class Views:
    """All that a list says of its views."""

    desk: str
    query: str
    named: bool
    since: datetime | None
    saved: list[Tab]
    notes: list[Note]
    makes: list[tuple[str, str]]
    """Whom this person may save the list for, besides themselves: (place, team's name)."""
    person_id: int
    marks: dict[Id, str] = field(default_factory=dict)
    whole: bool = True
    """Whether the marked rows are the whole list, not only this page of it."""

    @property
    def lit(self) -> Tab | None:
        """The saved view that this list is."""
        return next((tab for tab in self.saved if tab.current), None)

    @property
    def note(self) -> Note | None:
        """The first note that says something."""
        return next((note for note in self.notes if note.text), None)

    @property
    def writable(self) -> list[Note]:
        """The notes this person may write, one a team."""
        return [note for note in self.notes if note.writable] if self.named else []

    def beside(self, tabs: Iterable[ShownTab]) -> list[ShownTab | Tab]:
        """The desk's own tabs and the saved views in one row. One is lit: the saved one, where the list is one."""
        return [*(replace(tab, current=False) if self.lit else tab for tab in tabs), *self.saved]

    def mark_rows(self, db: Db, subject: str, rows: Iterable[Dated], whole: bool = True) -> dict[Id, str]:
        """Marks the rows that are `new` or `changed` since this person last looked, by row id; kept in `marks`.

        `whole` says whether they are the whole list.
        """
        self.whole = whole
        self.marks = last_seen.marks(db, self.person_id, subject, rows, self.since)
        return self.marks

    @property
    def news(self) -> str:
        """`3 new and 1 changed on this page`; empty when nothing is."""
        found = [(sum(mark == word for mark in self.marks.values()), word) for word in ("new", "changed")]
        words = " and ".join(f"{n:,} {word}" for n, word in found if n)
        return words + (" on this page" if words and not self.whole else "")


def for_page(
    db: Db,
    person: owners.Reader,
    desk: str,
    args: Mapping[str, object],
    now: datetime,
    *,
    tab: Iterable[str],
    page: str = "",
) -> Views:
    """The views of the list that `args` ask for, or of another `page` of the desk. Records that the user looked at it.

    `args` are the query arguments of the list, defaults omitted; those named `tab` make its built-in tabs.
    """
    query = query_strings.canonical({**args, query_strings.PAGE: page})
    view = query_strings.key(desk, query)
    reads, acts = owners.reads(person, desk), owners.acts(person, desk)
    sees = [owners.own(person.id), *reads]
    values = {"at_desk": desk, "me": person.id, **{f"place_{at}": place for at, place in enumerate(sees)}}
    kinds: dict[int, list[_Part]] = {SAVED: [], NOTE: [], SEEN: []}
    for row in everything(len(sees)).all(db, values):
        kinds[row.kind].append(row)
    seen = {row.view_sha256: Seen(row.at, row.since) for row in kinds[SEEN]}
    news = _news(kinds[NOTE], seen, person.id)
    saved = _tabs([row for row in kinds[SAVED] if query_strings.page_of(row.query) == page], desk, query, news)
    named = query_strings.is_tab(query, tab) or any(row.view_sha256 == view for row in kinds[SAVED])
    kept, poll = seen.get(view), is_poll()
    if named and not poll:
        _note_seen(person.id, desk, view, kept, now)
    makes = owners.makes(person, desk)
    names = team_names(db, {*reads, *makes})
    here = {row.place: row for row in kinds[NOTE] if row.view_sha256 == view}
    return Views(
        desk=desk,
        query=query,
        named=named,
        since=last_seen.since(kept, now, poll=poll) if named else None,
        saved=saved,
        notes=[_note(place, here.get(place), names[place], place in acts) for place in reads],
        makes=[(place, names[place]) for place in makes],
        person_id=person.id,
    )


def _note_seen(person_id: int, desk: str, view: str, kept: Seen | None, now: datetime) -> None:
    """Records that the list was seen."""
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return
    if not last_seen.is_due(kept, now):
        return
    side_note(lambda own: last_seen.write(own, person_id, desk, view, now))


def _news(notes: Iterable[_Part], seen: Mapping[str, Seen], person_id: int) -> set[str]:
    """The lists on which another user left a note since this person last saw them."""
    return {
        row.view_sha256
        for row in notes
        if row.text and row.who_id != person_id
        if (last := seen.get(row.view_sha256)) is None or row.at > last.looked_at
    }


def _tabs(rows: Iterable[_Part], desk: str, query: str, news: set[str]) -> list[Tab]:
    """Saved views, the user's own first, then the teams'. Of two for this very list, one is lit."""
    ordered = sorted(rows, key=lambda row: (owners.is_team(row.place), row.place, row.position, row.id))
    tabs = []
    lit = False
    for row in ordered:
        current = not lit and row.query == query
        lit = lit or current
        tabs.append(
            Tab(
                id=row.id,
                label=row.text,
                url=list_url(desk, row.query),
                icon="users" if owners.is_team(row.place) else "bookmark",
                current=current,
                mark="a new note" if row.view_sha256 in news and not current else "",
            )
        )
    return tabs


def _note(place: str, row: _Part | None, team: str, writable: bool) -> Note:
    blank = Note(id=0, place=place, team=team, writable=writable)
    if row is None:
        return blank
    if not row.text:
        return replace(blank, id=row.id, version=row.version)
    return replace(blank, id=row.id, text=row.text, who=row.who, at=row.at, version=row.version)


def list_url(desk: str, query: str) -> str:
    """The address of a desk's list, or of the page that a view is of."""
    page = query_strings.page_of(query)
    pages = next(one.view_pages for one in desks() if one.name == desk) if page else {}
    if page in pages:
        query = query_strings.without_page(query)
    return url_for(pages.get(page, f"{desk}.list")) + (f"?{query}" if query else "")


def team_names(db: Db, places: Iterable[str]) -> dict[str, str]:
    """The names of teams. The only organization of a user needs no name of its own, and no query."""
    found = set(places)
    organizations = {place: id for place in found if (id := owners.organization_of(place)) is not None}
    names = {owners.STAFF: "the platform staff"} if owners.STAFF in found else {}
    if len(found) == 1:
        return names or dict.fromkeys(organizations, "the team")
    if organizations:
        wanted = {owners.of_organization(id): id for id in organizations.values()}
        rows = db.execute(
            select(Organization.id, Organization.name).where(Organization.id.in_(sorted(wanted.values())))
        ).all()
        names |= {owners.of_organization(row.id): row.name for row in rows}
    return names
