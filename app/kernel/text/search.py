"""Full-text search, one index for all desks: SQLite FTS5, PostgreSQL tsvector with GIN, the same hits from both.

A desk returns the words of an item as a SearchDocument and indexes it in the transaction that changes the item. Entries
have their organization, so that hits of other organizations do not displace those of the reader's. The newest hits are
read, at most MOST, and ranked by the place of the words. Why the cost does not grow: docs/decisions/0013-search.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    DDL,
    BigInteger,
    Index,
    Integer,
    String,
    Text,
    TextualSelect,
    UniqueConstraint,
    delete,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.columns import Attribute
from app.kernel.db.engine import Base, Db
from app.kernel.db.prepared import Prepared
from app.kernel.text import normalization
from app.kernel.text.normalization import MARK, Term

MOST = 1000
"""Most hits that are read, the newest ones: `1,000+` means that there are more."""

BLOCK_BITS = (11, 13, 15, 17, 19, 21, 23)
"""PostgreSQL reads the whole list of a common word. So the newest block of entries is searched first, then one of four
times the size, and so on. Each entry is also indexed by its blocks: its id without so many of the last bits."""

FTS = "CREATE VIRTUAL TABLE search_index USING fts5(document, content='', detail=none, columnsize=0, tokenize='ascii')"


class SearchEntry(Base):
    """The folded words of one item. PostgreSQL indexes `document`; on SQLite search_index has it instead."""

    __tablename__ = "search_entries"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", name="uq_search_entries_subject"),
        Index(
            "ix_search_entries_document",
            "document",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(36))
    organization_id: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    rest: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


_CREATE_INDEX = DDL(FTS).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]  # SQLAlchemy's
event.listen(Base.metadata, "after_create", _CREATE_INDEX)


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """The search document of an item: the texts of its title, and the other texts by which it is found."""

    subject_type: str
    subject_id: str
    organization_id: int
    title: tuple[str | None, ...]
    rest: tuple[str | None, ...] = ()

    def folded(self) -> tuple[str, str]:
        """The tokens of the title and those of the rest alone, as they are stored."""
        title = normalization.tokens(*self.title)
        rest = [word for word in normalization.tokens(*self.rest) if word not in title]
        return " ".join(title), " ".join(rest)


class Source(NamedTuple):
    """All items of one desk: their keys, oldest first, and the documents of some of them."""

    # `Any`: each desk has keys of its own type.
    keys: Callable[[Db], Sequence[Any]]
    texts: Callable[[Db, Sequence[Any]], list[SearchDocument]]
    id: Attribute
    """The column of the keys."""
    subject_type: str

    def backfill(self) -> Backfill:
        """Indexes every item anew; a new VERSION of the words is a new backfill."""
        return Backfill(f"search.{self.subject_type}.{normalization.VERSION}", self._portion)

    def _portion(self, db: Db, position: str | None, size: int) -> Portion:
        after = [self.id > self.id.type.python_type(position)] if position else []
        ids = db.execute(select(self.id).where(*after).order_by(self.id).limit(size)).scalars().all()
        changed = sum(index(db, each) for each in (self.texts(db, ids) if ids else ()))
        return Portion(changed, str(ids[-1]) if len(ids) == size else None)


def document(organization_id: int, subject_type: str, title: str, rest: str) -> list[str]:
    """All tokens by which an entry is indexed."""
    marks = (f"{MARK}{subject_type}", f"{MARK}{subject_type}{organization_id}")
    return sorted((*marks, *normalization.prefixes(*title.split(), *rest.split())))


def vector(lexemes: Iterable[str], id: int | None = None) -> str:
    """The tokens as a tsvector literal; with the id of an entry also its blocks."""
    blocks = () if id is None else tuple(_block(bits, id >> bits) for bits in BLOCK_BITS)
    return " ".join(f"'{token}'" for token in (*lexemes, *blocks))


def _block(bits: int, number: int) -> str:
    return f"{MARK}#{bits}.{number}"


def _text(sql: str, *columns: str) -> TextualSelect:
    entry = SearchEntry.__table__.c
    return text(sql).columns(*(entry[name] for name in columns))


def _prepared(sql: str, *columns: str) -> Prepared[SearchEntry]:
    return Prepared(_text(sql, *columns))


_BLOCKS = ", ".join(f"'{MARK}#{bits}.' || (id >> {bits})" for bits in BLOCK_BITS)
_ADD = {
    "sqlite": _prepared(
        "INSERT INTO search_entries (subject_type, subject_id, organization_id, title, rest) "
        "VALUES (:subject_type, :subject_id, :organization_id, :title, :rest) RETURNING id",
        "id",
    ),
    "postgresql": _prepared(
        "INSERT INTO search_entries (id, subject_type, subject_id, organization_id, title, rest, document) "
        "SELECT id, :subject_type, :subject_id, :organization_id, :title, :rest, CAST(:document AS tsvector) || "
        f"array_to_tsvector(ARRAY[{_BLOCKS}]) "
        "FROM (SELECT nextval('search_entries_id_seq') AS id) AS new"
    ),
}
_INDEX = _prepared("INSERT INTO search_index (rowid, document) VALUES (:id, :document)")
_UNINDEX = _prepared("INSERT INTO search_index (search_index, rowid, document) VALUES ('delete', :id, :document)")
_KNOWN = _prepared(
    "SELECT id, organization_id, title, rest FROM search_entries "
    "WHERE subject_type = :subject_type AND subject_id = :subject_id",
    *("id", "organization_id", "title", "rest"),
)
_CHANGE = {
    "sqlite": _prepared("UPDATE search_entries SET title = :title, rest = :rest WHERE id = :id"),
    "postgresql": _prepared(
        "UPDATE search_entries SET title = :title, rest = :rest, document = CAST(:document AS tsvector) WHERE id = :id"
    ),
}


def add(db: Db, texts: SearchDocument) -> None:
    """Indexes a new item."""
    title, rest = texts.folded()
    lexemes = document(texts.organization_id, texts.subject_type, title, rest)
    values = {
        "subject_type": texts.subject_type,
        "subject_id": texts.subject_id,
        "organization_id": texts.organization_id,
        "title": title,
        "rest": rest,
    }
    if db.dialect == "postgresql":
        _ADD["postgresql"].run(db, {**values, "document": vector(lexemes)})
    else:
        id = _ADD["sqlite"].scalar(db, values)
        _INDEX.run(db, {"id": id, "document": " ".join(lexemes)})


def index(db: Db, texts: SearchDocument) -> bool:
    """Indexes an item as it is now; returns whether the index had to change."""
    known = _KNOWN.first(db, {"subject_type": texts.subject_type, "subject_id": texts.subject_id})
    if known is None:
        add(db, texts)
        return True
    title, rest = texts.folded()
    if (known.title, known.rest) == (title, rest):
        return False
    lexemes = document(texts.organization_id, texts.subject_type, title, rest)
    values = {"id": known.id, "title": title, "rest": rest}
    if db.dialect == "postgresql":
        _CHANGE["postgresql"].run(db, {**values, "document": vector(lexemes, known.id)})
    else:
        before = document(known.organization_id, texts.subject_type, known.title, known.rest)
        _UNINDEX.run(db, {"id": known.id, "document": " ".join(before)})
        _CHANGE["sqlite"].run(db, values)
        _INDEX.run(db, {"id": known.id, "document": " ".join(lexemes)})
    return True


def remove(db: Db, subject_type: str, subject_id: str) -> None:
    """Takes an item that is deleted out of the index."""
    known = _KNOWN.first(db, {"subject_type": subject_type, "subject_id": subject_id})
    if known is None:
        return
    if db.dialect == "sqlite":
        before = document(known.organization_id, subject_type, known.title, known.rest)
        _UNINDEX.run(db, {"id": known.id, "document": " ".join(before)})
    db.execute(delete(SearchEntry).where(SearchEntry.id == known.id))


# Searching -------------------------------------------------------------------------------------------------------


class Hit(NamedTuple):
    """One item found."""

    subject_type: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits, best first. `more` is whether there are others, older than these."""

    rows: list[Hit]
    more: bool


