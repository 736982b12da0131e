"""Statements that are built once: compiled once, then handed to the driver on the connection of the session.

SQLAlchemy's compiler writes the statement and its types convert the values, as ever; what is left out is the work
around each execution, which costs more than these statements themselves. While somebody listens to what the engine is
asked, a statement takes SQLAlchemy's way, with the same rows. `Any` is what the driver takes and gives.
"""

import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import (
    BindParameter,
    Column,
    CompoundSelect,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Insert,
    Select,
    TextualSelect,
    Update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TupleType

if TYPE_CHECKING:
    from app.kernel.db.engine import Db

R = TypeVar("R")
Processor = Callable[[Any], Any]  # between a value of the driver and one of a column's type
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | TextualSelect | Insert | Update | Delete
"""Of any columns. An INSERT without values has those columns that are given, as ever."""
Given = Mapping[str, object]
NOTHING: Given = MappingProxyType({})


class Kept:
    """The reading sessions of an engine that threads keep, one a thread, each on a connection that stays open."""

    def __init__(self, engine: Engine, open_session: Callable[[Connection], "Db"]) -> None:
        self.dialect = engine.dialect
        self._engine, self._open = engine, open_session
        self._of_thread = threading.local()
        self._all: WeakSet[Db] = WeakSet()
        self._generation = 0

    def lend(self) -> "Db | None":
        """This thread's session, until it is closed; None while it is lent already."""
        session: Db | None = getattr(self._of_thread, "session", None)
        if session is not None and session.lent:
            return None
        if session is None or session.generation != self._generation or self._ended(session):
            if session is not None:
                self._drop(session)
            connection = self._engine.connect()
            session = self._of_thread.session = self._open(connection)
            session.kept, session.connected, session.generation = self, connection, self._generation
            self._all.add(session)
        session.lent = True
        return session

    def take_back(self, session: "Db") -> None:
        """Ends the loan. A connection that was to close meanwhile closes now: nobody would do it later."""
        session.lent = False
        if session.generation != self._generation:
            self._drop(session)

    def _drop(self, session: "Db") -> None:
        if session.connected is not None and not session.connected.closed:
            session.connected.invalidate()
            session.connected.close()

    def _ended(self, session: "Db") -> bool:
        """Whether the server ended the connection while nobody read: then it has something unasked to say."""
        connection = session.connected
        if connection is None or connection.closed or connection.invalidated:
            return True
        # Of PostgreSQL's connections alone; its driver is not imported on SQLite.
        return bool(getattr(connection.connection.dbapi_connection, "ended", False))

    def leave(self, connection: Connection, error: Exception) -> None:
        """Closes a connection that the error says is broken, and the others of this engine before their next use."""
        if self.dialect.is_disconnect(error, connection.connection.dbapi_connection, None):  # type: ignore[arg-type]  # as SQLAlchemy calls it
            self._generation += 1
            connection.invalidate(error)

    def close(self) -> None:
        """Gives all connections back; a thread that goes on reading opens its own anew."""
        self._generation += 1
        for session in list(self._all):
            if session.connected is not None and not session.connected.closed:
                session.connected.invalidate() if session.lent else session.connected.close()


class _Text:
    """A statement as one kind of database takes it, with lists of these lengths for what is `IN` them."""

    def __init__(self, compiled: SQLCompiler, statement: Statement, lengths: Mapping[str, int]) -> None:
        binds, dialect = compiled.binds, compiled.dialect
        empty = {key: (None,) * length for key, length in lengths.items()}
        state = compiled.construct_expanded_state({bind.key: empty.get(bind.key) for bind in binds.values()})
        self.sql = state.statement
        sources: dict[str, tuple[BindParameter[object], int | None]] = {
            name: (bind, None) for name, bind in binds.items()
        }
        for name, parts in state.parameter_expansion.items():
            sources |= {part: (binds[name], at) for at, part in enumerate(parts)}
        self._defaults = {column.key: _default(column) for column in compiled.prefetch}
        """Of columns that the caller does not name."""
        self._binds = tuple(
            (bind.key, at, None if bind.required else bind, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for bind, at in map(sources.__getitem__, state.positiontup or ())
        )
        self.kinds = tuple(column.type.dialect_impl(dialect) for column in statement.exported_columns)
        self._dialect = dialect
        self._processors: tuple[tuple[int, Processor], ...] | None = None

    def values(self, given: Given) -> Sequence[object]:
        """The values as the driver takes them, in the order of their numbers or marks."""
        if self._defaults:
            given = {**self._defaults, **given}
        found: list[Any] = []
        for key, at, default, process in self._binds:
            value: Any = given[key] if default is None or key in given else default.effective_value
            if at is not None:
                value = value[at]
            found.append(value if process is None else process(value))
        return found

    def read(self, rows: Sequence[Sequence[object]], cursor: Any) -> Iterable[Any]:  # any driver's
        """The rows with values of the columns' types."""
        if self._processors is None:
            description = cursor.description  # which psycopg makes anew whenever it is asked
            made = (
                (at, kind.result_processor(self._dialect, description[at][1])) for at, kind in enumerate(self.kinds)
            )
            self._processors = tuple((at, process) for at, process in made if process is not None)
        if not self._processors:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))
        for at, process in self._processors:
            columns[at] = map(process, columns[at])
        return zip(*columns, strict=True)


