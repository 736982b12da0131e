"""Kinds of documents, as desks declare them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, NamedTuple, Protocol
from uuid import UUID

from app.dashboard.documents.models import Document
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Database, Db
from app.kernel.json_types import JsonObject
from app.kernel.store import Store

LIFETIME = timedelta(days=30)
"""How long a document is kept unless its kind says otherwise; it can be requested again."""


class CannotMake(Exception):
    """The document cannot be made, and trying again would not help by itself. The text is a sentence for the user."""


class File(NamedTuple):
    """A document as it was made. One that may be too large for the memory has no content: it is the open file `large`,
    which has no name in any folder, so that nothing of it is left once it is closed or its process is killed."""

    name: str
    mime: str
    content: bytes
    large: BinaryIO | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """What a document is made with: the row, where to read, and how to say how far it is."""

    document: Document
    database: Database
    store: Store
    progress: Callable[[str], None]

    @property
    def id(self) -> UUID:
        """The id of the item that it is about."""
        return UUID(self.document.subject_id)

    @property
    def options(self) -> JsonObject:
        return self.document.options


class Record(Protocol):
    """Writes an event of the item that a document is about, as its desk writes events."""

    def __call__(
        self,
        db: Db,
        event_type: EventType,
        document: Document,
        *,
        by: Actor,
        now: datetime,
        data: Mapping[str, object],
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of document.

    `make` runs in the worker, outside any transaction, perhaps twice: the same input should give the same bytes.
    `basis` says upon what the content depends besides the options (a version, the head of a chain): for the same basis
    the same document is given. `needs` names what in accounts/roles.py one must be allowed to look at to have one, and
    to change to have it made; `url` is the page of its item. `members` are files in a ZIP that can be downloaded by
    themselves, with their types.
    """

    name: str
    title: str
    subject_type: str
    make: Callable[[Making], File]
    basis: Callable[[Db, str, JsonObject], str]
    needs: str
    url: Callable[[Document], str]
    record: Record
    requested: EventType
    downloaded: EventType
    members: Mapping[str, str]
    lifetime: timedelta = LIFETIME
    settled: Callable[[Db, Document, str, datetime], None] | None = None
    """What else is kept once it is made: the SHA-256 of its file, for one."""


def by_name(kinds: Sequence[Kind]) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}