SearchScope = Mapping[str, frozenset[int] | None]
"""The items that may be found: organization ids by subject type, None for all organizations."""


def find(db: Db, scope: SearchScope, query: str, limit: int = MOST) -> Hits:
    """The newest `limit` items with every term of the query, best first, then newest."""
    terms = normalization.query_terms(query)
    found = _newest(db, scope, terms, limit)
    more = len(found) > limit
    best = sorted(found[:limit], key=itemgetter(0))  # which leaves the newer of two alike before the older
    return Hits([Hit(kind, id) for _, (_, kind, id, _, _) in best], more)


def ids(db: Db, subject_type: str, query: str, organizations: Iterable[int] | None, limit: int = MOST) -> list[str]:
    """The ids of the newest `limit` items of one subject type with every term of the query."""
    organization_ids = None if organizations is None else frozenset(organizations)
    return [hit.subject_id for hit in find(db, {subject_type: organization_ids}, query, limit).rows]


_TOP = _prepared("SELECT max(id) AS id FROM search_entries", "id")
_COLUMNS = "e.id, e.subject_type, e.subject_id, e.title, e.rest"


class _Row(NamedTuple):
    """The columns of an entry, in the order of _COLUMNS."""

    id: int
    subject_type: str
    subject_id: str
    title: str
    rest: str


