"""A desk as the rest of the app knows it. Each desk package declares one in its `desk.py`; app/desks.py lists them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from flask import Blueprint, current_app
from sqlalchemy import ColumnElement, Row, Select, select, union_all

from app.accounts.access import Me, Scope
from app.accounts.actions.addresses import Follower
from app.accounts.models import Organization, Person
from app.dashboard.documents.kinds import Kind
from app.dashboard.queue import Label
from app.dashboard.subjects import Subjects
from app.dashboard.undo.actions import Finalizer
from app.kernel.api.routing import Product
from app.kernel.changes.event_types import EventTypes
from app.kernel.db.backfills import Backfill
from app.kernel.db.engine import Database, Db
from app.kernel.outbox.outbox import Handler, Receipts
from app.kernel.text.search import Source
from app.kernel.web.visitors import VisitorPages

SHOWN = 12
"""Work items of one desk on the home page; its own list has the rest."""


class Link(NamedTuple):
    """One entry of the navigation."""

    label: str
    icon: str
    endpoint: str
    staff: bool = False
    """Whether only people of the operating company have it."""
    alike: tuple[str, ...] = ()
    """Further pages that are a part of it."""
    access: str = ""
    """Whose it is, where that is not everybody at the desk: a name in `roles.READERS`."""


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """One kind of work that waits: how much, how urgent, and the arguments of the list that holds it."""

    label: str
    count: int
    arguments: Mapping[str, str | int]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that is assigned to a user: its title, its state, and until or since when."""

    id: int | UUID
    title: str
    detail: str
    state: Label
    at: datetime | None
    clock: str
    """What `at` means, in a word: `starts`, `expires`, `since`."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One thing that a search found."""

    id: int | UUID
    organization_id: int
    title: str
    detail: str
    """What tells it apart from others of the same title."""
    organization: str
    state: Label
    clock: str
    """What `at` means, in a word or two."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One type of things of a desk that the search finds: the desk's own, or another (`Desk.further_searched`)."""

    subject: str
    title: str
    icon: str
    detail_endpoint: str
    source: Source
    """All of these things, for checking and rebuilding the search index."""
    results: Callable[[Db, Sequence[str], datetime], Sequence[SearchResult]]
    """The things of these ids that there are."""
    veiled: Callable[[Db, Me, Sequence[str], datetime], Collection[str]]
    """Those of these things whose name and particulars are kept from a user for now."""
    read_id: Callable[[str], str | None]
    """The id that a user typed, or None when the text is none."""
    label_of: Callable[[str], str] | None = None
    """What a veiled thing is called; without it a veiled thing is not found at all."""
    list_endpoint: str = ""
    list_arguments: Mapping[str, str] | None = None
    """What the address of its list needs to search everything by text; None where the list takes no text."""


class FirstStep(NamedTuple):
    """Something without which nothing can come in: what to do, the page where it is done, and whether it is."""

    label: str
    endpoint: str
    done: bool


