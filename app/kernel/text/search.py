"""One index of words for every desk: SQLite FTS5, PostgreSQL tsvector with GIN, the same finds from both.

A room says which words a thing has (`Texts`) and hands them over in the transaction that changes it. The index knows
whose each thing is, so that nobody's hits are drowned by those of other organizations. The newest hits are read, at
most MOST; they are ranked by where the words stand. Why the cost does not grow: docs/decisions/0013-search.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import DDL, BigInteger, Index, Integer, String, Text, UniqueConstraint, event, func, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Db
from app.kernel.text import normalization
from app.kernel.text.normalization import MARK, Term

MOST = 1000
"""Hits that are looked at, the newest: `1,000+` says that there are more."""

SHELVES = (11, 13, 15, 17, 19, 21, 23)
"""PostgreSQL reads a common word's whole list. So the newest entries are asked first, then four times as many, and so
on. Each entry is also indexed by the shelves it stands on: its id without the last so many bits."""

FTS = "CREATE VIRTUAL TABLE search_index USING fts5(document, content='', detail=none, columnsize=0, tokenize='ascii')"


class SearchEntry(Base):
    """The folded words of one thing. `document` is what PostgreSQL indexes; on SQLite search_index has it instead."""

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


_MAKE: Any = DDL(FTS).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]  # theirs
event.listen(Base.metadata, "after_create", _MAKE)


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What one thing is found by, as its room says it: what it is called, and everything else."""

    subject_type: str
    subject_id: str
    organization_id: int
    title: tuple[str | None, ...]
    rest: tuple[str | None, ...] = ()

    def folded(self) -> tuple[str, str]:
        """The words of the title and those only elsewhere, as they are kept."""
        title = normalization.tokens(*self.title)
        rest = [word for word in normalization.tokens(*self.rest) if word not in title]
        return " ".join(title), " ".join(rest)


class Source(NamedTuple):
    """How a room hands over everything it has: all keys, the oldest thing first; and the texts of some of them."""

    keys: Callable[[Db], Sequence[Any]]
    texts: Callable[[Db, Sequence[Any]], list[SearchDocument]]


def document(organization_id: int, subject_type: str, title: str, rest: str) -> list[str]:
    """Everything an entry is indexed by."""
    marks = (f"{MARK}{subject_type}", f"{MARK}{subject_type}{organization_id}")
    return sorted((*marks, *normalization.prefixes(*title.split(), *rest.split())))


def vector(lexemes: Iterable[str], id: int | None = None) -> str:
    """The same as a tsvector is written; with an entry's id also the shelves it stands on."""
    shelves = () if id is None else tuple(_shelf(bits, id >> bits) for bits in SHELVES)
    return " ".join(f"'{each}'" for each in (*lexemes, *shelves))


def _shelf(bits: int, number: int) -> str:
    return f"{MARK}#{bits}.{number}"


_STANDS_ON = ", ".join(f"'{MARK}#{bits}.' || (id >> {bits})" for bits in SHELVES)
_ADD = {
    "sqlite": text(
        "INSERT INTO search_entries (subject_type, subject_id, organization_id, title, rest) "
        "VALUES (:subject_type, :subject_id, :organization_id, :title, :rest) RETURNING id"
    ),
    "postgresql": text(
        "INSERT INTO search_entries (id, subject_type, subject_id, organization_id, title, rest, document) "
        "SELECT id, :subject_type, :subject_id, :organization_id, :title, :rest, CAST(:document AS tsvector) || "
        f"array_to_tsvector(ARRAY[{_STANDS_ON}]) "
        "FROM (SELECT nextval('search_entries_id_seq') AS id) AS new"
    ),
}
_INDEX = text("INSERT INTO search_index (rowid, document) VALUES (:id, :document)")
_UNINDEX = text("INSERT INTO search_index (search_index, rowid, document) VALUES ('delete', :id, :document)")
_KNOWN = text(
    "SELECT id, organization_id, title, rest FROM search_entries "
    "WHERE subject_type = :subject_type AND subject_id = :subject_id"
)
_CHANGE = {
    "sqlite": text("UPDATE search_entries SET title = :title, rest = :rest WHERE id = :id"),
    "postgresql": text(
        "UPDATE search_entries SET title = :title, rest = :rest, document = CAST(:document AS tsvector) WHERE id = :id"
    ),
}