_SQLITE = Prepared(
    _text(
        f"SELECT {_COLUMNS} FROM (SELECT rowid AS id FROM search_index WHERE search_index MATCH :query "
        "ORDER BY rowid DESC LIMIT :most) AS found CROSS JOIN search_entries e ON e.id = found.id",
        *_Row._fields,
    ),
    _Row,
)
# Not by the primary key's order: the planner would walk that and look at every entry.
_POSTGRESQL = Prepared(
    _text(
        f"SELECT {_COLUMNS} FROM search_entries e WHERE e.document @@ CAST(:query AS tsquery) "
        "ORDER BY e.id + 0 DESC LIMIT :most",
        *_Row._fields,
    ),
    _Row,
)


COMPARED = 4 * MOST
"""Hits that are read for a word between two prefix lengths, where only comparing the words decides."""


def _newest(db: Db, scope: SearchScope, terms: tuple[Term, ...], limit: int) -> list[tuple[int, _Row]]:
    """The newest hits with their rank (lower is better), one more than `limit` when there are more."""
    owners = sorted(
        f"{MARK}{kind}{organization}"
        for kind, organizations in scope.items()
        for organization in ([""] if organizations is None else sorted(organizations))
    )
    if not owners or not terms:
        return []
    rank = normalization.ranking(terms)
    for most in (limit + 1, COMPARED):
        if db.dialect == "sqlite":
            rows = _SQLITE.all(db, {"query": _query(owners, terms, '"', " OR ", " AND "), "most": most})
        else:
            rows = _from_blocks(db, _query(owners, terms, "'", "|", "&"), most)
        scored = [(rank(row.title, row.rest), row) for row in rows]
        hits = [(score, row) for score, row in scored if score is not None]
        if len(hits) == len(rows) or len(hits) > limit or len(rows) < most:
            break
    return hits[: limit + 1]


def _query(owners: Sequence[str], terms: Sequence[Term], quote: str, either: str, both: str) -> str:
    """The query in the syntax of FTS5 or as a tsquery, which differ in the quotes and in how they say or and and."""
    parts = [either.join(f"{quote}{owner}{quote}" for owner in owners)]
    for term in terms:
        variants = (
            "(" + both.join(f"{quote}{normalization.longest_prefix(word)}{quote}" for word in variant) + ")"
            for variant in term.variants
        )
        parts.append(either.join(variants))
    return both.join(f"({part})" for part in parts)