class LoadDemo(Protocol):
    """Writes the demonstration data of a desk."""

    def __call__(
        self, db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime
    ) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What app, worker, commands, home, search, audit and messages need of one desk."""

    name: str
    """Its package, its blueprint, its address, and its name in app/accounts/roles.py."""
    title: str
    icon: str
    subject: str
    """The type of its things in events, messages, search and undo."""
    further_subjects: tuple[str, ...] = ()

    blueprints: tuple[Blueprint, ...]
    visitor_pages: tuple[VisitorPages, ...]
    """Its pages for people without an account."""
    product: Product
    """Its documented API."""
    load_demo: LoadDemo

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """Who delivers its own channels (jobs) of the outbox."""
    finalizers: Mapping[str, Finalizer] = field(default_factory=dict)
    """Who carries out its pending decisions."""
    documents: tuple[Kind, ...] = ()
    """The documents that the worker makes of its items."""
    receipts: Receipts | None = None
    """What its items keep of the results of their messages."""
    backfills: tuple[Backfill, ...] = ()
    """Values of existing rows that an upgrade makes anew, besides the search index."""
    sweeps: tuple[Callable[[], Callable[[Database, datetime], bool]], ...] = ()
    """Makes what the worker does for it besides deliveries (`wiring.Sweep`)."""
    follow_address: Follower | None = None
    """Gives its own copy of a person's address the new one."""
    measures: Callable[[Db, datetime], Iterable[tuple[str, str, float]]] | None = None
    """What monitoring should know of it: name, description and value (app/health.py)."""
    tidy: Callable[[Db, datetime], object] | None = None
    """Deletes what no longer matters, a portion at a time."""

    list_label: str
    """Its list in the navigation."""
    further_links: tuple[Link, ...] = ()
    view_pages: Mapping[str, str] = field(default_factory=dict)
    """Its pages besides the list whose filters can be saved as a view: their endpoints by what views call them."""
    waiting: Callable[[Db, Scope, datetime], int]
    """The one number beside its list."""
    waiting_tone: str = ""
    waiting_work: Callable[[Db, Me, Scope, datetime], Sequence[WaitingWork]]
    nothing_waits: str
    """The sentence on the home page when nothing waits."""
    work_items: Callable[[Db, Me, datetime], Sequence[WorkItem]]
    """What is assigned to a user and not finished, the most urgent first."""
    managed_today: Callable[[Db, Me, datetime], Sequence[WorkItem]] | None = None
    """What a user manages from an hour ago to the end of their day."""

    first_steps: Callable[[Db], Sequence[FirstStep]] = lambda db: ()
    """What staff administrators set up before it can work, besides organizations, people and keys."""

    search_source: Source
    """All its things, for checking and rebuilding the search index."""
    search_results: Callable[[Db, Sequence[str], datetime], Sequence[SearchResult]]
    """The things of these ids that there are."""
    veiled: Callable[[Db, Me, Sequence[str], datetime], Collection[str]] = lambda db, user, ids, now: ()
    """Those of these things whose name and particulars are kept from a user for now."""
    read_id: Callable[[str], str | None]
    """The id that a user typed, or None when the text is none."""
    search_arguments: Mapping[str, str] | None = None
    """What the address of its list needs to search everything by text; None where the list takes no text."""

    further_searched: tuple[Searched, ...] = ()
    """Its other things that the search finds."""

    events: EventTypes
    """Every kind of event of its things."""

    @property
    def searched(self) -> tuple[Searched, ...]:
        """Everything of this desk that the search finds, its own things first."""
        own = Searched(
            subject=self.subject,
            title=self.title,
            icon=self.icon,
            detail_endpoint=self.detail_endpoint,
            source=self.search_source,
            results=self.search_results,
            veiled=self.veiled,
            read_id=self.read_id,
            label_of=self.label_of,
            list_endpoint=self.list_endpoint,
            list_arguments=self.search_arguments,
        )
        return (own, *self.further_searched)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The types of everything that belongs to this desk."""
        return (self.subject, *self.further_subjects)

    def label_of(self, id: str) -> str:
        """What a thing is called whose name is kept from the user: `Prescreen 3f9a21`."""
        return f"{self.subject.capitalize()} {id.replace('-', '')[:6]}"

    @property
    def list_endpoint(self) -> str:
        return f"{self.name}.list"

    @property
    def detail_endpoint(self) -> str:
        return f"{self.name}.detail"


def desks() -> tuple[Desk, ...]:
    """The desks of the running app, for packages below app/desks.py."""
    found: tuple[Desk, ...] = current_app.extensions["desks"]
    return found


def receipts() -> dict[str, Receipts]:
    """What the items of each type of subject keep of their messages, in the running app."""
    return {desk.subject: desk.receipts for desk in desks() if desk.receipts}


def subjects() -> Subjects:
    """The desk that each type of subject belongs to, in the running app."""
    found: Subjects = current_app.extensions["subjects"]
    return found


def first_rows(db: Db, branches: Sequence[Select], *order: ColumnElement[Any]) -> Sequence[Row]:  # of any types
    """The first SHOWN rows of several ranges of one index, each of them read only as far as it can matter."""
    parts = [select(branch.order_by(*order).limit(SHOWN).subquery()) for branch in branches]
    merged = union_all(*parts).subquery()
    columns = [merged.c[str(column.key)] for column in order]
    return db.execute(select(merged).order_by(*columns).limit(SHOWN)).all()


def read_uuid(text: str) -> str | None:
    """A typed UUID as it is stored, or None."""
    try:
        return str(UUID(text.removeprefix("#").strip()))
    except ValueError:
        return None