def add(db: Db, texts: SearchDocument) -> None:
    """Indexes a thing that is new."""
    title, rest = texts.folded()
    lexemes = document(texts.organization_id, texts.subject_type, title, rest)
    facts = {
        "subject_type": texts.subject_type,
        "subject_id": texts.subject_id,
        "organization_id": texts.organization_id,
        "title": title,
        "rest": rest,
    }
    if db.dialect == "postgresql":
        db.execute(_ADD["postgresql"], {**facts, "document": vector(lexemes)})
    else:
        id = db.execute(_ADD["sqlite"], facts).scalar_one()
        db.execute(_INDEX, {"id": id, "document": " ".join(lexemes)})


def index(db: Db, texts: SearchDocument) -> bool:
    """Brings the index to what a thing says now; whether anything had to change."""
    known = db.execute(_KNOWN, {"subject_type": texts.subject_type, "subject_id": texts.subject_id}).one_or_none()
    if known is None:
        add(db, texts)
        return True
    title, rest = texts.folded()
    if (known.title, known.rest) == (title, rest):
        return False
    lexemes = document(texts.organization_id, texts.subject_type, title, rest)
    facts = {"id": known.id, "title": title, "rest": rest}
    if db.dialect == "postgresql":
        db.execute(_CHANGE["postgresql"], {**facts, "document": vector(lexemes, known.id)})
    else:
        before = document(known.organization_id, texts.subject_type, known.title, known.rest)
        db.execute(_UNINDEX, {"id": known.id, "document": " ".join(before)})
        db.execute(_CHANGE["sqlite"], facts)
        db.execute(_INDEX, {"id": known.id, "document": " ".join(lexemes)})
    return True


# Finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    subject_type: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found, the best first. `more`: there are further ones, older than these."""

    rows: list[Hit]
    more: bool


SearchScope = Mapping[str, frozenset[int] | None]
"""Whose things of which kind may be found: organizations, or None for everybody's."""


def find(db: Db, reach: SearchScope, typed: str, limit: int = MOST) -> Hits:
    """The newest `limit` things that have every word that was typed, the best answers first, then the newest."""
    terms = normalization.query_terms(typed)
    found = _newest(db, reach, terms, limit)
    more = len(found) > limit
    best = sorted(found[:limit], key=lambda each: (each[0], -each[1].id))
    return Hits([Hit(row.subject_type, row.subject_id) for _, row in best], more)


def ids(db: Db, subject_type: str, typed: str, organizations: Iterable[int] | None, limit: int = MOST) -> list[str]:
    """The ids of the newest `limit` things of one kind that have every word that was typed."""
    whose = None if organizations is None else frozenset(organizations)
    return [hit.subject_id for hit in find(db, {subject_type: whose}, typed, limit).rows]


_TOP = text("SELECT max(id) FROM search_entries")
_COLUMNS = "e.id, e.subject_type, e.subject_id, e.title, e.rest"
_SQLITE = text(
    f"SELECT {_COLUMNS} FROM (SELECT rowid AS id FROM search_index WHERE search_index MATCH :asked "
    "ORDER BY rowid DESC LIMIT :most) AS found CROSS JOIN search_entries e ON e.id = found.id"
)
# Not by the primary key's order: the planner would walk that and look at every entry.
_POSTGRESQL = text(
    f"SELECT {_COLUMNS} FROM search_entries e WHERE e.document @@ CAST(:asked AS tsquery) "
    "ORDER BY e.id + 0 DESC LIMIT :most"
)


COMPARED = 4 * MOST
"""So many of the newest are looked at for a word between two rungs, which only comparing can tell."""


def _newest(db: Db, reach: SearchScope, terms: tuple[Term, ...], limit: int) -> list[tuple[int, Any]]:
    """The newest hits, one more than `limit` when there are more, each with how well it answers (lower is better)."""
    whose = sorted(
        f"{MARK}{kind}{organization}"
        for kind, organizations in reach.items()
        for organization in ([""] if organizations is None else sorted(organizations))
    )
    if not whose or not terms:
        return []
    for most in (limit + 1, COMPARED):
        if db.dialect == "sqlite":
            rows = list(db.execute(_SQLITE, {"asked": _match(whose, terms), "most": most}))
        else:
            rows = _from_shelves(db, _query(whose, terms), most)
        scored = [(normalization.rank(terms, row.title.split(), row.rest.split()), row) for row in rows]
        found = [(score, row) for score, row in scored if score is not None]
        if len(found) == len(rows) or len(found) > limit or len(rows) < most:
            break
    return found[: limit + 1]