def _from_blocks(db: Db, query: str, most: int) -> list[_Row]:
    """The newest hits: from the newest block when it has enough, else from larger ones, at last from all entries.

    Where a block suggests few hits in all, the next size is left out. Not all of them: thousands of items that were
    imported lately may lack a word that half of the older ones have, whose list takes a third of a second to read. And
    a block suggests one hit more than it has: none among two thousand says little about millions.
    """
    newest = _TOP.scalar(db) or 0
    sizes = iter(BLOCK_BITS)
    for bits in sizes:
        last = newest >> bits
        if last < 2:
            break
        among = f"'{_block(bits, last)}'|'{_block(bits, last - 1)}'"
        rows = _POSTGRESQL.all(db, {"query": f"{query}&({among})", "most": most})
        searched = newest - ((last - 1) << bits)
        if len(rows) >= most:
            return rows
        if (len(rows) + 1) * newest <= searched * most:
            next(sizes, None)
    return _POSTGRESQL.all(db, {"query": query, "most": most})


# Checking and rebuilding --------------------------------------------------------------------------------------------

PORTION = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """An item whose entry in the index is not up to date."""

    subject_type: str
    subject_id: str
    what: str


def differences(db: Db, sources: Iterable[Source]) -> list[Difference]:
    """Compares the index with all items. Slow by nature: for operators and tests, not for pages."""
    found: list[Difference] = []
    items = 0
    for texts in _all_documents(db, sources):
        items += 1
        title, rest = texts.folded()
        known = _KNOWN.first(db, {"subject_type": texts.subject_type, "subject_id": texts.subject_id})
        what = None
        if known is None:
            what = "missing"
        elif (known.organization_id, known.title, known.rest) != (texts.organization_id, title, rest):
            what = "other words"
        else:
            expected = document(known.organization_id, texts.subject_type, title, rest)
            if not _indexed(db, known.id, expected):
                what = "not indexed by its words"
        if what:
            found.append(Difference(texts.subject_type, texts.subject_id, what))
    entries = db.execute(select(func.count(SearchEntry.id))).scalar_one()
    if not found and entries != items:
        found.append(Difference("search", str(entries), f"{items} items, {entries} entries"))
    return found


def _indexed(db: Db, id: int, lexemes: Sequence[str]) -> bool:
    if db.dialect == "postgresql":
        same = text("SELECT document = CAST(:document AS tsvector) FROM search_entries WHERE id = :id")
        return bool(db.execute(same, {"id": id, "document": vector(lexemes, id)}).scalar())
    query = " AND ".join(f'"{token}"' for token in lexemes)
    indexed = text("SELECT 1 FROM search_index WHERE search_index MATCH :query AND rowid = :id")
    return db.execute(indexed, {"id": id, "query": query}).first() is not None


def rebuild(db: Db, sources: Iterable[Source]) -> int:
    """Deletes the index and builds it from all items, in one transaction; returns their number."""
    if db.dialect == "sqlite":
        db.execute(text("INSERT INTO search_index (search_index) VALUES ('delete-all')"))
    db.execute(text("DELETE FROM search_entries"))
    n = 0
    for texts in _all_documents(db, sources):
        add(db, texts)
        n += 1
    return n


def drop_remains(db: Db) -> None:
    """Merges SQLite's index into one piece, without the words of entries that changed or went since. PostgreSQL does
    that with VACUUM."""
    if db.dialect == "sqlite":
        db.execute(text("INSERT INTO search_index (search_index) VALUES ('optimize')"))


def _all_documents(db: Db, sources: Iterable[Source]) -> Iterator[SearchDocument]:
    for source in sources:
        keys = source.keys(db)
        for start in range(0, len(keys), PORTION):
            yield from source.texts(db, keys[start : start + PORTION])