class _Answer(NamedTuple):
    """What the driver answered."""

    text: _Text
    rows: Sequence[Sequence[object]]
    cursor: Any  # any driver's


class Prepared(Generic[R]):
    """A statement, and the type of its rows: a NamedTuple, by default one of the columns' names.

    A list for `IN` is filled up to the next power of two with its last element, so that a handful of texts serve all.
    """

    def __init__(self, statement: Statement, row: type[R] | None = None) -> None:
        self.statement = statement
        # A type that is only declared (a Protocol) has no instances of its own.
        self._make: Callable[[Any], R] = partial(cast(Any, tuple.__new__), row or _row_of(statement))
        self._writes = isinstance(statement, Insert | Update)
        self._compiled: dict[tuple[object, ...], tuple[SQLCompiler, tuple[BindParameter[object], ...]]] = {}
        self._texts: dict[tuple[object, ...], _Text] = {}

    def all(self, db: "Db", given: Given = NOTHING) -> list[R]:
        """Every row."""
        answer = self._asked(db, given)
        if answer is None:
            return list(map(self._make, self._executed(db, given)))
        text, rows, cursor = answer
        return list(map(self._make, text.read(rows, cursor))) if rows else []

    def run(self, db: "Db", given: Given = NOTHING) -> int:
        """Writes. Returns how many rows that were."""
        answer = self._asked(db, given)
        return self._executed(db, given).rowcount if answer is None else answer.cursor.rowcount

    def _asked(self, db: "Db", given: Given) -> _Answer | None:
        """What the driver answers; None where SQLAlchemy has to ask."""
        connection = db.connected or db.connection()
        if connection.engine.dispatch.before_cursor_execute:
            return None
        found = self._text(connection.dialect, given)
        if found is None:
            return None
        text, values = found
        try:
            driver = cast(Any, connection.connection.dbapi_connection)
            execute = driver.execute if connection.dialect.name == "sqlite" else driver.execute_numbered
            cursor = execute(text.sql, values)
            rows = cursor.fetchall() if text.kinds else ()
        except connection.dialect.loaded_dbapi.Error as error:
            if db.kept is None:
                # As of every other statement: named, and a connection that is broken closed.
                connection._handle_dbapi_exception(error, text.sql, None, None, None)
            db.kept.leave(connection, error)
            # Asked again: a new connection answers, or SQLAlchemy says what is wrong.
            return None
        return _Answer(text, rows, cursor)

    def _text(self, dialect: Dialect, given: Given) -> tuple[_Text, Sequence[object]] | None:
        """The text of this statement for these values, and the values as the driver takes them. None where a list is of
        pairs, each of which SQLAlchemy takes apart."""
        columns = tuple(given) if self._writes else ()
        text = self._texts.get((dialect.name, columns))
        if text is not None:
            return text, text.values(given)
        known = self._compiled.get((dialect.name, columns))
        if known is None:
            compiled = self.statement.compile(dialect=_numbered(dialect), column_keys=columns or None)
            lists = tuple(bind for bind in compiled.binds.values() if bind.expanding)
            known = self._compiled[dialect.name, columns] = compiled, lists
        compiled, lists = known
        if any(isinstance(bind.type, TupleType) for bind in lists):
            return None
        filled = {bind.key: _filled(cast(Iterable[object], given.get(bind.key, bind.value))) for bind in lists}
        # A statement without lists has one text, which is found above from then on.
        key = dialect.name, columns, *map(len, filled.values())
        text = self._texts.get(key)
        if text is None:
            lengths = {name: len(values) for name, values in filled.items()}
            text = self._texts[key] = _Text(compiled, self.statement, lengths)
        return text, text.values({**given, **filled})

    def _executed(self, db: "Db", given: Given) -> CursorResult[*tuple[object, ...]]:
        return db.connection().execute(self.statement, dict(given))

    def first(self, db: "Db", given: Given = NOTHING) -> R | None:
        """The first row, if there is one. The statement itself says that it wants no more."""
        return next(iter(self.all(db, given)), None)

    def scalar(self, db: "Db", given: Given = NOTHING) -> Any:  # of the column's type
        """The first value of the first row, or None."""
        row = cast(Sequence[object] | None, self.first(db, given))
        return None if row is None else row[0]


def _numbered(dialect: Dialect) -> Dialect:
    """The dialect with numbers for values instead of names, which the driver would look for at each execution."""
    if dialect.positional:
        return dialect
    numbered = copy(dialect)
    numbered.paramstyle, numbered.positional = "numeric_dollar", True
    numbered.identifier_preparer = numbered.preparer(numbered)
    return numbered


def _default(column: Column[object]) -> object:
    if isinstance(column.default, ScalarElementColumnDefault):
        return column.default.arg
    raise TypeError(f"{column} must be given: what it is otherwise is made anew for each row.")


def _filled(values: Iterable[object]) -> tuple[object, ...]:
    """A list, filled up to the next power of two with its last element."""
    found = tuple(values)
    missing = (1 << (len(found) - 1).bit_length()) - len(found) if found else 0
    return (*found, *(found[-1:] * missing))


def _row_of(statement: Statement) -> type:
    return namedtuple("Row", map(str, statement.exported_columns.keys()), rename=True)