def _match(whose: Sequence[str], terms: Sequence[Term]) -> str:
    """A question in FTS5's words."""
    parts = [" OR ".join(f'"{each}"' for each in whose)]
    for term in terms:
        ways = (
            "(" + " AND ".join(f'"{normalization.longest_prefix(word)}"' for word in way) + ")" for way in term.ways
        )
        parts.append(" OR ".join(ways))
    return " AND ".join(f"({part})" for part in parts)


def _query(whose: Sequence[str], terms: Sequence[Term]) -> str:
    """The same question as a tsquery."""
    parts = ["|".join(f"'{each}'" for each in whose)]
    for term in terms:
        ways = ("(" + "&".join(f"'{normalization.longest_prefix(word)}'" for word in way) + ")" for way in term.ways)
        parts.append("|".join(ways))
    return "&".join(f"({part})" for part in parts)


def _from_shelves(db: Db, asked: str, most: int) -> list[Any]:
    """The newest hits: from the newest entries if those hold enough, else from more, at last from all.

    When the newest promise few hits in all, the rest is asked at once.
    """
    newest = db.execute(_TOP).scalar() or 0
    for bits in SHELVES:
        last = newest >> bits
        if last < 2:
            break
        among = f"'{_shelf(bits, last)}'|'{_shelf(bits, last - 1)}'"
        rows = list(db.execute(_POSTGRESQL, {"asked": f"{asked}&({among})", "most": most}))
        looked_at = newest - ((last - 1) << bits)
        if len(rows) >= most:
            return rows
        if len(rows) * newest <= looked_at * most:
            break
    return list(db.execute(_POSTGRESQL, {"asked": asked, "most": most}))


# Proving and building anew -----------------------------------------------------------------------------------------

PORTION = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing whose words the index does not have as they are now."""

    subject_type: str
    subject_id: str
    what: str


def differences(db: Db, sources: Iterable[Source]) -> list[Difference]:
    """Compares the index with everything there is. Slow by nature: for operators and tests, not for pages."""
    found: list[Difference] = []
    things = lexemes = 0
    for texts in _everything(db, sources):
        things += 1
        title, rest = texts.folded()
        known = db.execute(_KNOWN, {"subject_type": texts.subject_type, "subject_id": texts.subject_id}).one_or_none()
        what = None
        if known is None:
            what = "missing"
        elif (known.organization_id, known.title, known.rest) != (texts.organization_id, title, rest):
            what = "other words"
        else:
            expected = document(known.organization_id, texts.subject_type, title, rest)
            lexemes += len(expected)
            if not _indexed(db, known.id, expected):
                what = "not indexed by its words"
        if what:
            found.append(Difference(texts.subject_type, texts.subject_id, what))
    kept = db.execute(select(func.count()).select_from(SearchEntry.__table__)).scalar_one()
    if not found and kept != things:
        found.append(Difference("search", str(kept), f"{things} things, {kept} entries"))
    return found


def _indexed(db: Db, id: int, lexemes: Sequence[str]) -> bool:
    if db.dialect == "postgresql":
        same = text("SELECT document = CAST(:document AS tsvector) FROM search_entries WHERE id = :id")
        return bool(db.execute(same, {"id": id, "document": vector(lexemes, id)}).scalar())
    asked = " AND ".join(f'"{each}"' for each in lexemes)
    there = text("SELECT 1 FROM search_index WHERE search_index MATCH :asked AND rowid = :id")
    return db.execute(there, {"id": id, "asked": asked}).first() is not None


def rebuild(db: Db, sources: Iterable[Source]) -> int:
    """Forgets the index and builds it from everything there is, in one transaction; returns how many things it has."""
    if db.dialect == "sqlite":
        db.execute(text("INSERT INTO search_index (search_index) VALUES ('delete-all')"))
    db.execute(text("DELETE FROM search_entries"))
    n = 0
    for texts in _everything(db, sources):
        add(db, texts)
        n += 1
    return n


def _everything(db: Db, sources: Iterable[Source]) -> Iterator[SearchDocument]:
    for source in sources:
        keys = source.keys(db)
        for start in range(0, len(keys), PORTION):
            yield from source.texts(db, keys[start : start + PORTION])
